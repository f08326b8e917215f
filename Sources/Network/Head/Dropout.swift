import Randomness

/// The random numbers of one iteration's dropout masks: a mask belongs to (iteration, layer, row of the mini-batch).
public struct DropoutIteration: Sendable {
  private let seed: UInt64
  private let iteration: UInt32

  public init(seed: UInt64, iteration: Int) {
    self.seed = seed
    self.iteration = UInt32(truncatingIfNeeded: iteration)
  }

  /// Writes 0 for a dropped unit and 1/(1 − dropout) for a kept one: inverted scaling, so that test time needs none.
  func writeMask(layer: Int, row: Int, units: Int, dropout: Float, into mask: UnsafeMutablePointer<Float>) {
    let field = RandomField(seed: seed, purpose: .dropout, owner: iteration, UInt32(row), part: layer)
    let threshold = UInt32(Double(dropout) * 0x1p32)
    let kept = 1 / (1 - dropout)
    var unit = 0
    while unit < units {
      let bits = field.block(UInt32(unit / 4))
      for lane in 0..<min(4, units - unit) { mask[unit + lane] = bits[lane] < threshold ? 0 : kept }
      unit += 4
    }
  }

  /// Returns the mask that `writeMask` writes.
  func mask(layer: Int, row: Int, units: Int, dropout: Float) -> [Float] {
    [Float](unsafeUninitializedCapacity: units) { mask, written in
      if let base = mask.baseAddress { writeMask(layer: layer, row: row, units: units, dropout: dropout, into: base) }
      written = units
    }
  }
}
