import System

/// The input of a convolution as planes of bfloat16, from which tile products compute its outputs and the gradient of
/// its filters.
///
/// An output pixel (i, j) has the number i·columns + j, and a tap of the filter sees the plane's pixel of that number
/// plus an offset. Where j is beyond the last output column the product means nothing and is left out. A blocked map of
/// a convolution of stride s has a plane for each remainder of row and column on division by s, so that neighbors in a
/// plane are a stride apart on the map. A network's planar image of few channels is taken as patches instead: the
/// values under the filter are the channels of a convolution with a single tap.
struct TileInput: Sendable {
  /// A tap of the filter.
  struct Tap: Sendable {
    /// The plane of a unit's planes.
    let plane: Int
    /// The number of pixels that the tap lies behind the output pixel.
    let offset: Int
  }

  private enum Source: Sendable {
    case map([TilePlane])
    case image(ImagePatches)
  }

  private let source: Source
  /// The number of units of 32 channels.
  let units: Int
  private let planesOfUnit: Int
  /// The number of pixels of a row of outputs, those without a meaning among them.
  let columns: Int
  /// The number of output pixels from the first to the last.
  let pixels: Int
  let taps: [Tap]
  /// The largest offset of a tap.
  let reach: Int
  /// The places of the steps of a product over units and taps, in values.
  let places: [Int64]

  /// The number of pixels of an image's patches that are put together at a time.
  private static let bandPixels = 192

  init(_ shape: ConvolutionShape, readsImage: Bool) {
    if readsImage {
      let patches = ImagePatches(shape)
      source = .image(patches)
      (units, planesOfUnit, columns) = (patches.panels, 1, shape.outputWidth)
      (taps, reach) = ([Tap(plane: 0, offset: 0)], 0)
    } else {
      let (stride, remainders) = (shape.stride, min(shape.stride, shape.kernel))
      let beyond = (shape.kernel - 1) / stride
      let columns = shape.outputWidth + beyond
      self.columns = columns
      source = .map(
        (0..<remainders * remainders).map { plane in
          TilePlane(
            source: shape.input, rows: shape.outputHeight + beyond, columns: columns, step: stride,
            firstRow: plane / remainders - shape.padding, firstColumn: plane % remainders - shape.padding)
        })
      units = shape.input.blocks.dividedUp(by: 2)
      planesOfUnit = remainders * remainders
      taps = (0..<shape.kernel * shape.kernel).map { tap in
        let (r, c) = tap.quotientAndRemainder(dividingBy: shape.kernel)
        return Tap(plane: r % stride * remainders + c % stride, offset: r / stride * columns + c / stride)
      }
      reach = beyond * (columns + 1)
    }
    pixels = (shape.outputHeight - 1) * columns + shape.outputWidth
    let planePixels = pixels.dividedUp(by: Tiles.width) * Tiles.width + reach
    self.planePixels = planePixels
    let (planesOfUnit, taps) = (planesOfUnit, taps)
    places = (0..<units).flatMap { unit in
      taps.map { Int64(((unit * planesOfUnit + $0.plane) * planePixels + $0.offset) * Tiles.width) }
    }
  }

  /// The number of planes of an image.
  var planes: Int { units * planesOfUnit }
  /// The number of pixels of a plane in memory: those that the taps of whole tiles of outputs reach.
  let planePixels: Int
  /// The number of values of an image's planes.
  var rowCount: Int { planes * planePixels * Tiles.width }
  /// The number of groups of 32 pixels that the taps of all outputs reach.
  var groups: Int { (pixels + reach).dividedUp(by: Tiles.width) }
  /// The number of values of an image as pairs of pixels.
  var pairCount: Int { planes * groups * Tiles.count }
  /// The place among an image's pairs of what a tap of a unit sees, 1024 values a group.
  func pairPlace(unit: Int, tap: Tap) -> Int { (unit * planesOfUnit + tap.plane) * groups * Tiles.count }

  // MARK: - Loading

