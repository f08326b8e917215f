import System

/// Sums over pictures' squares, (3, side, side) of bytes, for the mean image and the colors. They are integers, so sums
/// of sums are the same in any order.
package struct PhotoStatistics: Equatable, Sendable {
  package let side: Int
  package private(set) var count = 0
  /// The sum of each value, (3, side, side).
  package private(set) var sums: [UInt64]
  /// The sums of red², red·green, red·blue, green², green·blue and blue² over all pixels.
  package private(set) var products = [UInt64](repeating: 0, count: 6)

  package init(side: Int) {
    self.side = side
    sums = [UInt64](repeating: 0, count: 3 * side * side)
  }

  /// Restores sums that were stored.
  package init(side: Int, count: Int, sums: [UInt64], products: [UInt64]) {
    precondition(sums.count == 3 * side * side && products.count == 6, "sums of squares of side \(side)")
    self.side = side
    self.count = count
    self.sums = sums
    self.products = products
  }

  package mutating func add(_ crop: [UInt8]) {
    precondition(crop.count == sums.count, "a square of \(crop.count) values for side \(side)")
    count += 1
    for index in crop.indices { sums[index] += UInt64(crop[index]) }
    let plane = side * side
    var added = [UInt32](repeating: 0, count: 6)
    for row in 0..<side {
      // A row's sums fit 32 bits up to 66,000 pixels.
      for index in row * side..<(row + 1) * side {
        let (r, g, b) = (UInt32(crop[index]), UInt32(crop[plane + index]), UInt32(crop[2 * plane + index]))
        added[0] &+= r &* r
        added[1] &+= r &* g
        added[2] &+= r &* b
        added[3] &+= g &* g
        added[4] &+= g &* b
        added[5] &+= b &* b
      }
      for product in 0..<6 {
        products[product] += UInt64(added[product])
        added[product] = 0
      }
    }
  }

  package mutating func add(_ other: PhotoStatistics) {
    precondition(other.side == side, "sums of squares of side \(other.side) and \(side)")
    count += other.count
    for index in sums.indices { sums[index] += other.sums[index] }
    for index in products.indices { products[index] += other.products[index] }
  }

  /// The mean square. There must be a picture.
  package var mean: MeanImage {
    precondition(count > 0, "the mean of no picture")
    return MeanImage(
      values: sums.map { Float(Double($0) / Double(count)) },
      extents: Extents(channels: 3, height: side, width: side))
  }

  /// The color statistics of all pixels of the squares.
  package var colors: ColorStatistics {
    let plane = side * side
    let totals = (0..<3).map { sums[$0 * plane..<($0 + 1) * plane].reduce(0, +) }
    return ColorStatistics(count: UInt64(count) * UInt64(plane), sums: totals, products: products)
  }
}
