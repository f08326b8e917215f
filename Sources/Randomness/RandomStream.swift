/// The random numbers that belong to one thing, in sequence: an epoch's order, a sample's crop.
///
/// A stream reads the blocks of a `RandomField` one after the other. Two streams of the same seed, purpose and owner
/// give the same numbers on every rank and thread.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let field: RandomField
  private var position: UInt32 = 0
  private var block = SIMD4<UInt32>()
  private var used = 4

  public init(seed: UInt64, purpose: RandomPurpose, owner: UInt64) {
    field = RandomField(seed: seed, purpose: purpose, owner: owner)
  }

  /// The stream of a pair, such as (epoch, sample).
  public init(seed: UInt64, purpose: RandomPurpose, owner: UInt32, _ second: UInt32) {
    field = RandomField(seed: seed, purpose: purpose, owner: owner, second)
  }

  /// The next 32 uniform bits.
  public mutating func next32() -> UInt32 {
    if used == 4 {
      block = field.block(position)
      position &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  public mutating func next() -> UInt64 {
    let high = UInt64(next32())
    return high << 32 | UInt64(next32())
  }

  /// A uniform whole number in 0 ..< `bound`, without bias (Lemire's rejection method).
  public mutating func uniform(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "bound \(bound) is not in 1 ... \(UInt32.max)")
    let range = UInt32(bound)
    var product = UInt64(next32()) * UInt64(range)
    if UInt32(truncatingIfNeeded: product) < range {
      let threshold = (0 &- range) % range
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = UInt64(next32()) * UInt64(range)
      }
    }
    return Int(product >> 32)
  }

  /// A uniform number in [0, 1) with 24 random bits.
  public mutating func uniformFloat() -> Float {
    Float(next32() >> 8) * 0x1p-24
  }

  /// A fair coin.
  public mutating func coin() -> Bool {
    next32() & 1 == 1
  }

  /// A Gaussian number with mean 0 and standard deviation 1: the first of the pair that the next two words make.
  public mutating func gaussian() -> Double {
    let first = next32()
    return gaussianPair(first, next32()).0
  }

  /// A random order of 0 ..< `count` (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    guard count > 1 else { return order }
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, uniform(below: last + 1))
    }
    return order
  }
}
