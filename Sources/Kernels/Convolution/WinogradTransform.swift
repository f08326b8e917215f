/// The one-dimensional transforms of a minimal filtering algorithm F(m, r) (Winograd 1980; Lavin and Gray 2015): m
/// outputs of a filter of r taps from m + r − 1 inputs with as many products,
///
///     y = Aᵀ [ (G w) ⊙ (Bᵀ d) ],
///
/// and their transposes, which give the gradients: B [ (G w) ⊙ (A dy) ] is that of the input and
/// Gᵀ [ (Bᵀ d) ⊙ (A dy) ] that of the filter.
///
/// Each transform works on vectors of 16 lanes that lie `step` floats apart in `source` and `targetStep` floats apart
/// in `target`; the two do not overlap.
protocol WinogradTransform: Sendable {
  /// The number of outputs, m.
  static var outputs: Int { get }
  /// The number of taps, r.
  static var taps: Int { get }

  /// Bᵀ takes inputs to the transform domain.
  static func input(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int)
  /// B takes the gradient of transformed inputs back.
  static func inputTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int)
  /// Aᵀ takes products from the transform domain to outputs.
  static func output(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int)
  /// A takes the gradient of outputs to the transform domain.
  static func outputTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int)
  /// G takes filters to the transform domain.
  static func filter(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int)
  /// Gᵀ takes the gradient of transformed filters back.
  static func filterTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int)
}

extension WinogradTransform {
  /// The extent of a tile in the transform domain, m + r − 1.
  static var tile: Int { @inline(__always) get { outputs &+ taps &- 1 } }
  /// The number of products of a tile in two dimensions, for each pair of channel and filter.
  static var products: Int { @inline(__always) get { tile &* tile } }
}

/// F(4, 3) with the interpolation points 0, ±√½, ±√2 and ∞, which halve the rounding error of 0, ±1, ±2, ∞.
///
/// For the points ±a and ±b, a² = ½, b² = 2 and a²b² = 1, so that several constants vanish.
struct WinogradF4x3: WinogradTransform {
  static var outputs: Int { @inline(__always) get { 4 } }
  static var taps: Int { @inline(__always) get { 3 } }

  private static var a: Float { @inline(__always) get { 0.707_106_781 } }
  private static var b: Float { @inline(__always) get { 1.414_213_562 } }
  /// The sum a² + b².
  private static var sum: Float { @inline(__always) get { 2.5 } }
  /// The weight of the points ±a, 1 / (2a²(a² − b²)).
  private static var ga: Float { @inline(__always) get { -0.666_666_667 } }
  /// The weight of the points ±b, 1 / (2b²(b² − a²)).
  private static var gb: Float { @inline(__always) get { 0.166_666_667 } }

  @inline(__always)
  static func input(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let d0 = load(source)
    let d1 = load(source + step)
    let d2 = load(source + 2 &* step)
    let d3 = load(source + 3 &* step)
    let d4 = load(source + 4 &* step)
    let d5 = load(source + 5 &* step)
    store(multiplyAdd(d0 + d4, Vector(repeating: -sum), d2), target)
    let evenA = multiplyAdd(d4, Vector(repeating: -2), d2)
    let oddA = multiplyAdd(d3, Vector(repeating: -2), d1)
    store(multiplyAdd(evenA, Vector(repeating: a), oddA), target + targetStep)
    store(multiplyAdd(evenA, Vector(repeating: -a), oddA), target + 2 &* targetStep)
    let evenB = multiplyAdd(d4, Vector(repeating: -0.5), d2)
    let oddB = multiplyAdd(d3, Vector(repeating: -0.5), d1)
    store(multiplyAdd(evenB, Vector(repeating: b), oddB), target + 3 &* targetStep)
    store(multiplyAdd(evenB, Vector(repeating: -b), oddB), target + 4 &* targetStep)
    store(multiplyAdd(d1 + d5, Vector(repeating: -sum), d3), target + 5 &* targetStep)
  }

