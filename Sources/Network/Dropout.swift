import Randomness

/// The random numbers of one iteration's dropout masks, counted by (iteration, layer, row of the mini-batch, unit).
public struct DropoutIteration: Sendable {
  private let generator: Philox
  private let iteration: UInt32

  public init(seed: UInt64, iteration: Int) {
    generator = Philox(seed: seed)
    self.iteration = UInt32(truncatingIfNeeded: iteration)
  }

  /// Writes 0 for a dropped unit and 1/(1 − dropout) for a kept one: inverted scaling, so that test time needs none.
  func writeMask(layer: Int, row: Int, units: Int, dropout: Float, into mask: UnsafeMutablePointer<Float>) {
    let threshold = UInt32(Double(dropout) * 0x1p32)
    let kept = 1 / (1 - dropout)
    let purpose = RandomPurpose.dropout.rawValue | UInt32(truncatingIfNeeded: layer) << 8
    var unit = 0
    while unit < units {
      let bits = generator.block(SIMD4(UInt32(unit / 4), UInt32(row), iteration, purpose))
      for lane in 0..<min(4, units - unit) { mask[unit + lane] = bits[lane] < threshold ? 0 : kept }
      unit += 4
    }
  }
}
