import System

/// The algorithm `panels`: convolution by its definition as products of panels, for any filter, stride and padding.
///
/// Forward, the rows of patches of a band of output pixels are multiplied with the filters. The input gradient of
/// stride s is s² such products with the output's gradient, one for each residue of the input's row and column: only
/// the taps that meet the residue count, so that nothing is multiplied by the zeros between spread gradients. The
/// filters' gradient is the product of the transposed rows with the output's gradient, a panel of rows at a time, so
/// that no sum leaves the cache while its terms go by.
///
/// Patches are written by the member that multiplies them, into memory of its own. A sum over pixels is cut into bands
/// by the shape, a sum under the filter into chunks: no bit depends on the team.
struct PanelConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  /// The output's pixels over the input.
  private let grid: PatchGrid
  private let forwardFilters: PanelFilters
  private let residues: [Residue]

  /// The input's pixels whose row and column leave the same remainders on division by the stride.
  private struct Residue: Sendable {
    /// The first of them.
    let row: Int
    let column: Int
    /// The pixels over the output's gradient.
    let grid: PatchGrid
    let filters: PanelFilters
    /// The place of the filters among those of all residues.
    let filtersStart: Int
    /// The row and column under the filter of the grid's first tap; the next ones lie a stride before it.
    let tapRow: Int
    let tapColumn: Int
  }

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    grid = PatchGrid(
      source: shape.input, rows: shape.outputHeight, columns: shape.outputWidth, step: shape.stride,
      tapRows: shape.kernel, tapColumns: shape.kernel, firstRow: -shape.padding, firstColumn: -shape.padding)
    forwardFilters = PanelFilters(innerPanels: grid.panels, outerPanels: Self.panels(shape.output))
    residues = Self.residues(shape)
  }

  private static func panels(_ extents: BlockedExtents) -> Int { extents.blocks.dividedUp(by: 2) }

  /// Input row y meets tap r of output row q − t where y + padding = stride·q + a and r = a + stride·t, 0 ≤ a < stride.
  private static func residues(_ shape: ConvolutionShape) -> [Residue] {
    /// The taps t that there are, the first q, and a.
    func taps(_ first: Int) -> (count: Int, output: Int, remainder: Int) {
      let (output, remainder) = (first + shape.padding).quotientAndRemainder(dividingBy: shape.stride)
      return (max(0, shape.kernel - remainder).dividedUp(by: shape.stride), output, remainder)
    }
    var residues: [Residue] = []
    var filtersStart = 0
    for row in 0..<min(shape.stride, shape.height) {
      for column in 0..<min(shape.stride, shape.width) {
        let (vertical, horizontal) = (taps(row), taps(column))
        let grid = PatchGrid(
          source: shape.output, rows: (shape.height - row).dividedUp(by: shape.stride),
          columns: (shape.width - column).dividedUp(by: shape.stride), step: 1, tapRows: vertical.count,
          tapColumns: horizontal.count, firstRow: vertical.output - vertical.count + 1,
          firstColumn: horizontal.output - horizontal.count + 1)
        let filters = PanelFilters(innerPanels: grid.panels, outerPanels: panels(shape.input))
        residues.append(
          Residue(
            row: row, column: column, grid: grid, filters: filters, filtersStart: filtersStart,
            tapRow: vertical.remainder + shape.stride * (vertical.count - 1),
            tapColumn: horizontal.remainder + shape.stride * (horizontal.count - 1)))
        filtersStart += filters.count
      }
    }
    return residues
  }

  var inputCount: Int { shape.input.count }
  private var inputPanels: Int { Self.panels(shape.input) }
  private var filterPanels: Int { Self.panels(shape.output) }
  private var filterLanes: Int { shape.output.blocks * blockWidth }
  private var taps: Int { shape.kernel * shape.kernel }

  // MARK: - Filters

  func filterCount(_ use: FilterUse) -> Int {
    use == .forward ? forwardFilters.count : residues.reduce(0) { $0 + $1.filters.count }
  }

  /// The number of panels of outputs, of either pass.
  var filterPieces: Int { max(inputPanels, filterPanels) }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    switch use {
    case .forward:
      guard piece < filterPanels else { return }
      forwardFilters.clear(outerPanel: piece, filters)
      for block in 0..<shape.input.blocks {
        for tap in 0..<taps {
          let target =
            filters + forwardFilters.place(unit: tap * shape.input.blocks + block, outerPanel: piece)
          let channels = lanes(ofBlock: block, shape.channels)
          for filter in lanes(ofPanel: piece, shape.filters) {
            copy(
              channels.count, weights + ((filter * shape.channels + channels.lowerBound) * taps + tap), step: taps,
              to: target + filter % PanelProduct.width, step: PanelProduct.width)
          }
        }
      }
    case .backward:
      guard piece < inputPanels else { return }
      for residue in residues { transformFilters(weights, residue, piece, into: filters + residue.filtersStart) }
    }
  }

  private func transformFilters(
    _ weights: UnsafePointer<Float>, _ residue: Residue, _ piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    residue.filters.clear(outerPanel: piece, filters)
    for block in 0..<shape.output.blocks {
      for r in 0..<residue.grid.tapRows {
        for s in 0..<residue.grid.tapColumns {
          let unit = (r * residue.grid.tapColumns + s) * shape.output.blocks + block
          let target = filters + residue.filters.place(unit: unit, outerPanel: piece)
          let tap =
            (residue.tapRow - r * shape.stride) * shape.kernel + residue.tapColumn - s * shape.stride
          let channels = lanes(ofPanel: piece, shape.channels)
          for filter in lanes(ofBlock: block, shape.filters) {
            copy(
              channels.count, weights + ((filter * shape.channels + channels.lowerBound) * taps + tap), step: taps,
              to: target + filter % blockWidth * PanelProduct.width, step: 1)
          }
        }
      }
    }
  }

  /// Copies values from places some steps apart to places some steps apart.
  @inline(__always)
  private func copy(
    _ count: Int, _ from: UnsafePointer<Float>, step fromStep: Int, to: UnsafeMutablePointer<Float>, step toStep: Int
  ) {
    var index = 0
    while index < count {
      to[index &* toStep] = from[index &* fromStep]
      index &+= 1
    }
  }

  private func lanes(ofPanel panel: Int, _ count: Int) -> Range<Int> {
    panel * PanelProduct.width..<min((panel + 1) * PanelProduct.width, count)
  }

  private func lanes(ofBlock block: Int, _ count: Int) -> Range<Int> {
    block * blockWidth..<min((block + 1) * blockWidth, count)
  }

  // MARK: - Cuts

  /// The number of pixels of a band: a multiple of the product's 14 rows.
  private static var bandPixels: Int { 196 }

  // Sums over pixels go through bands: parts of an image, or several images where maps are small.
  private var bandImages: Int { max(1, Self.bandPixels / grid.pixels) }
  private var imageBands: Int { grid.pixels.dividedUp(by: Self.bandPixels) }
  private func bands(_ images: Int) -> Int { images.dividedUp(by: bandImages) * imageBands }

  /// The pixels of a band, counted through all images.
  private func band(_ number: Int, images: Int) -> Range<Int> {
    let (group, place) = number.quotientAndRemainder(dividingBy: imageBands)
    let start = group * bandImages * grid.pixels + place * Self.bandPixels
    return start..<min(start + Self.bandPixels, min((group + 1) * bandImages, images) * grid.pixels)
  }

  /// The division of a grid's products, over all images, into bands of pixels and groups of panels of outputs.
  ///
  /// Each piece writes its patches itself, which many panels of outputs make worth it: a team cuts bands first.
  private struct Cut {
    private let pixels: Int
    private let panels: Int
    private let units: Int
    private let bands: Int
    private let groups: Int

    /// The number of pixels of a unit, the product's rows.
    private static var unit: Int { 14 }

    init(pixels: Int, panels: Int, members: Int) {
      (self.pixels, self.panels) = (pixels, panels)
      units = pixels.dividedUp(by: Self.unit)
      let most = PanelConvolution.bandPixels / Self.unit
      let whole = units.dividedUp(by: most)
      bands = whole * evenParts(ofEach: whole, units: max(1, min(units, most) / 2), members: members)
      groups = evenParts(ofEach: bands, units: panels, members: members)
    }

    var pieces: Int { bands * groups }

    /// The largest part over the mean.
    var unevenness: Double {
      pieces == 0
        ? 1 : Kernels.unevenness(units: units, parts: bands) * Kernels.unevenness(units: panels, parts: groups)
    }

    func part(_ piece: Int) -> (band: Range<Int>, panels: Range<Int>) {
      let (band, group) = piece.quotientAndRemainder(dividingBy: groups)
      let rows = (0..<units).part(band, of: bands)
      return (
        rows.lowerBound * Self.unit..<min(rows.upperBound * Self.unit, pixels), (0..<panels).part(group, of: groups)
      )
    }
  }

  /// The number of sums over bands that make up the filters' gradient: enough for a team even where filters are few.
  private func sumParts(images: Int) -> Int {
    max(1, min(bands(images), 32 / (grid.panels * filterPanels)))
  }

  /// The number of images whose gradients lie as rows of panels at the same time: those of whole bands.
  private func imagesAtOnce(_ images: Int, members: Int) -> Int {
    min(images, max(members, (1 << 20) / gradientFloats).dividedUp(by: bandImages) * bandImages)
  }

  // MARK: - Memory

  /// The number of floats of an image's gradient as rows of panels.
  private var gradientFloats: Int { filterPanels * gradientRows }
  private var gradientRows: Int { grid.pixels * PanelProduct.width }

  /// The memory of a pass.
  private struct Workspace {
    /// The output's gradients of some images as rows, [panel][image][pixel][32].
    let gradients: UnsafeMutablePointer<Float>
    /// The filters' gradient, [part of the sum][panel of filters][place under the filter][32].
    let dFilters: UnsafeMutablePointer<Float>
    /// The sums of bias and slopes of each image.
    let sums: UnsafeMutablePointer<Float>
    /// The member's own rows of patches and their outputs.
    let rows: UnsafeMutablePointer<Float>
    let outputs: UnsafeMutablePointer<Float>
    /// The number of floats in all.
    let count: Int

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ own: PanelConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int, index: Int) {
      let grids = [own.grid] + own.residues.map(\.grid)
      let mostPanels = grids.map { PanelFilters.panels(ofChunks: $0.panels) }.max()!
      let mostPixels = min(PanelConvolution.bandPixels, images * grids.map(\.pixels).max()!)
      let rowFloats = mostPanels * mostPixels * PanelProduct.width
      let outputFloats = max(own.inputPanels, own.filterPanels) * mostPixels * PanelProduct.width
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      gradients = base
      dFilters = gradients + own.imagesAtOnce(images, members: members) * own.gradientFloats
      sums = dFilters + own.sumParts(images: images) * own.forwardFilters.count
      let members = members * (rowFloats + outputFloats)
      let ownStart = sums + images * 2 * own.filterLanes
      rows = ownStart + index * (rowFloats + outputFloats)
      outputs = rows + rowFloats
      count = ownStart - base + members
    }
  }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members, index: 0).count
  }

  private func workspace(_ pass: ConvolutionPass) -> Workspace {
    Workspace(self, pass.scratch, images: pass.images, members: pass.team.count, index: pass.team.index)
  }

  // MARK: - Passes

  /// The number of floats above which the next layer would not find a map in the cache: it is written past the cache.
  private static var largeMap: Int { 2 << 20 }

  /// Computes a part of a grid's products with the filters into the member's own memory, [panel][pixel][32].
  private func multiply(
    _ grid: PatchGrid, of map: PendingMap, _ part: (band: Range<Int>, panels: Range<Int>), _ layout: PanelFilters,
    _ filters: UnsafePointer<Float>, _ work: Workspace
  ) {
    let count = part.band.count
    if layout.chunks == 0 {
      work.outputs.update(repeating: 0, count: layout.outerPanels * count * PanelProduct.width)
    }
    for number in 0..<layout.chunks {
      let chunk = layout.chunk(number)
      for panel in chunk {
        grid.write(
          panel, part.band, of: map,
          into: work.rows + (panel - chunk.lowerBound) * count * PanelProduct.width)
      }
      PanelProduct(
        rows: count, innerPanels: chunk.count, work.rows, filters + layout.start(ofChunk: number),
        into: work.outputs, nextA: work.rows, accumulates: number > 0
      ).multiply(0..<count, panels: part.panels)
    }
  }

  func forward(_ pass: ConvolutionPass) {
    let work = workspace(pass)
    let isLarge = pass.images * shape.output.count > Self.largeMap
    let streams = isLarge && UInt(bitPattern: pass.output) % 64 == 0
    let cut = Cut(pixels: pass.images * grid.pixels, panels: filterPanels, members: pass.team.count)
    pass.team.share(cut.pieces, as: "outputs") { piece in
      let part = cut.part(piece)
      multiply(grid, of: pass.input, part, forwardFilters, pass.parameters.filters, work)
      for block in 2 * part.panels.lowerBound..<min(2 * part.panels.upperBound, shape.output.blocks) {
        let added = load(pass.parameters.bias + block * blockWidth)
        var from = outputs(work, block, part.band)
        forEachRun(part.band, of: grid.pixels) { image, pixels in
          let to =
            pass.output
            + (image * shape.output.count + block * shape.output.planeCount + pixels.lowerBound * blockWidth)
          var pixel = 0
          if streams {
            while pixel < pixels.count {
              stream(load(from + pixel &* PanelProduct.width) + added, to + pixel &* blockWidth)
              pixel &+= 1
            }
          } else {
            while pixel < pixels.count {
              store(load(from + pixel &* PanelProduct.width) + added, to + pixel &* blockWidth)
              pixel &+= 1
            }
          }
          from += pixels.count &* PanelProduct.width
        }
      }
    }
  }

  /// Calls `body(number, part)` for the images, or the rows, of `length` pixels that a band goes through.
  @inline(__always)
  private func forEachRun(_ band: Range<Int>, of length: Int, _ body: (_ number: Int, _ part: Range<Int>) -> Void) {
    var place = band.lowerBound
    while place < band.upperBound {
      let (number, first) = place.quotientAndRemainder(dividingBy: length)
      let end = min(length, first + band.upperBound - place)
      body(number, first..<end)
      place += end - first
    }
  }

  /// The outputs of a block in the member's own memory.
  private func outputs(_ work: Workspace, _ block: Int, _ band: Range<Int>) -> UnsafeMutablePointer<Float> {
    work.outputs + block / 2 * band.count * PanelProduct.width + block % 2 * blockWidth
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let (team, work) = (pass.team, workspace(pass))
    let most = max(imagesAtOnce(pass.images, members: team.count), 1)
    for first in stride(from: 0, to: pass.images, by: most) {
      let images = first..<min(first + most, pass.images)
      team.share(images.count * 2 * filterPanels, as: "output gradients") { place in
        let (number, block) = place.quotientAndRemainder(dividingBy: 2 * filterPanels)
        loadGradient(
          block, images.lowerBound + number, pass, gradients, sums: work.sums,
          into: work.gradients + block / 2 * images.count * gradientRows + number * gradientRows + block % 2
            * blockWidth)
      }
      team.wait()
      multiplyToFilters(images, pass, work)
      if let dInput = gradients.dInput {
        for residue in residues { multiplyToInput(residue, images, pass, gradients.dOutput, into: dInput, work) }
      }
      team.wait()
    }
    let parts = pass.images == 0 ? 0 : sumParts(images: pass.images)
    team.share(shape.output.blocks * shape.input.blocks, as: "filters in their order") {
      gather($0, parts: parts, work, into: gradients.dWeights)
    }
    team.share(shape.output.blocks, as: "sums of bias and slopes") { block in
      gradients.addImages(pass.images, work.sums, shape.output, block: block)
    }
  }

  /// Turns a block of the output's gradient into that before the activation, and writes it as rows of panels too.
  private func loadGradient(
    _ block: Int, _ image: Int, _ pass: ConvolutionPass, _ gradients: ConvolutionGradients,
    sums: UnsafeMutablePointer<Float>, into to: UnsafeMutablePointer<Float>
  ) {
    var pixel = 0
    guard block < shape.output.blocks else {
      while pixel < grid.pixels {
        store(.zero, to + pixel &* PanelProduct.width)
        pixel &+= 1
      }
      return
    }
    let dY = gradients.dOutput + image * shape.output.count
    let own = sums + image * 2 * filterLanes
    activationGradient(
      gradient: dY,
      PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes), shape.output,
      block: block, dBias: own, dSlopes: own + filterLanes)
    let from = dY + block * shape.output.planeCount
    while pixel < grid.pixels {
      store(load(from + pixel &* blockWidth), to + pixel &* PanelProduct.width)
      pixel &+= 1
    }
  }

  /// Adds these images' part of the filters' gradient. A piece is a panel of places under the filter, for some panels
  /// of filters and the bands of one part of the sum.
  private func multiplyToFilters(_ images: Range<Int>, _ pass: ConvolutionPass, _ work: Workspace) {
    let parts = sumParts(images: pass.images)
    let groups = evenParts(ofEach: parts * grid.panels, units: filterPanels, members: pass.team.count)
    pass.team.share(parts * grid.panels * groups, as: "filters' gradient") { piece in
      let (place, group) = piece.quotientAndRemainder(dividingBy: groups)
      let (part, panel) = place.quotientAndRemainder(dividingBy: grid.panels)
      let dFilters =
        work.dFilters + part * forwardFilters.count + panel * PanelProduct.width * PanelProduct.width
      let first = images.lowerBound / bandImages * imageBands
      for index in first..<bands(images.upperBound) where index % parts == part {
        let band = band(index, images: images.upperBound)
        grid.write(panel, band, of: pass.input, into: work.rows)
        let place = band.lowerBound - images.lowerBound * grid.pixels
        TransposedPanelProduct(
          rows: images.count * grid.pixels, innerPanels: grid.panels, work.rows,
          work.gradients + place * PanelProduct.width, into: dFilters, accumulates: index >= parts, nextA: work.rows
        ).multiply(
          0..<band.count, stripes: 0..<TransposedPanelProduct.stripesInPanel,
          outer: (0..<filterPanels).part(group, of: groups))
      }
    }
  }

  /// Writes the input's gradient at the pixels of a residue.
  private func multiplyToInput(
    _ residue: Residue, _ images: Range<Int>, _ pass: ConvolutionPass, _ dOutput: UnsafePointer<Float>,
    into dInput: UnsafeMutablePointer<Float>, _ work: Workspace
  ) {
    let grid = residue.grid
    let cut = Cut(pixels: images.count * grid.pixels, panels: inputPanels, members: pass.team.count)
    pass.team.share(cut.pieces, as: "input gradients") { piece in
      let part = cut.part(piece)
      multiply(
        grid, of: PendingMap(values: dOutput + images.lowerBound * shape.output.count), part, residue.filters,
        pass.parameters.filters + residue.filtersStart, work)
      for block in 2 * part.panels.lowerBound..<min(2 * part.panels.upperBound, shape.input.blocks) {
        var from = outputs(work, block, part.band)
        // A row of the grid is a row of one of the images.
        forEachRun(part.band, of: grid.columns) { row, columns in
          let (number, y) = row.quotientAndRemainder(dividingBy: grid.rows)
          let line =
            dInput + ((images.lowerBound + number) * inputCount + block * shape.input.planeCount)
            + (y * shape.stride + residue.row) * shape.width * blockWidth
          for column in columns {
            store(load(from), line + (column &* shape.stride &+ residue.column) &* blockWidth)
            from += PanelProduct.width
          }
        }
      }
    }
  }

  /// Adds up the parts of the filters' gradient in their order, for a block of filters and a block of channels.
  private func gather(
    _ piece: Int, parts: Int, _ work: Workspace, into dWeights: UnsafeMutablePointer<Float>
  ) {
    let (filterBlock, block) = piece.quotientAndRemainder(dividingBy: shape.input.blocks)
    let panel = filterBlock / 2 * grid.panels * PanelProduct.width
    for filter in lanes(ofBlock: filterBlock, shape.filters) {
      let channels = lanes(ofBlock: block, shape.channels)
      for tap in 0..<taps {
        let target = dWeights + ((filter * shape.channels + channels.lowerBound) * taps + tap)
        guard parts > 0 else {
          for channel in 0..<channels.count { target[channel * taps] = 0 }
          continue
        }
        let place = (tap * shape.input.blocks + block) * blockWidth
        let from = work.dFilters + ((panel + place) * PanelProduct.width + filter % PanelProduct.width)
        copy(channels.count, from, step: PanelProduct.width, to: target, step: taps)
        for part in 1..<max(parts, 1) {
          let other = from + part * forwardFilters.count
          for channel in 0..<channels.count { target[channel * taps] += other[channel * PanelProduct.width] }
        }
      }
    }
  }

  // MARK: - Plan

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    func shareProducts(_ name: String, _ grid: PatchGrid, images: Int, panels: Int) {
      let cut = Cut(pixels: images * grid.pixels, panels: panels, members: members)
      let places = Double(grid.panels * PanelProduct.width)
      plan.share(
        name, pieces: cut.pieces,
        cost: Double(images * grid.pixels) * places * (Double(panels * PanelProduct.width) + costOfMovedValue),
        unevenness: cut.unevenness)
    }
    switch use {
    case .forward: shareProducts("outputs", grid, images: images, panels: filterPanels)
    case .backward:
      let most = max(imagesAtOnce(images, members: members), 1)
      let parts = sumParts(images: images)
      let groups = evenParts(ofEach: parts * grid.panels, units: filterPanels, members: members)
      for first in stride(from: 0, to: images, by: most) {
        let count = min(most, images - first)
        plan.share(
          "output gradients", pieces: count * 2 * filterPanels,
          cost: Double(count * gradientFloats) * costOfTransformedValue)
        plan.wait()
        plan.share(
          "filters' gradient", pieces: parts * grid.panels * groups,
          cost: Double(count * grid.pixels) * Double(forwardFilters.count),
          unevenness: unevenness(units: filterPanels, parts: groups))
        for residue in residues {
          shareProducts("input gradients", residue.grid, images: count, panels: inputPanels)
        }
        plan.wait()
      }
      plan.share(
        "filters in their order", pieces: shape.output.blocks * shape.input.blocks,
        cost: Double(parts * shape.weightCount) * costOfMovedValue)
    }
    plan.wait()
    return plan
  }
}
