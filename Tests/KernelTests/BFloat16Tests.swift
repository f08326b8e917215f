import Kernels
import Randomness
import System
import Testing

/// The nearest bfloat16 by its definition: of the two floats with empty lower halves around a value the nearer one, and
/// of two that are as near the one whose last bit is zero. Beyond the largest, the next step counts as infinity.
private func nearest(_ value: Float) -> Float {
  guard value.isFinite else { return value }
  let below = Float(bitPattern: value.magnitude.bitPattern & 0xFFFF_0000)
  let above = Float(bitPattern: below.bitPattern + 0x1_0000)
  let next =
    above.isFinite ? Double(above) : 2 * Double(below) - Double(Float(bitPattern: below.bitPattern - 0x1_0000))
  let (down, up) = (Double(value.magnitude) - Double(below), next - Double(value.magnitude))
  let isBelow = down < up || down == up && below.bitPattern >> 16 & 1 == 0
  return Float(sign: value.sign, exponent: 0, significand: 1) * (isBelow ? below : above)
}

/// Values around every rule: ties to even and odd, the steps beside them, the largest, zeros and denormal numbers.
private let specialValues: [Float] =
  [
    0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude,
    Float(bitPattern: 0x3F80_8000), Float(bitPattern: 0x3F81_8000), Float(bitPattern: 0x3F80_7FFF),
    Float(bitPattern: 0x3F80_8001), Float(bitPattern: 0x7F7F_7FFF), Float(bitPattern: 0x7F7F_8000),
    Float(bitPattern: 0xFF7F_8000), Float(bitPattern: 0x0000_8000), Float(bitPattern: 0x0001_8000),
    Float(bitPattern: 0x8000_8001),
  ]

@Test func roundingIsToTheNearest() {
  var numbers = SplitMix64(1)
  let bits = (0..<100_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: numbers.next())) }
  for value in specialValues + bits where !value.isNaN {
    let rounded = roundedToBFloat16(value)
    #expect(rounded.bitPattern == nearest(value).bitPattern, "\(value) was rounded to \(rounded)")
    #expect(roundedToBFloat16(rounded).bitPattern == rounded.bitPattern)
  }
}

/// A NaN whose payload is in the lower half only would become an infinity if it were cut off.
@Test func roundingKeepsNaN() {
  for bits: UInt32 in [0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0xFF80_0001, 0xFFFF_FFFF, 0x7FBF_8000] {
    #expect(roundedToBFloat16(Float(bitPattern: bits)).isNaN)
  }
}

/// A convolution that multiplies a single channel by 1 passes on its operands as they were rounded, sixteen at a time.
@Test(arguments: [ConvolutionMethod.tiles, .direct])
func operandsAreRoundedByTheSameRule(method: ConvolutionMethod) {
  let nan = Float(bitPattern: 0x7F80_0001)
  let values = specialValues + [nan, -nan]
  let shape = ConvolutionCase(
    ConvolutionShape(
      Extents(channels: 1, height: 1, width: values.count), filters: 1, kernel: 1, stride: 1, padding: 0), seed: 1)
  let algorithm = ConvolutionChoice(
    shape.shape, forced: method, precision: .bfloat16, engine: .floatProducts
  ).algorithm
  let filters = GuardedBuffer(algorithm.filterCount(.forward))
  for piece in 0..<algorithm.filterPieces {
    algorithm.transformFilters([1], .forward, piece: piece, into: filters.base)
  }
  let bias = GuardedBuffer(filled([0]))
  let output = GuardedBuffer(shape.output.count)
  let scratch = GuardedBuffer(algorithm.scratchCount(images: 1, members: 1))
  let input = GuardedBuffer(blocked(values, channels: 1, height: 1, width: values.count))
  algorithm.forward(
    ConvolutionPass(
      images: 1, input: PendingMap(values: input.base),
      parameters: ConvolutionParameters(filters: filters.base, bias: bias.base, slopes: nil), output: output.base,
      scratch: scratch.base))
  for (index, value) in values.enumerated() {
    let passed = output.base[index * blockWidth]
    // Adding the bias makes a positive zero of a negative one.
    #expect(passed == roundedToBFloat16(value) || passed.isNaN && value.isNaN, "\(value) became \(passed)")
  }
}
