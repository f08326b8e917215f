import System

/// The patches of a planar image under a filter as rows of a matrix (im2col), one row an output pixel.
///
/// Place (c·R + r)·S + s of a row is the input at channel c, filter row r, filter column s: the order of the weights
/// (filters, channels, kernel, kernel). Rows lie in panels of 32 places, [panel][pixel][32], with zeros behind the
/// last.
struct ImagePatches: Sendable {
  let shape: ConvolutionShape

  init(_ shape: ConvolutionShape) {
    self.shape = shape
  }

  /// The number of values under the filter.
  var places: Int { shape.channels * shape.kernel * shape.kernel }
  var panels: Int { places.dividedUp(by: PanelProduct.width) }

  // Short runs of a filter row are copied as whole vectors of 8, whose excess the next run writes over; the padded rows
  // are long enough to be read beyond.
  private typealias Run = SIMD8<Float>
  private var run: Int { Run.scalarCount }
  private var paddedHeight: Int { shape.height + 2 * shape.padding }
  private var paddedWidth: Int { shape.width + 2 * shape.padding + run }
  /// The number of floats of an image with zeros around it.
  var paddedCount: Int { (shape.channels * paddedPlane).dividedUp(by: blockWidth) * blockWidth }

  /// The number of rows that are put together before they are dealt out to panels: reading a row back at once would
  /// wait for its short writes.
  private var group: Int { 8 }
  private var rowFloats: Int { panels * PanelProduct.width + blockWidth }
  var scratchCount: Int { group * rowFloats }

  private var paddedPlane: Int { paddedHeight * paddedWidth }

  /// Copies a channel of an image into the middle of zeros.
  func pad(_ image: UnsafePointer<Float>, channel: Int, into padded: UnsafeMutablePointer<Float>) {
    let target = padded + channel * paddedPlane
    // The last channel clears what rounding added behind it.
    let end = channel == shape.channels - 1 ? paddedCount : (channel + 1) * paddedPlane
    target.update(repeating: 0, count: end - channel * paddedPlane)
    for row in 0..<shape.height {
      let place = (row + shape.padding) * paddedWidth + shape.padding
      (target + place).update(from: image + (channel * shape.height + row) * shape.width, count: shape.width)
    }
  }

  /// Writes the rows of the output pixels `band`, which are counted row by row.
  func write(
    _ band: Range<Int>, of padded: UnsafePointer<Float>, into rows: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    var first = band.lowerBound
    while first < band.upperBound {
      let count = min(group, band.upperBound &- first)
      var pixel = 0
      while pixel < count {
        gather(first &+ pixel, padded, scratch + pixel &* rowFloats)
        pixel &+= 1
      }
      var panel = 0
      while panel < panels {
        let to = rows + (panel &* band.count &+ first &- band.lowerBound) &* PanelProduct.width
        pixel = 0
        while pixel < count {
          let from = scratch + (pixel &* rowFloats &+ panel &* PanelProduct.width)
          store(load(from), to + pixel &* PanelProduct.width)
          store(load(from + blockWidth), to + (pixel &* PanelProduct.width &+ blockWidth))
          pixel &+= 1
        }
        panel &+= 1
      }
      first &+= count
    }
  }

  /// Writes one pixel's places of a row, and zeros behind them.
  @inline(__always)
  private func gather(_ pixel: Int, _ padded: UnsafePointer<Float>, _ row: UnsafeMutablePointer<Float>) {
    let (y, x) = (pixel / shape.outputWidth, pixel % shape.outputWidth)
    let corner = padded + (y &* shape.stride &* paddedWidth &+ x &* shape.stride)
    var place = row
    var c = 0
    while c < shape.channels {
      var r = 0
      while r < shape.kernel {
        let from = corner + (c &* paddedHeight &+ r) &* paddedWidth
        var s = 0
        while s < shape.kernel {
          let values = UnsafeRawPointer(from + s).loadUnaligned(as: Run.self)
          UnsafeMutableRawPointer(place + s).storeBytes(of: values, as: Run.self)
          s &+= run
        }
        place += shape.kernel
        r &+= 1
      }
      c &+= 1
    }
    let end = row + panels &* PanelProduct.width
    while place < end {
      place.pointee = 0
      place += 1
    }
  }
}
