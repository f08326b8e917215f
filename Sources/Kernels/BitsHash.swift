/// A 64-bit hash of the values' bits, to tell whether two ranks hold the same parameters.
///
/// Four lanes of multiply-and-rotate (the round of xxHash64), so that it runs at memory speed. Not for hostile data.
public func bitsHash(_ values: UnsafeBufferPointer<Float>) -> UInt64 {
  let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  var lanes = SIMD4<UInt64>(prime1 &+ prime2, prime2, 0, 0 &- prime1)
  let bits = UnsafeRawBufferPointer(values)
  let whole = bits.count / 32 * 32
  func turned(_ x: SIMD4<UInt64>, by count: UInt64) -> SIMD4<UInt64> { (x &<< count) | (x &>> (64 &- count)) }
  var offset = 0
  while offset < whole {
    lanes =
      turned(lanes &+ bits.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self) &* prime2, by: 31) &* prime1
    offset &+= 32
  }
  var hash = UInt64(bits.count)
  for lane in 0..<4 { hash = (hash ^ lanes[lane]) &* prime1 &+ prime2 }
  for byte in bits[whole...] { hash = (hash ^ UInt64(byte)) &* prime1 &+ prime2 }
  return hash ^ (hash >> 29)
}
