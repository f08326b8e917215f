import System

extension RandomStream {
  /// A number in [0, 1] with the symmetric beta distribution B(α, α): X/(X + Y) of two gamma-distributed numbers of
  /// shape α > 0.
  public mutating func beta(_ shape: Double) -> Double {
    precondition(shape > 0, "a shape of \(shape)")
    // Small shapes make numbers below the least Double: only their logarithms are taken.
    let first = logarithmOfGamma(shape)
    let second = logarithmOfGamma(shape)
    return 1 / (1 + ElementaryFunctions.exp(second - first))
  }

  /// The logarithm of a gamma-distributed number of a shape and scale 1. Source: Marsaglia and Tsang 2000, "A Simple
  /// Method for Generating Gamma Variables", with their way for shapes below 1.
  private mutating func logarithmOfGamma(_ shape: Double) -> Double {
    guard shape >= 1 else { return logarithmOfGamma(shape + 1) + ElementaryFunctions.log(uniformInside()) / shape }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = gaussian()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      let logarithm = ElementaryFunctions.log(v)
      if ElementaryFunctions.log(uniformInside()) < 0.5 * x * x + d - d * v + d * logarithm {
        return ElementaryFunctions.log(d) + logarithm
      }
    }
  }

  /// A uniform number above 0 and below 1.
  private mutating func uniformInside() -> Double { (Double(next32()) + 0.5) * 0x1p-32 }
}
