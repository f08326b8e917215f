import System

/// The product of what a grid's pixels see of a map with filters, for all panels of its outputs: the forward pass of
/// `PanelConvolution`, and a residue's part of its input gradient.
struct GridProduct: Sendable {
  let grid: PatchGrid
  let filters: PanelFilters
  private let kernel: GridKernel
  /// The number of blocks of the outputs.
  private let blocks: Int

  /// The map that takes the outputs.
  struct OutputMap {
    /// The first pixel of the first image.
    let values: UnsafeMutablePointer<Float>
    /// The distances of images, of blocks, of the grid's rows and of its pixels, in floats.
    let imageStep: Int
    let blockStep: Int
    let rowStep: Int
    let pixelStep: Int
    /// Sixteen values for each block that are added; nil for none.
    let bias: UnsafePointer<Float>?
    /// Whether the outputs are written past the caches.
    let streams: Bool
  }

  /// A part of the outputs of some images.
  struct Part {
    let images: Range<Int>
    let rows: Range<Int>
    let panels: Range<Int>
  }

  init(_ grid: PatchGrid, outputs: BlockedExtents) {
    self.grid = grid
    blocks = outputs.blocks
    filters = PanelFilters(
      blocks: grid.source.blocks, taps: grid.tapRows * grid.tapColumns, outerPanels: blocks.dividedUp(by: 2))
    kernel = GridKernel(grid, overlaps: filters.chunks == 1)
  }

  var panels: Int { filters.outerPanels }

  // MARK: - Cut

  /// The number of pixels of a band that are wanted.
  private static var pixelsWanted: Int { 196 }
  private var isSmall: Bool { 2 * grid.pixels <= Self.pixelsWanted }
  private var bandRows: Int { isSmall ? grid.rows : min(grid.rows, max(1, Self.pixelsWanted / grid.columns)) }
  private var bandImages: Int { isSmall ? Self.pixelsWanted / grid.pixels : 1 }

  /// The division of the outputs of some images into bands of rows, and of several images where maps are small, and
  /// into groups of panels.
  ///
  /// Each piece copies the part of the map that it sees itself, which many panels of outputs make worth it: a team cuts
  /// bands first.
  struct Cut {
    private let images: Int
    private let rows: Int
    private let panels: Int
    private let imageBands: Int
    private let rowBands: Int
    private let groups: Int

    init(_ own: GridProduct, images: Int, members: Int) {
      (self.images, rows, panels) = (images, own.grid.rows, own.panels)
      let wholeImages = images.dividedUp(by: own.bandImages)
      let wholeRows = rows.dividedUp(by: own.bandRows)
      let whole = wholeImages * wholeRows
      imageBands = wholeImages * evenParts(ofEach: whole, units: min(images, own.bandImages), members: members)
      let units = max(1, own.bandRows * own.grid.columns / 28)
      rowBands =
        wholeRows * evenParts(ofEach: imageBands * wholeRows, units: min(own.bandRows, units), members: members)
      groups = evenParts(ofEach: imageBands * rowBands, units: panels, members: members)
    }

    var pieces: Int { imageBands * rowBands * groups }

    func part(_ piece: Int) -> Part {
      let (band, group) = piece.quotientAndRemainder(dividingBy: groups)
      let (imageBand, rowBand) = band.quotientAndRemainder(dividingBy: rowBands)
      return Part(
        images: (0..<images).part(imageBand, of: imageBands), rows: (0..<rows).part(rowBand, of: rowBands),
        panels: (0..<panels).part(group, of: groups))
    }

    /// The largest part over the mean.
    var unevenness: Double {
      pieces == 0
        ? 1
        : Kernels.unevenness(units: images, parts: imageBands) * Kernels.unevenness(units: rows, parts: rowBands)
          * Kernels.unevenness(units: panels, parts: groups)
    }
  }

  /// Adds the phase of these products to a plan.
  func share(_ name: String, images: Int, in plan: inout PassPlan) {
    let cut = Cut(self, images: images, members: plan.members)
    plan.share(
      name, pieces: cut.pieces,
      cost: realProduct(images, grid.pixels, grid.units, blockWidth, panels, PanelProduct.width)
        + realProduct(images, grid.source.count) * costOfMovedValue,
      unevenness: cut.unevenness)
  }

