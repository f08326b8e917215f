/// Takes the gradient on one block of one image's map through f(y) of Eqn 1, in place, with the sums that the layer's
/// own parameters need.
///
/// On return `gradient` holds ∂E/∂y: the given ∂E/∂f where y > 0, a times it elsewhere. The sum Σ ∂E/∂y over the pixels
/// is written to `dBias`, and Σ y·∂E/∂f over the pixels with y ≤ 0 to `dSlopes` (Eqns 2 and 3), 16 floats a block each.
/// Without slopes a = 1.
public func activationGradient(
  gradient: UnsafeMutablePointer<Float>, _ preactivation: PendingMap, _ extents: BlockedExtents, block: Int,
  dBias: UnsafeMutablePointer<Float>, dSlopes: UnsafeMutablePointer<Float>
) {
  let pixels = extents.height &* extents.width
  let a = preactivation.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
  let dF = gradient + block &* pixels &* blockWidth
  let y = preactivation.values + block &* pixels &* blockWidth
  // Two sums each, by parity of the pixel: half the latency of one.
  var bias = (Vector.zero, Vector.zero)
  var slope = (Vector.zero, Vector.zero)
  @inline(__always)
  func pixel(_ index: Int, _ bias: inout Vector, _ slope: inout Vector) {
    let values = load(y + index &* blockWidth)
    let given = load(dF + index &* blockWidth)
    let negative = values .<= 0
    let passed = given.replacing(with: given * a, where: negative)
    store(passed, dF + index &* blockWidth)
    bias += passed
    slope += Vector.zero.replacing(with: given * values, where: negative)
  }
  var index = 0
  while index &+ 1 < pixels {
    pixel(index, &bias.0, &slope.0)
    pixel(index &+ 1, &bias.1, &slope.1)
    index &+= 2
  }
  if index < pixels { pixel(index, &bias.0, &slope.0) }
  store(bias.0 + bias.1, dBias + block &* blockWidth)
  store(slope.0 + slope.1, dSlopes + block &* blockWidth)
}

/// The function f(y) of Eqn 1 and its gradient on rows of units with one slope a unit, as fully connected layers have
/// them: all matrices are rows×units.
public struct RowActivation {
  public let rows: Int
  public let units: Int

  public init(rows: Int, units: Int) {
    self.rows = rows
    self.units = units
  }

  /// Writes f(y); `output` may be the memory of `y`.
  public func forward(
    _ y: UnsafePointer<Float>, slopes: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      let y = y + row &* units
      let f = output + row &* units
      for unit in 0..<units { f[unit] = y[unit] <= 0 ? slopes[unit] * y[unit] : y[unit] }
    }
  }

  /// Turns ∂E/∂f in `gradient` into ∂E/∂y, and writes the sums over the rows of ∂E/∂y to `dBias` and of y·∂E/∂f where
  /// y ≤ 0 to `dSlopes`.
  public func backward(
    gradient: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, slopes: UnsafePointer<Float>,
    dBias: UnsafeMutablePointer<Float>, dSlopes: UnsafeMutablePointer<Float>
  ) {
    for unit in 0..<units {
      dBias[unit] = 0
      dSlopes[unit] = 0
    }
    for row in 0..<rows {
      let y = y + row &* units
      let dF = gradient + row &* units
      for unit in 0..<units {
        let given = dF[unit]
        let negative = y[unit] <= 0
        let passed = negative ? given * slopes[unit] : given
        dF[unit] = passed
        dBias[unit] += passed
        dSlopes[unit] += negative ? given * y[unit] : 0
      }
    }
  }
}