  @inline(__always)
  static func inputTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let e0 = load(source)
    let (plusA, minusA) = (load(source + step), load(source + 2 &* step))
    let (plusB, minusB) = (load(source + 3 &* step), load(source + 4 &* step))
    let e5 = load(source + 5 &* step)
    let (evenA, oddA) = (plusA + minusA, (plusA - minusA) * a)
    let (evenB, oddB) = (plusB + minusB, (plusB - minusB) * b)
    store(e0, target)
    store(
      multiplyAdd(multiplyAdd(e5, Vector(repeating: -2), oddA), Vector(repeating: -0.5), oddB), target + targetStep)
    store(
      multiplyAdd(
        multiplyAdd(e0 * -sum, Vector(repeating: -2), evenA), Vector(repeating: -0.5), evenB), target + 2 &* targetStep)
    store(multiplyAdd(oddA + oddB, Vector(repeating: -sum), e5), target + 3 &* targetStep)
    store(e0 + evenA + evenB, target + 4 &* targetStep)
    store(e5, target + 5 &* targetStep)
  }

  @inline(__always)
  static func output(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let m0 = load(source)
    let (plusA, minusA) = (load(source + step), load(source + 2 &* step))
    let (plusB, minusB) = (load(source + 3 &* step), load(source + 4 &* step))
    let m5 = load(source + 5 &* step)
    let (evenA, oddA) = (plusA + minusA, (plusA - minusA) * a)
    let (evenB, oddB) = (plusB + minusB, (plusB - minusB) * b)
    store(m0 + evenA + evenB, target)
    store(oddA + oddB, target + targetStep)
    store(multiplyAdd(evenA * 0.5, Vector(repeating: 2), evenB), target + 2 &* targetStep)
    store(
      multiplyAdd(multiplyAdd(m5, Vector(repeating: 0.5), oddA), Vector(repeating: 2), oddB), target + 3 &* targetStep)
  }

  @inline(__always)
  static func outputTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let y0 = load(source)
    let y1 = load(source + step)
    let y2 = load(source + 2 &* step)
    let y3 = load(source + 3 &* step)
    store(y0, target)
    let evenA = multiplyAdd(y0, Vector(repeating: 0.5), y2)
    let oddA = multiplyAdd(y1, Vector(repeating: 0.5), y3)
    store(multiplyAdd(evenA, Vector(repeating: a), oddA), target + targetStep)
    store(multiplyAdd(evenA, Vector(repeating: -a), oddA), target + 2 &* targetStep)
    let evenB = multiplyAdd(y0, Vector(repeating: 2), y2)
    let oddB = multiplyAdd(y1, Vector(repeating: 2), y3)
    store(multiplyAdd(evenB, Vector(repeating: b), oddB), target + 3 &* targetStep)
    store(multiplyAdd(evenB, Vector(repeating: -b), oddB), target + 4 &* targetStep)
    store(y3, target + 5 &* targetStep)
  }

  @inline(__always)
  static func filter(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let w0 = load(source)
    let w1 = load(source + step)
    let w2 = load(source + 2 &* step)
    store(w0, target)
    let evenA = multiplyAdd(w0, Vector(repeating: 0.5), w2) * ga
    let oddA = w1 * (ga * a)
    store(evenA + oddA, target + targetStep)
    store(evenA - oddA, target + 2 &* targetStep)
    let evenB = multiplyAdd(w0, Vector(repeating: 2), w2) * gb
    let oddB = w1 * (gb * b)
    store(evenB + oddB, target + 3 &* targetStep)
    store(evenB - oddB, target + 4 &* targetStep)
    store(w2, target + 5 &* targetStep)
  }

  @inline(__always)
  static func filterTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let u0 = load(source)
    let (plusA, minusA) = (load(source + step), load(source + 2 &* step))
    let (plusB, minusB) = (load(source + 3 &* step), load(source + 4 &* step))
    let u5 = load(source + 5 &* step)
    let (evenA, oddA) = ((plusA + minusA) * ga, (plusA - minusA) * (ga * a))
    let (evenB, oddB) = ((plusB + minusB) * gb, (plusB - minusB) * (gb * b))
    store(u0 + evenA + evenB, target)
    store(oddA + oddB, target + targetStep)
    store(
      multiplyAdd(multiplyAdd(u5, Vector(repeating: 0.5), evenA), Vector(repeating: 2), evenB),
      target + 2 &* targetStep)
  }
}

/// F(3, 2) with the interpolation points 0, ±1 and ∞.
struct WinogradF3x2: WinogradTransform {
  static var outputs: Int { @inline(__always) get { 3 } }
  static var taps: Int { @inline(__always) get { 2 } }

  @inline(__always)
  static func input(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let d0 = load(source)
    let d1 = load(source + step)
    let d2 = load(source + 2 &* step)
    let d3 = load(source + 3 &* step)
    store(d0 - d2, target)
    store(d1 + d2, target + targetStep)
    store(d2 - d1, target + 2 &* targetStep)
    store(d3 - d1, target + 3 &* targetStep)
  }

  @inline(__always)
  static func inputTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let e0 = load(source)
    let e1 = load(source + step)
    let e2 = load(source + 2 &* step)
    let e3 = load(source + 3 &* step)
    store(e0, target)
    store(e1 - e2 - e3, target + targetStep)
    store(e1 + e2 - e0, target + 2 &* targetStep)
    store(e3, target + 3 &* targetStep)
  }

  @inline(__always)
  static func output(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let m0 = load(source)
    let (plus, minus) = (load(source + step), load(source + 2 &* step))
    let m3 = load(source + 3 &* step)
    let even = plus + minus
    store(m0 + even, target)
    store(plus - minus, target + targetStep)
    store(even + m3, target + 2 &* targetStep)
  }

  @inline(__always)
  static func outputTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let y0 = load(source)
    let y1 = load(source + step)
    let y2 = load(source + 2 &* step)
    let even = y0 + y2
    store(y0, target)
    store(even + y1, target + targetStep)
    store(even - y1, target + 2 &* targetStep)
    store(y2, target + 3 &* targetStep)
  }

  @inline(__always)
  static func filter(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let (w0, w1) = (load(source), load(source + step))
    store(w0, target)
    store((w0 + w1) * 0.5, target + targetStep)
    store((w0 - w1) * 0.5, target + 2 &* targetStep)
    store(w1, target + 3 &* targetStep)
  }

  @inline(__always)
  static func filterTransposed(
    _ source: UnsafePointer<Float>, _ step: Int, _ target: UnsafeMutablePointer<Float>, _ targetStep: Int
  ) {
    let u0 = load(source)
    let (plus, minus) = (load(source + step), load(source + 2 &* step))
    let u3 = load(source + 3 &* step)
    store(u0 + (plus + minus) * 0.5, target)
    store((plus - minus) * 0.5 + u3, target + targetStep)
  }
}