  // MARK: - Memory

  /// The number of floats of a member's copy of a part of the map.
  var bandCount: Int {
    filters.chunks == 0
      ? 0 : kernel.bandCount(images: bandImages, rows: bandRows, blocks: filters.chunkBlocks)
  }
  /// The number of floats of a member's outputs of all panels.
  var outputCount: Int { panels * panelCount }
  private var panelCount: Int { bandImages * bandRows * kernel.columns * PanelProduct.width }

  // MARK: - Products

  /// Computes a part of the outputs.
  ///
  /// - Parameter memory: the member's own `bandCount` and `outputCount` floats.
  func multiply(
    _ part: Part, of map: PendingMap, with filters: UnsafePointer<Float>, to target: OutputMap,
    memory: (band: UnsafeMutablePointer<Float>, outputs: UnsafeMutablePointer<Float>)
  ) {
    let layout = self.filters
    for number in 0..<layout.chunks {
      let chunk = layout.chunk(number)
      let band =
        kernel.readsInPlace && map.slopes == nil
        ? kernel.band(chunk, images: part.images, rows: part.rows, of: map.values)
        : kernel.copyBand(chunk, images: part.images, rows: part.rows, of: map, into: memory.band)
      for panel in part.panels {
        let place =
          writesInPlace(panel)
          ? self.place(panel, part, in: target)
          : ownPlace(memory.outputs + panel * panelCount, part, accumulates: number > 0)
        kernel.multiply(band, filters + layout.place(chunk: number, outerPanel: panel), to: place)
      }
    }
    for panel in part.panels where !writesInPlace(panel) {
      let own = memory.outputs + panel * panelCount
      if layout.chunks == 0 { own.update(repeating: 0, count: panelCount) }
      for block in 2 * panel..<min(2 * panel + 2, blocks) {
        move(own + block % 2 * blockWidth, block, part, to: target)
      }
    }
  }

  /// Whether a panel's outputs are summed up in registers alone, and fill two blocks.
  private func writesInPlace(_ panel: Int) -> Bool { filters.chunks == 1 && 2 * panel + 1 < blocks }

  /// The first place of a part's outputs of a block.
  private func first(_ block: Int, _ part: Part, in target: OutputMap) -> UnsafeMutablePointer<Float> {
    target.values + part.images.lowerBound * target.imageStep + block * target.blockStep
      + part.rows.lowerBound * target.rowStep
  }

  private func place(_ panel: Int, _ part: Part, in target: OutputMap) -> GridKernel.Target {
    GridKernel.Target(
      first: first(2 * panel, part, in: target),
      output: TileOutput(
        manner: target.streams ? .stream : .write, pixelStep: target.pixelStep, rowStep: target.rowStep,
        blockStep: target.blockStep),
      imageStep: target.imageStep, start: target.bias.map { $0 + panel * PanelProduct.width })
  }

  private func ownPlace(
    _ outputs: UnsafeMutablePointer<Float>, _ part: Part, accumulates: Bool
  ) -> GridKernel.Target {
    let rowStep = kernel.columns * PanelProduct.width
    return GridKernel.Target(
      first: outputs,
      output: TileOutput(
        manner: accumulates ? .accumulate : .write, pixelStep: PanelProduct.width, rowStep: rowStep,
        blockStep: blockWidth),
      imageStep: part.rows.count * rowStep, start: nil)
  }

  /// Moves a part's outputs of a block from a member's own memory to their places.
  private func move(
    _ own: UnsafePointer<Float>, _ block: Int, _ part: Part, to target: OutputMap
  ) {
    let added = target.bias.map { load($0 + block * blockWidth) } ?? .zero
    let corner = first(block, part, in: target)
    var line = own
    for image in 0..<part.images.count {
      for row in 0..<part.rows.count {
        let to = corner + (image * target.imageStep + row * target.rowStep)
        var column = 0
        if target.streams {
          while column < grid.columns {
            stream(load(line + column &* PanelProduct.width) + added, to + column &* target.pixelStep)
            column &+= 1
          }
        } else {
          while column < grid.columns {
            store(load(line + column &* PanelProduct.width) + added, to + column &* target.pixelStep)
            column &+= 1
          }
        }
        line += kernel.columns &* PanelProduct.width
      }
    }
  }
}
