import Randomness

extension SplitMix64 {
  init(_ seed: Int) {
    self.init(seed: UInt64(truncatingIfNeeded: seed))
  }

  /// `count` numbers spread evenly over `range`.
  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  /// `count` whole numbers: sums of them are exact in Float, and many are equal.
  mutating func wholeNumbers(_ count: Int, in range: ClosedRange<Int> = -3...3) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: range, using: &self)) }
  }

  /// PReLU's a for `count` channels: 0, negative, above 1 and ordinary ones.
  mutating func slopes(_ count: Int) -> [Float] {
    (0..<count).map { index in
      switch index % 4 {
      case 0: 0.25
      case 1: 0
      case 2: Float.random(in: -1.5...0, using: &self)
      default: Float.random(in: 1...2, using: &self)
      }
    }
  }
}