  /// The number of floats of an image with zeros around it; 0 for a map, which needs none.
  var paddedCount: Int {
    if case .image(let patches) = source { patches.paddedCount } else { 0 }
  }
  /// The number of pieces of `pad`.
  var paddedPieces: Int {
    if case .image(let patches) = source { patches.shape.channels } else { 0 }
  }
  /// The number of floats of a member's own memory.
  var scratchCount: Int {
    guard case .image(let patches) = source else { return 0 }
    return patches.panels * Self.bandPixels * PanelProduct.width
      + patches.scratchCount.dividedUp(by: blockWidth) * blockWidth
  }
  /// The number of pieces in which an image is loaded.
  var pieces: Int {
    switch source {
    case .map: planes
    case .image: pixels.dividedUp(by: Self.bandPixels)
    }
  }

  /// Copies a channel of a planar image into zeros.
  func pad(_ image: UnsafePointer<Float>, channel: Int, into padded: UnsafeMutablePointer<Float>) {
    if case .image(let patches) = source { patches.pad(image, channel: channel, into: padded) }
  }

  /// One image on its way to planes.
  struct Loading {
    /// The blocked map; unused for a planar image.
    let map: PendingMap
    /// The planar image with zeros around it; unused for a map.
    let padded: UnsafePointer<Float>
    /// The member's own memory, `scratchCount` floats.
    let scratch: UnsafeMutablePointer<Float>
  }

  /// Writes a piece of an image's planes, [plane][pixel][32].
  func writeRows(_ piece: Int, _ image: Loading, into rows: UnsafeMutablePointer<UInt16>) {
    switch source {
    case .map(let planes):
      let (unit, plane) = piece.quotientAndRemainder(dividingBy: planesOfUnit)
      planes[plane].write(
        unit: unit, 0..<planePixels, of: image.map, into: rows + piece * planePixels * Tiles.width)
    case .image(let patches):
      let band = write(piece, of: patches, image)
      // The last piece clears the pixels behind the image.
      let end = piece == pieces - 1 ? planePixels : band.upperBound
      for panel in 0..<patches.panels {
        let to = rows + (panel * planePixels + band.lowerBound) * Tiles.width
        round(image.scratch + panel * band.count * Tiles.width, pixels: band.count, into: to)
        (to + band.count * Tiles.width).update(repeating: 0, count: (end - band.upperBound) * Tiles.width)
      }
    }
  }

  /// Writes a piece of an image's planes as pairs of pixels, [plane][group of 32 pixels][half of the channels][pair][16
  /// channels][2].
  func writePairs(_ piece: Int, _ image: Loading, into pairs: UnsafeMutablePointer<UInt16>) {
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Tiles.count) { memory in
      let pixels = memory.baseAddress!
      switch source {
      case .map(let planes):
        let (unit, plane) = piece.quotientAndRemainder(dividingBy: planesOfUnit)
        for group in 0..<groups {
          let first = group * Tiles.width
          planes[plane].write(unit: unit, first..<first + Tiles.width, of: image.map, into: pixels)
          pairPixels(pixels, into: pairs + (piece * groups + group) * Tiles.count)
        }
      case .image(let patches):
        let band = write(piece, of: patches, image)
        for panel in 0..<patches.panels {
          for first in stride(from: 0, to: band.count, by: Tiles.width) {
            let count = min(Tiles.width, band.count - first)
            round(
              image.scratch + (panel * band.count + first) * Tiles.width, pixels: count, into: pixels)
            (pixels + count * Tiles.width).update(repeating: 0, count: (Tiles.width - count) * Tiles.width)
            let group = (band.lowerBound + first) / Tiles.width
            pairPixels(pixels, into: pairs + (panel * groups + group) * Tiles.count)
          }
        }
      }
    }
  }

  /// Writes the patches of a band of pixels into the member's memory, [panel][pixel][32] floats. Returns the band.
  private func write(_ piece: Int, of patches: ImagePatches, _ image: Loading) -> Range<Int> {
    let band = piece * Self.bandPixels..<min((piece + 1) * Self.bandPixels, pixels)
    patches.write(
      band, of: image.padded, into: image.scratch,
      scratch: image.scratch + patches.panels * Self.bandPixels * PanelProduct.width)
    return band
  }

  private func round(
    _ floats: UnsafePointer<Float>, pixels: Int, into target: UnsafeMutablePointer<UInt16>
  ) {
    for place in stride(from: 0, to: pixels * Tiles.width, by: blockWidth) {
      store(halves(load(floats + place)), target + place)
    }
  }
}
