import Glibc

/// What random numbers are drawn for. Streams of different purposes never share a block.
public enum RandomPurpose: UInt32, Sendable {
  case initialization = 1
  case permutation = 2
  case augmentation = 3
  case dropout = 4
  case validationSplit = 5
  case subset = 6
  case erasing = 7
}

/// The sequence of random numbers that belongs to one thing: a layer's weights, an epoch's order, a sample's crop.
///
/// Keyed by seed; counted by purpose, what it belongs to (`owner`, a 62-bit number, such as epoch and sample) and
/// position. Two streams of the same seed, purpose and owner give the same numbers on every rank and thread.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let generator: Philox
  private let owner: UInt64
  private let purpose: UInt32
  private var position: UInt32 = 0
  private var block = SIMD4<UInt32>()
  private var used = 4

  public init(seed: UInt64, purpose: RandomPurpose, owner: UInt64) {
    generator = Philox(seed: seed)
    self.owner = owner
    self.purpose = purpose.rawValue
  }

  /// The stream of a pair, such as (epoch, sample) or (iteration, layer).
  public init(seed: UInt64, purpose: RandomPurpose, owner: UInt32, _ second: UInt32) {
    self.init(seed: seed, purpose: purpose, owner: UInt64(owner) << 32 | UInt64(second))
  }

  /// The next 32 uniform bits.
  public mutating func next32() -> UInt32 {
    if used == 4 {
      block = generator.block(
        SIMD4(position, UInt32(truncatingIfNeeded: owner), UInt32(truncatingIfNeeded: owner >> 32), purpose))
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

  /// A Gaussian number with mean 0 and standard deviation 1 (Box and Muller's transform in Double).
  public mutating func gaussian() -> Double {
    let radius = (Double(next32()) + 0.5) * 0x1p-32
    let angle = Double(next32()) * 0x1p-32
    return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
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
