import System

/// The inner loops of `ImageConvolution`: the convolution of a planar image of few channels by its definition, a band
/// of output rows at a time.
///
/// Layouts, floats: band [channel][row][column] with zeros around the image, output in blocks of 16 filters, filters
/// [panel of 32][place under the filter][32]. A place is (channel, filter row, filter column), in the order of the
/// weights. A tile of neighboring pixels, or of neighboring places, reads its values straight from the band, so that
/// no value is copied under each filter that sees it. An output's products are added in the order of the places
/// whatever the tile, so tiles may overlap.
struct ImageKernel: Sendable {
  let shape: ConvolutionShape
  /// The number of values under the filter.
  let places: Int
  /// The extents of an output.
  let width: Int
  let height: Int
  /// The number of columns of a band that the filter sees.
  let bandWidth: Int

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    places = shape.channels * shape.kernel * shape.kernel
    (width, height) = (shape.outputWidth, shape.outputHeight)
    bandWidth = (width - 1) * shape.stride + shape.kernel
  }

  /// The number of panels of filters, the last of which may have a single block.
  var panels: Int { shape.output.blocks.dividedUp(by: 2) }
  func isSingle(_ panel: Int) -> Bool { 2 &* panel &+ 1 == shape.output.blocks }

  /// The number of the image's rows that a band of output rows sees.
  private func bandHeight(_ rows: Int) -> Int { (rows &- 1) &* shape.stride &+ shape.kernel }
  /// The number of floats of a band.
  func bandCount(rows: Int) -> Int { shape.channels * bandHeight(rows) * bandWidth }

  /// Copies what the output rows `rows` see of an image among zeros.
  func loadBand(_ rows: Range<Int>, of image: UnsafePointer<Float>, into band: UnsafeMutablePointer<Float>) {
    let top = rows.lowerBound &* shape.stride &- shape.padding
    let columns = max(0, min(shape.width, bandWidth &- shape.padding))
    let (before, after) = (min(shape.padding, bandWidth), max(0, bandWidth &- shape.padding &- columns))
    var to = band
    for channel in 0..<shape.channels {
      for row in top..<top &+ bandHeight(rows.count) {
        if row < 0 || row >= shape.height {
          to.update(repeating: 0, count: bandWidth)
        } else {
          to.update(repeating: 0, count: before)
          (to + before).update(
            from: image + (channel &* shape.height &+ row) &* shape.width, count: columns)
          (to + (before &+ columns)).update(repeating: 0, count: after)
        }
        to += bandWidth
      }
    }
  }

  // MARK: - Forward

  /// Writes output = bias + image ∗ filters for a panel of filters and the rows of a band.
  ///
  /// - Parameters:
  ///   - output: the first of the rows, of the panel's first block.
  ///   - streams: whether the outputs are written past the caches; they have to lie at a multiple of 64 bytes.
  func forward(
    _ band: UnsafePointer<Float>, rows: Int, panel: Int, _ parameters: ConvolutionParameters,
    to output: (first: UnsafeMutablePointer<Float>, streams: Bool)
  ) {
    let place = Place(
      plane: bandHeight(rows) &* bandWidth, filters: parameters.filters + panel &* places &* PanelProduct.width,
      bias: parameters.bias + panel &* PanelProduct.width, streams: output.streams)
    for row in 0..<rows {
      let x = band + row &* shape.stride &* bandWidth
      let y = output.first + row &* width &* blockWidth
      if isSingle(panel) {
        forwardRow(Single.self, x, place, y)
      } else {
        forwardRow(Double32.self, x, place, y)
      }
    }
  }

  /// The things that the tiles of a band and a panel have in common.
  private struct Place {
    /// The number of floats of a channel of the band.
    let plane: Int
    let filters: UnsafePointer<Float>
    let bias: UnsafePointer<Float>
    let streams: Bool
  }

  /// Chooses a step that the compiler knows, which becomes part of the addresses.
  private func forwardRow<T: RegisterTile>(
    _ pixel: T.Type, _ x: UnsafePointer<Float>, _ place: Place, _ y: UnsafeMutablePointer<Float>
  ) {
    switch shape.stride {
    case 1: forwardRow(pixel, step: 1, x, place, y)
    case 2: forwardRow(pixel, step: 2, x, place, y)
    default: forwardRow(pixel, step: shape.stride, x, place, y)
    }
  }

  /// Computes a row of outputs by tiles that divide it evenly; the last one is moved left so that it ends at the row's
  /// end.
  @inline(__always)
  private func forwardRow<T: RegisterTile>(
    _ pixel: T.Type, step: Int, _ x: UnsafePointer<Float>, _ place: Place, _ y: UnsafeMutablePointer<Float>
  ) {
    guard hasThirtyTwoRegisters else {
      if width >= 3 {
        tiles(Pixels3<T>.self, step, x, place, y)
      } else {
        tiles(T.self, step, x, place, y)
      }
      return
    }
    switch PanelProduct.tileHeight(width) {
    case 14: tiles(Pixels14<T>.self, step, x, place, y)
    case 11: tiles(Pixels11<T>.self, step, x, place, y)
    case 10: tiles(Pixels10<T>.self, step, x, place, y)
    case 9: tiles(Pixels9<T>.self, step, x, place, y)
    case 8: tiles(Pixels8<T>.self, step, x, place, y)
    case 7: tiles(Pixels7<T>.self, step, x, place, y)
    case 3...6: tiles(Pixels3<T>.self, step, x, place, y)
    default: tiles(T.self, step, x, place, y)
    }
  }

  @inline(__always)
  private func tiles<T: RegisterTile>(
    _ tile: T.Type, _ step: Int, _ x: UnsafePointer<Float>, _ place: Place, _ y: UnsafeMutablePointer<Float>
  ) {
    var column = 0
    while column < width {
      let start = min(column, width &- T.pixels)
      forwardTile(T.self, step, x + start &* step, place, y + start &* blockWidth)
      column &+= T.pixels
    }
  }

  @inline(__always)
  private func forwardTile<T: RegisterTile>(
    _ tile: T.Type, _ step: Int, _ x: UnsafePointer<Float>, _ place: Place, _ y: UnsafeMutablePointer<Float>
  ) {
    var sums = T(T.weights(place.bias, blockWidth))
    var weight = place.filters
    var c = 0
    while c < shape.channels {
      var line = x + c &* place.plane
      var r = 0
      while r < shape.kernel {
        var input = line
        var left = shape.kernel
        while left > 0 {
          sums.add(input, step, T.weights(weight, blockWidth))
          input += 1
          weight += PanelProduct.width
          left &-= 1
        }
        line += bandWidth
        r &+= 1
      }
      c &+= 1
    }
    let block = height &* width &* blockWidth
    if place.streams {
      sums.stream(y, pixelStep: blockWidth, block)
    } else {
      sums.write(y, pixelStep: blockWidth, block)
    }
  }
}
