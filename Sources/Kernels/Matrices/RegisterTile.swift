/// A tile of sums that stay in registers: one or two vectors of 16 outputs for each of a few pixels.
///
/// A kernel's inner loop calls `add` once per input value and weight vector. `Join` puts tiles of any size together
/// from single pixels, so that every sum is a stored property of its own, which the compiler keeps in a register; an
/// array of vectors would live in memory.
protocol RegisterTile {
  /// One or two vectors of weights, which are used for every pixel of the tile.
  associatedtype Weights

  static var pixels: Int { get }

  /// Loads the weights at `address`, the second vector `stride` floats behind the first.
  static func weights(_ address: UnsafePointer<Float>, _ stride: Int) -> Weights

  /// Starts every pixel's sums with the same vectors.
  init(_ start: Weights)

  /// Adds: sums[p] += input[p·step] · weights.
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, _ weights: Weights)

  /// The tile whose sums are all 0.
  static var zero: Self { get }

  /// Writes output[pixelStep·p] = sums[p], the second vector `stride` floats behind the first.
  func write(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int)

  /// Writes as `write` does, past the caches; `output` has to be a multiple of 64 bytes.
  func stream(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int)

  /// Adds output[pixelStep·p] += sums[p], the second vector `stride` floats behind the first.
  func accumulate(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int)
}

/// A tile of one pixel and 16 outputs.
struct Single: RegisterTile {
  private var sum: Vector

  static var pixels: Int { @inline(__always) get { 1 } }

  static var zero: Single { @inline(__always) get { Single(.zero) } }

  @inline(__always)
  static func weights(_ address: UnsafePointer<Float>, _ stride: Int) -> Vector { load(address) }

  @inline(__always)
  init(_ start: Vector) { sum = start }

  @inline(__always)
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, _ weights: Vector) {
    sum = multiplyAdd(sum, Vector(repeating: input[0]), weights)
  }

  @inline(__always)
  func write(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) { store(sum, output) }

  @inline(__always)
  func stream(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    Kernels.stream(sum, output)
  }

  @inline(__always)
  func accumulate(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    store(load(output) + sum, output)
  }
}

/// A tile of one pixel and 32 outputs.
struct Double32: RegisterTile {
  private var first: Vector
  private var second: Vector

  static var pixels: Int { @inline(__always) get { 1 } }

  static var zero: Double32 { @inline(__always) get { Double32((.zero, .zero)) } }

  @inline(__always)
  static func weights(_ address: UnsafePointer<Float>, _ stride: Int) -> (Vector, Vector) {
    (load(address), load(address + stride))
  }

  @inline(__always)
  init(_ start: (Vector, Vector)) { (first, second) = start }

  @inline(__always)
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, _ weights: (Vector, Vector)) {
    let value = Vector(repeating: input[0])
    first = multiplyAdd(first, value, weights.0)
    second = multiplyAdd(second, value, weights.1)
  }

  @inline(__always)
  func write(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    store(first, output)
    store(second, output + stride)
  }

  @inline(__always)
  func stream(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    Kernels.stream(first, output)
    Kernels.stream(second, output + stride)
  }

  @inline(__always)
  func accumulate(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    store(load(output) + first, output)
    store(load(output + stride) + second, output + stride)
  }
}

/// A tile of the pixels of one tile and then those of another.
struct Join<A: RegisterTile, B: RegisterTile>: RegisterTile where A.Weights == B.Weights {
  private var a: A
  private var b: B

  static var pixels: Int { @inline(__always) get { A.pixels &+ B.pixels } }

  static var zero: Join<A, B> { @inline(__always) get { Join(a: A.zero, b: B.zero) } }

  @inline(__always)
  static func weights(_ address: UnsafePointer<Float>, _ stride: Int) -> A.Weights { A.weights(address, stride) }

  @inline(__always)
  private init(a: A, b: B) {
    self.a = a
    self.b = b
  }

  @inline(__always)
  init(_ start: A.Weights) {
    a = A(start)
    b = B(start)
  }

  @inline(__always)
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, _ weights: A.Weights) {
    a.add(input, step, weights)
    b.add(input + A.pixels &* step, step, weights)
  }

  @inline(__always)
  func write(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    a.write(output, pixelStep: pixelStep, stride)
    b.write(output + A.pixels &* pixelStep, pixelStep: pixelStep, stride)
  }

  @inline(__always)
  func stream(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    a.stream(output, pixelStep: pixelStep, stride)
    b.stream(output + A.pixels &* pixelStep, pixelStep: pixelStep, stride)
  }

  @inline(__always)
  func accumulate(_ output: UnsafeMutablePointer<Float>, pixelStep: Int, _ stride: Int) {
    a.accumulate(output, pixelStep: pixelStep, stride)
    b.accumulate(output + A.pixels &* pixelStep, pixelStep: pixelStep, stride)
  }
}

typealias Pixels2<T: RegisterTile> = Join<T, T>
typealias Pixels3<T: RegisterTile> = Join<Pixels2<T>, T>
typealias Pixels4<T: RegisterTile> = Join<Pixels2<T>, Pixels2<T>>
typealias Pixels5<T: RegisterTile> = Join<Pixels4<T>, T>
typealias Pixels6<T: RegisterTile> = Join<Pixels4<T>, Pixels2<T>>
typealias Pixels7<T: RegisterTile> = Join<Pixels4<T>, Pixels3<T>>
typealias Pixels8<T: RegisterTile> = Join<Pixels4<T>, Pixels4<T>>
typealias Pixels9<T: RegisterTile> = Join<Pixels8<T>, T>
typealias Pixels10<T: RegisterTile> = Join<Pixels8<T>, Pixels2<T>>
typealias Pixels11<T: RegisterTile> = Join<Pixels8<T>, Pixels3<T>>
typealias Pixels12<T: RegisterTile> = Join<Pixels6<T>, Pixels6<T>>
typealias Pixels13<T: RegisterTile> = Join<Pixels7<T>, Pixels6<T>>
typealias Pixels14<T: RegisterTile> = Join<Pixels7<T>, Pixels7<T>>
typealias Pixels16<T: RegisterTile> = Join<Pixels8<T>, Pixels8<T>>
