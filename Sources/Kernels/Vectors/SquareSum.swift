/// The sum of the squares of floats without a rounding, whatever their order and however they are divided: the norm of
/// a gradient has the same bits on any number of ranks and threads.
///
/// A finite float is ±m·2^(e−150), with a whole number m below 2²⁴ and a biased exponent e. For each e the whole
/// numbers m² are added up in 128 bits; 2⁸⁰ squares would fit. Only `value` rounds, and in one order.
public struct SquareSum: Equatable, Sendable {
  /// The sum of m² of the values of each biased exponent; 0 stands for the subnormal ones.
  private var sums = [UInt128](repeating: 0, count: exponents)
  /// Whether no value was NaN or infinite.
  public private(set) var isFinite = true

  private static let exponents = 255
  /// The number of squares, of less than 2⁴⁸ each, that a sum of 64 bits holds.
  private static let block = 1 << 16
  /// The number of sums for each exponent that are kept side by side: neighbors often have the same exponent, and an
  /// addition would wait for the one before.
  private static let lanes = 4
  private static let limbBits = 48

  public init() {}

  /// Adds the squares of `count` values, each of at most the magnitude `limit`: larger ones count as that.
  public mutating func add(_ values: UnsafePointer<Float>, count: Int, limit: Float = .infinity) {
    let bins = Self.exponents + 1
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.lanes * bins) { table in
      guard let table = table.baseAddress else { return }
      for start in stride(from: 0, to: count, by: Self.block) {
        table.initialize(repeating: 0, count: Self.lanes * bins)
        for index in start..<min(start + Self.block, count) {
          let magnitude = values[index].magnitude
          // A value that is not finite shows, whatever the limit.
          let bits = (magnitude > limit && magnitude.isFinite ? limit : magnitude).bitPattern
          let exponent = Int(bits >> 23)
          let mantissa = UInt64(bits & 0x7f_ffff) | (exponent > 0 ? 1 << 23 : 0)
          table[(index & (Self.lanes - 1)) &* bins &+ exponent] &+= mantissa &* mantissa
        }
        for lane in 0..<Self.lanes {
          for exponent in sums.indices { sums[exponent] += UInt128(table[lane * bins + exponent]) }
          // An infinity has the mantissa 2²³ here.
          if table[lane * bins + Self.exponents] > 0 { isFinite = false }
        }
      }
    }
  }

  public static func += (sum: inout SquareSum, other: SquareSum) {
    for exponent in sum.sums.indices { sum.sums[exponent] += other.sums[exponent] }
    sum.isFinite = sum.isFinite && other.isFinite
  }

  /// The sum, to the rounding of a few additions of Doubles, which is always the same; NaN where a value was not
  /// finite.
  public var value: Double {
    guard isFinite else { return .nan }
    return sums.enumerated().reduce(0) { total, sum in
      total + Double(sum.element) * Double(sign: .plus, exponent: 2 * (max(sum.offset, 1) - 150), significand: 1)
    }
  }

  // MARK: - Between ranks

  /// The sum as whole numbers, which may be added up over ranks, up to 2¹⁵ of them.
  public var limbs: [Int64] {
    let low = sums.map { Int64($0 & (1 << Self.limbBits - 1)) }
    return low + sums.map { Int64($0 >> Self.limbBits) } + [isFinite ? 0 : 1]
  }

  /// Takes limbs that were added up.
  public init(limbs: [Int64]) {
    precondition(limbs.count == 2 * Self.exponents + 1, "\(limbs.count) limbs of a sum of squares")
    for exponent in sums.indices {
      sums[exponent] = UInt128(limbs[exponent]) + UInt128(limbs[Self.exponents + exponent]) << Self.limbBits
    }
    isFinite = limbs[2 * Self.exponents] == 0
  }
}
