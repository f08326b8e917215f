import Randomness

/// One of the files, altered in one to six ways: bits flipped, bytes and numbers replaced, parts moved, cut off, added.
func mutated(_ corpus: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
  var bytes = corpus[random.below(corpus.count)]
  for _ in 0...random.below(6) where !bytes.isEmpty {
    let place = random.below(bytes.count)
    switch random.below(9) {
    case 0: bytes[place] ^= 1 << UInt8(random.below(8))
    case 1: bytes[place] = UInt8(random.below(256))
    case 2: write(extremes[random.below(extremes.count)], bytes: [1, 2, 4, 8][random.below(4)], &bytes, place, &random)
    case 3:
      write(UInt64(random.below(bytes.count * 2 + 1)), bytes: [1, 2, 4, 8][random.below(4)], &bytes, place, &random)
    case 4: bytes.removeLast(random.below(bytes.count))
    case 5: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(16)))
    case 6: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + random.below(64))], at: place)
    case 7:
      let other = corpus[random.below(corpus.count)]
      bytes.replaceSubrange(place..., with: other.suffix(random.below(other.count + 1)))
    default:
      // Exchanges two parts of equal length: headers, lists, pieces.
      let length = min(1 + random.below(64), bytes.count - place)
      let source = random.below(bytes.count - length + 1)
      let (a, b) = (Array(bytes[place..<place + length]), Array(bytes[source..<source + length]))
      bytes.replaceSubrange(place..<place + length, with: b)
      bytes.replaceSubrange(source..<source + length, with: a)
    }
  }
  return bytes
}

/// Numbers at the borders of what fits.
private let extremes: [UInt64] = [
  0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
  0x8000_0000_0000_0000, .max, 1 << 40,
]

/// Puts a number over what is there, in either order of bytes.
private func write(
  _ value: UInt64, bytes count: Int, _ bytes: inout [UInt8], _ place: Int, _ random: inout SplitMix64
) {
  let isBigEndian = random.below(2) == 0
  for index in 0..<count where place + index < bytes.count {
    bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (isBigEndian ? count - 1 - index : index)))
  }
}
