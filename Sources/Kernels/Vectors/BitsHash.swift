import System

/// Returns a 64-bit hash of the values' bits, which tells whether two ranks hold the same parameters.
///
/// It has the lanes of XXH64, which run at memory speed, and an end of its own. It does not withstand hostile data.
public func bitsHash(_ values: UnsafeBufferPointer<Float>) -> UInt64 {
  let bits = UnsafeRawBufferPointer(values)
  let lanes = XXHash64.Lanes(of: bits, seed: 0)
  var hash = UInt64(bits.count)
  for lane in lanes.all { hash = (hash ^ lane) &* XXHash64.prime1 &+ XXHash64.prime2 }
  for byte in bits[lanes.count...] { hash = (hash ^ UInt64(byte)) &* XXHash64.prime1 &+ XXHash64.prime2 }
  return hash ^ (hash >> 29)
}
