import CTiles
import System

/// The algorithm `tiles`: convolution by its definition as products of 32×32 tiles of bfloat16 with float32 sums, for
/// any filter, stride and padding, on blocked maps or on a network's planar image.
///
/// Forward, 32 neighboring pixels are multiplied with the filters of one tap after the other (`TileInput`). The input's
/// gradient is the same with the output's gradient and the filters turned (`TileGradient`). The filters' gradient sums
/// over pixels: the output's gradient lies in rows of pixels, and an offset into them is a tap, so that one copy of
/// each operand serves all taps.
///
/// What is summed up in one go is an image; images are added in their order, in parts that the shape and their number
/// tell. No bit depends on the team.
struct TileConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  let engine: TileEngine
  let input: TileInput
  let filters: TileFilters
  /// The output's gradient on its way to the input's; nil for a planar image, which has none.
  let gradient: TileGradient?
  /// The output's gradient with the columns of `input`.
  let outputPlane: TilePlane
  let inputCount: Int

  init(_ shape: ConvolutionShape, readsImage: Bool, engine: TileEngine) {
    self.shape = shape
    self.engine = engine
    MemoryFailure.checkRoom(bytes: Self.tableBytes(shape, readsImage: readsImage))
    input = TileInput(shape, readsImage: readsImage)
    let taps = shape.kernel * shape.kernel
    filters =
      readsImage
      ? TileFilters(outer: (shape.filters, shape.channels * taps), inner: (shape.channels * taps, 1), taps: [0])
      : TileFilters(
        outer: (shape.filters, shape.channels * taps), inner: (shape.channels, taps), taps: Array(0..<taps))
    gradient = readsImage ? nil : TileGradient(shape)
    outputPlane = TilePlane(
      source: shape.output, rows: shape.outputHeight, columns: input.columns, step: 1, firstRow: 0, firstColumn: 0)
    inputCount = readsImage ? shape.input.planar.count : shape.input.count
  }

  /// The bytes of the tables of taps and steps, which grow with the filter's area.
  private static func tableBytes(_ shape: ConvolutionShape, readsImage: Bool) -> Int {
    guard !readsImage else { return 0 }
    let units = [shape.channels, shape.filters].map { $0.dividedUp(by: Tiles.width) }.reduce(0, +)
    // A tap, its number in the filters of each direction, and its place for each unit.
    let ofTap = MemoryLayout<TileInput.Tap>.stride + 2 * MemoryLayout<Int>.stride + units * MemoryLayout<Int64>.stride
    let (area, isTooLarge) = (shape.kernel * shape.kernel).multipliedReportingOverflow(by: ofTap)
    return isTooLarge ? Int.max / 2 : area
  }

  /// The number of panels of 32 filters, and of 32 channels.
  var filterPanels: Int { filters.panels }
  var channelPanels: Int { shape.input.blocks.dividedUp(by: 2) }
  var filterLanes: Int { shape.output.blocks * blockWidth }

  // MARK: - Filters

  /// The number of floats, each of which holds two values.
  func filterCount(_ use: FilterUse) -> Int { (use == .forward ? filters.count : gradient?.filterCount ?? 0) / 2 }

  var filterPieces: Int { max(filterPanels, gradient == nil ? 0 : channelPanels) }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    let target = halves(of: filters)
    switch use {
    case .forward: if piece < filterPanels { self.filters.write(weights, panel: piece, into: target) }
    case .backward:
      guard let gradient, piece < channelPanels else { return }
      for residue in gradient.residues {
        residue.filters.write(weights, panel: piece, into: target + residue.filtersStart)
      }
    }
  }

  // MARK: - Memory

  /// The distance in values of two rows of the output's gradient that the filters' gradient sums over: zeros for the
  /// farthest tap before the pixels, and an odd number of cache lines, so that rows do not fall on the same cache sets.
  var gradientRow: Int { (gradientFront / Tiles.width + input.groups) / 2 * 2 * Tiles.width + Tiles.width }
  var gradientFront: Int { input.reach.dividedUp(by: Tiles.width) * Tiles.width }

  /// The number of sums over images that make up the filters' gradient: enough for a team even where filters are few.
  func sumParts(images: Int) -> Int { max(1, min(images, 32 / (filterPanels * input.units))) }

  /// The number of images whose operands lie in memory at the same time.
  func imagesAtOnce(_ images: Int, members: Int) -> Int {
    min(images, max(members, (2 << 20) / (input.rowCount + input.pairCount)))
  }

  /// The memory of a pass. All of it is the team's but for the last two.
  struct Workspace {
    /// The planar images with zeros around them.
    let padded: UnsafeMutablePointer<Float>
    /// The input's planes, [image][plane][pixel][32].
    let rows: UnsafeMutablePointer<UInt16>
    /// The input as pairs of pixels, [image][plane][group][1024]; backward only, in place of `rows`.
    var pairs: UnsafeMutablePointer<UInt16> { rows }
    /// The output's gradient as planes for the input's gradient, [image][unit][pixel][32].
    let gradient: UnsafeMutablePointer<UInt16>
    /// The output's gradient as rows of pixels, [image][panel][32 filters][`gradientRow`].
    let gradientRows: UnsafeMutablePointer<UInt16>
    /// The filters' gradient, [part of the sum][panel][unit][tap][32 filters][32 channels].
    let dFilters: UnsafeMutablePointer<Float>
    /// The sums of bias and slopes of each image, [image][bias, slopes][16 floats a block].
    let sums: UnsafeMutablePointer<Float>
    /// The member's own sums of a tile.
    let tile: UnsafeMutablePointer<Float>
    /// The member's own memory for loading images.
    let loading: UnsafeMutablePointer<Float>
    /// The number of floats in all.
    let count: Int

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ own: TileConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int, index: Int) {
      let atOnce = own.imagesAtOnce(images, members: members)
      var end = 0
      func take(_ floats: Int) -> Int {
        defer { end += floats.dividedUp(by: blockWidth) * blockWidth }
        return end
      }
      let padded = take(atOnce * own.input.paddedCount)
      let rows = take(atOnce * max(own.input.rowCount, own.input.pairCount) / 2)
      let gradient = take(atOnce * (own.gradient?.rowCount ?? 0) / 2)
      let gradientRows = take(atOnce * own.filterPanels * Tiles.width * own.gradientRow / 2)
      let dFilters = take(own.sumParts(images: images) * own.filters.count)
      let sums = take(images * 2 * own.filterLanes)
      let ownCount = Tiles.count + own.input.scratchCount
      let members = take(members * ownCount)
      count = end
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      self.padded = base + padded
      self.rows = halves(of: base + rows)
      self.gradient = halves(of: base + gradient)
      self.gradientRows = halves(of: base + gradientRows)
      self.dFilters = base + dFilters
      self.sums = base + sums
      tile = base + members + index * ownCount
      loading = tile + Tiles.count
    }
  }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members, index: 0).count
  }

  func workspace(_ pass: ConvolutionPass) -> Workspace {
    Workspace(self, pass.scratch, images: pass.images, members: pass.team.count, index: pass.team.index)
  }

  // MARK: - Cuts

  /// Calls `body` for one group of images after the other.
  func forEachGroup(_ pass: ConvolutionPass, _ body: (Range<Int>) -> Void) {
    let most = max(1, imagesAtOnce(pass.images, members: pass.team.count))
    for first in stride(from: 0, to: pass.images, by: most) { body(first..<min(first + most, pass.images)) }
  }

  /// The division of an image's tiles of pixels, for all panels of outputs, into bands of pixels and groups of panels.
  struct Cut {
    /// The number of pixels of a band: the rows of a band stay in the second-level cache while panels go by.
    static let bandPixels = 8 * Tiles.width

    let pixels: Int
    let panels: Int
    let bands: Int
    let groups: Int

    init(pixels: Int, panels: Int, images: Int, members: Int) {
      (self.pixels, self.panels) = (pixels, panels)
      bands = pixels.dividedUp(by: Self.bandPixels)
      groups = evenParts(ofEach: images * bands, units: panels, members: members)
    }

    var pieces: Int { bands * groups }

    func part(_ piece: Int) -> (pixels: Range<Int>, panels: Range<Int>) {
      let (band, group) = piece.quotientAndRemainder(dividingBy: groups)
      return (
        band * Self.bandPixels..<min((band + 1) * Self.bandPixels, pixels), (0..<panels).part(group, of: groups)
      )
    }
  }

  func forwardCut(images: Int, members: Int) -> Cut {
    Cut(pixels: input.pixels, panels: filterPanels, images: images, members: members)
  }

  func inputGradientCut(_ residue: TileGradient.Residue, images: Int, members: Int) -> Cut {
    Cut(pixels: residue.pixels, panels: channelPanels, images: images, members: members)
  }

  /// The number of groups of taps that a pair of a panel and a unit of the filters' gradient is cut into.
  func tapGroups(parts: Int, members: Int) -> Int {
    evenParts(ofEach: parts * filterPanels * input.units, units: input.taps.count, members: members)
  }

  // MARK: - Forward

  /// Pads planar images, if the input is such.
  func pad(_ images: Range<Int>, _ pass: ConvolutionPass, _ work: Workspace) {
    guard input.paddedPieces > 0 else { return }
    pass.team.share(images.count * input.paddedPieces, as: "padded images") { place in
      let (number, channel) = place.quotientAndRemainder(dividingBy: input.paddedPieces)
      input.pad(
        pass.input.values + (images.lowerBound + number) * inputCount, channel: channel,
        into: work.padded + number * input.paddedCount)
    }
    pass.team.wait()
  }

  func loading(_ number: Int, _ image: Int, _ pass: ConvolutionPass, _ work: Workspace) -> TileInput.Loading {
    TileInput.Loading(
      map: pass.input.advanced(by: image * inputCount), padded: work.padded + number * input.paddedCount,
      scratch: work.loading)
  }

  func forward(_ pass: ConvolutionPass) {
    let (team, work) = (pass.team, workspace(pass))
    let packed = halves(of: pass.parameters.filters)
    forEachGroup(pass) { images in
      pad(images, pass, work)
      team.share(images.count * input.pieces, as: "input to bfloat16") { place in
        let (number, piece) = place.quotientAndRemainder(dividingBy: input.pieces)
        input.writeRows(
          piece, loading(number, images.lowerBound + number, pass, work), into: work.rows + number * input.rowCount)
      }
      team.wait()
      let cut = forwardCut(images: images.count, members: team.count)
      team.share(images.count * cut.pieces, as: "outputs") { place in
        let (number, piece) = place.quotientAndRemainder(dividingBy: cut.pieces)
        multiply(
          cut.part(piece), work.rows + number * input.rowCount, places: input.places, packed, filters, work.tile
        ) { panel, pixels in
          let output = TileMapOutput(
            extents: shape.output, columns: shape.outputWidth, columnsInMemory: input.columns, step: 1, firstRow: 0,
            firstColumn: 0)
          output.store(
            work.tile, pixels, panel: panel, bias: pass.parameters.bias,
            into: pass.output + (images.lowerBound + number) * shape.output.count)
        }
      }
      team.wait()
    }
  }

  /// Computes tiles of sums, each in `tile`, which `use` gets with its panel and pixels.
  @inline(__always)
  func multiply(
    _ part: (pixels: Range<Int>, panels: Range<Int>), _ rows: UnsafePointer<UInt16>, places: [Int64],
    _ packed: UnsafePointer<UInt16>, _ filters: TileFilters, _ tile: UnsafeMutablePointer<Float>,
    use: (_ panel: Int, _ pixels: Range<Int>) -> Void
  ) {
    places.withUnsafeBufferPointer { places in
      engine.withTiles { tiles in
        for panel in part.panels {
          for first in stride(from: part.pixels.lowerBound, to: part.pixels.upperBound, by: Tiles.width) {
            let pixels = first..<min(first + Tiles.width, part.pixels.upperBound)
            tiles.multiply(
              tiles_product(
                a: rows + first * Tiles.width, rowStep: Int64(Tiles.width), places: places.baseAddress, step: 0,
                b: packed + filters.place(panel: panel), steps: Int64(places.count), c: tile,
                rows: Int64(pixels.count), accumulates: false))
            use(panel, pixels)
          }
        }
      }
    }
  }
}
