/// The sequential generator SplitMix64, for the data of tests and benchmarks; training draws from `RandomStream` and
/// `RandomField`.
///
/// The numbers depend on the seed only. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators"
/// (OOPSLA 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A uniform whole number in 0 ..< `bound`.
  public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  /// Writes `count` numbers spread evenly over −1 … 1.
  public mutating func fill(_ values: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { values[index] = Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
  }
}
