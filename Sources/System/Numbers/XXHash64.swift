/// The 64-bit hash XXH64: fast, and good against accidents; it is no protection against intent.
///
/// Source: Collet, "xxHash fast digest algorithm", specification of XXH64.
package func xxHash64(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
  let lanes = XXHash64.Lanes(of: bytes, seed: seed)
  var offset = lanes.count
  var hash: UInt64
  if offset > 0 {
    hash = rotate(lanes.a, 1) &+ rotate(lanes.b, 7) &+ rotate(lanes.c, 12) &+ rotate(lanes.d, 18)
    for lane in lanes.all {
      hash = (hash ^ round(0, lane)) &* XXHash64.prime1 &+ prime4
    }
  } else {
    hash = seed &+ prime5
  }
  hash &+= UInt64(bytes.count)
  while offset + 8 <= bytes.count {
    hash = rotate(hash ^ round(0, word(bytes, offset)), 27) &* XXHash64.prime1 &+ prime4
    offset += 8
  }
  if offset + 4 <= bytes.count {
    let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    hash = rotate(hash ^ (UInt64(half) &* XXHash64.prime1), 23) &* XXHash64.prime2 &+ prime3
    offset += 4
  }
  while offset < bytes.count {
    hash = rotate(hash ^ (UInt64(bytes[offset]) &* prime5), 11) &* XXHash64.prime1
    offset += 1
  }
  hash = (hash ^ hash >> 33) &* XXHash64.prime2
  hash = (hash ^ hash >> 29) &* prime3
  return hash ^ hash >> 32
}

package func xxHash64(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
  bytes.withUnsafeBytes { xxHash64($0, seed: seed) }
}

/// The parts of XXH64 that another hash may be made of.
package enum XXHash64 {
  package static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  package static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F

  /// The four lanes after all whole stripes of 32 bytes, at the speed of memory.
  package struct Lanes {
    package let a, b, c, d: UInt64
    /// The bytes of the whole stripes.
    package let count: Int

    package var all: [UInt64] { [a, b, c, d] }

    package init(of bytes: UnsafeRawBufferPointer, seed: UInt64) {
      var (a, b, c, d) = (seed &+ prime1 &+ prime2, seed &+ prime2, seed, seed &- prime1)
      var offset = 0
      while offset &+ 32 <= bytes.count {
        a = round(a, word(bytes, offset))
        b = round(b, word(bytes, offset &+ 8))
        c = round(c, word(bytes, offset &+ 16))
        d = round(d, word(bytes, offset &+ 24))
        offset &+= 32
      }
      (self.a, self.b, self.c, self.d) = (a, b, c, d)
      count = offset
    }
  }
}

private let prime3: UInt64 = 0x1656_67B1_9E37_79F9
private let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
private let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

private func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
  UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

private func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
  value << bits | value >> (64 - bits)
}

private func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
  rotate(lane &+ input &* XXHash64.prime2, 31) &* XXHash64.prime1
}
