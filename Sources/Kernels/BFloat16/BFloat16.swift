/// Returns the nearest bfloat16, the even one of two that are as near, as a float. A NaN stays one, and what exceeds
/// the largest bfloat16 by half a step becomes infinite. Every operand is rounded by this rule.
@inline(__always)
public func roundedToBFloat16(_ value: Float) -> Float {
  let bits = value.bitPattern
  guard !value.isNaN else { return Float(bitPattern: (bits | quietNaN) & upperHalf) }
  return Float(bitPattern: (bits &+ 0x7FFF &+ (bits &>> 16 & 1)) & upperHalf)
}

/// The bits of a float that a bfloat16 has.
private var upperHalf: UInt32 { @inline(__always) get { 0xFFFF_0000 } }
/// The bit that makes a NaN a quiet one, which no rounding turns into an infinity.
private var quietNaN: UInt32 { @inline(__always) get { 0x0040_0000 } }

/// The bits of sixteen floats.
typealias Words = SIMD16<UInt32>
/// Sixteen values of bfloat16.
typealias Halves = SIMD16<UInt16>

/// Returns the bits of sixteen values rounded to bfloat16, as floats.
@inline(__always)
func roundedWords(_ values: Vector) -> Words {
  let bits = unsafeBitCast(values, to: Words.self)
  let even = (bits &>> Words(repeating: 16)) & Words(repeating: 1)
  let rounded = bits &+ Words(repeating: 0x7FFF) &+ even
  let kept = bits | Words(repeating: quietNaN)
  return rounded.replacing(with: kept, where: values .!= values) & Words(repeating: upperHalf)
}

/// Returns sixteen values rounded to bfloat16, as floats.
@inline(__always)
func roundedToBFloat16(_ values: Vector) -> Vector { unsafeBitCast(roundedWords(values), to: Vector.self) }

/// Returns sixteen values as bfloat16.
@inline(__always)
func halves(_ values: Vector) -> Halves {
  Halves(truncatingIfNeeded: roundedWords(values) &>> Words(repeating: 16))
}

/// Returns pairs of bfloat16, each a value of `first` below one of `second`, as words.
@inline(__always)
func pairs(_ first: Vector, _ second: Vector) -> Words {
  (roundedWords(first) &>> Words(repeating: 16)) | roundedWords(second)
}

/// Returns pairs of bfloat16, each a value of `first` below one of `second`, as words.
@inline(__always)
func pairs(_ first: Halves, _ second: Halves) -> Words {
  Words(truncatingIfNeeded: first) | Words(truncatingIfNeeded: second) &<< Words(repeating: 16)
}

/// Rounds `count` values to bfloat16, as floats; the target may be the source.
func roundToBFloat16(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>) {
  var index = 0
  while index &+ blockWidth <= count {
    store(roundedToBFloat16(load(source + index)), target + index)
    index &+= blockWidth
  }
  while index < count {
    target[index] = roundedToBFloat16(source[index])
    index &+= 1
  }
}

/// Loads sixteen values of bfloat16 from any address.
@inline(__always)
func load(_ address: UnsafePointer<UInt16>) -> Halves {
  UnsafeRawPointer(address).loadUnaligned(as: Halves.self)
}

/// Stores sixteen values of bfloat16 to any address.
@inline(__always)
func store(_ values: Halves, _ address: UnsafeMutablePointer<UInt16>) {
  UnsafeMutableRawPointer(address).storeBytes(of: values, as: Halves.self)
}

/// Stores sixteen pairs of bfloat16 to any address.
@inline(__always)
func store(_ pairs: Words, _ address: UnsafeMutablePointer<UInt16>) {
  UnsafeMutableRawPointer(address).storeBytes(of: pairs, as: Words.self)
}

/// Transposes 16 rows of 16 pairs of bfloat16, such as 32 values of each of 16 channels.
@inline(__always)
func transposePairs(
  _ source: UnsafePointer<UInt16>, _ sourceStep: Int, _ target: UnsafeMutablePointer<UInt16>, _ targetStep: Int
) {
  // Moving a float moves its bits, whatever they mean.
  transpose16(
    UnsafeRawPointer(source).assumingMemoryBound(to: Float.self), sourceStep / 2,
    UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self), targetStep / 2)
}

/// Returns scratch memory of floats as memory of twice as many values of bfloat16.
@inline(__always)
func halves(of memory: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt16> {
  UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt16.self)
}

/// Returns memory of floats that holds values of bfloat16.
@inline(__always)
func halves(of memory: UnsafePointer<Float>) -> UnsafePointer<UInt16> {
  UnsafeRawPointer(memory).assumingMemoryBound(to: UInt16.self)
}
