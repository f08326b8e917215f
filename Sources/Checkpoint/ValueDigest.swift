import System

/// The digest of a tensor's bits, by eight SHA-256 side by side: one hash of 32-bit words fills one lane of eight of the
/// processor's, and eight of them are as fast as memory, where one alone would make a checkpoint wait.
///
/// The values' bit patterns are words. Word `i` goes to lane `i % 8`; zeros fill the last round. Each lane is one message
/// of SHA-256 (a word's most significant byte first). The digest is the SHA-256 of the eight hashes one after the other.
/// With NumPy: `w = values.view('u4')`, padded to whole eights, and
/// `sha256(b''.join(sha256(w[k::8].astype('>u4').tobytes()).digest() for k in range(8)))`.
package struct ValueDigest: ~Copyable {
  private typealias Lanes = SIMD8<UInt32>

  /// Words in a round of all lanes: 16 make a block of SHA-256.
  private static let blockWords = 16 * 8

  private let state: UnsafeMutablePointer<Lanes>
  /// Words that do not fill a block yet.
  private let pending: UnsafeMutablePointer<UInt32>
  private var pendingCount = 0
  private var wordCount = 0

  package init() {
    state = .allocate(capacity: 8)
    pending = .allocate(capacity: Self.blockWords)
    for index in 0..<8 { state[index] = Lanes(repeating: SHA256.initialState[index]) }
  }

  deinit {
    state.deallocate()
    pending.deallocate()
  }

  /// Takes the next values.
  package mutating func update(_ values: UnsafeBufferPointer<Float>) {
    guard let base = values.baseAddress, values.count > 0 else { return }
    let words = UnsafeRawPointer(base)
    wordCount += values.count
    var taken = 0
    if pendingCount > 0 {
      taken = min(Self.blockWords - pendingCount, values.count)
      UnsafeMutableRawPointer(pending + pendingCount).copyMemory(from: words, byteCount: 4 * taken)
      pendingCount += taken
      guard pendingCount == Self.blockWords else { return }
      Self.compress(state, pending, blocks: 1)
    }
    let blocks = (values.count - taken) / Self.blockWords
    Self.compress(state, words + 4 * taken, blocks: blocks)
    taken += blocks * Self.blockWords
    pendingCount = values.count - taken
    UnsafeMutableRawPointer(pending).copyMemory(from: words + 4 * taken, byteCount: 4 * pendingCount)
  }

  /// The digest of all values taken: 64 hexadecimal digits.
  package consuming func finish() -> String {
    let rows = (wordCount + 7) / 8
    // The standard's padding, in every lane at once: 1, zeros, the length in bits. It may need a second block.
    var tail = [UInt32](repeating: 0, count: 2 * Self.blockWords)
    for index in 0..<pendingCount { tail[index] = pending[index] }
    let row = (pendingCount + 7) / 8
    let blocks = row + 3 <= 16 ? 1 : 2
    let bits = UInt64(rows) * 32
    for lane in 0..<8 {
      tail[8 * row + lane] = 0x8000_0000
      tail[8 * (16 * blocks - 2) + lane] = UInt32(truncatingIfNeeded: bits >> 32)
      tail[8 * (16 * blocks - 1) + lane] = UInt32(truncatingIfNeeded: bits)
    }
    tail.withUnsafeBytes { Self.compress(state, $0.baseAddress!, blocks: blocks) }
    var hashes: [UInt8] = []
    for lane in 0..<8 {
      for index in 0..<8 { hashes.append(contentsOf: SHA256.bytes(state[index][lane])) }
    }
    return hexadecimal(SHA256.hash(hashes))
  }

  /// The digest of `values`.
  package static func of(_ values: UnsafeBufferPointer<Float>) -> String {
    var digest = ValueDigest()
    digest.update(values)
    return digest.finish()
  }

  /// FIPS 180-4, 6.2.2, on `blocks` × 16 rows of 8 words.
  private static func compress(_ state: UnsafeMutablePointer<Lanes>, _ words: UnsafeRawPointer, blocks: Int) {
    guard blocks > 0 else { return }
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 64) { schedule in
      SHA256.roundConstants.withUnsafeBufferPointer { constants in
        let w = schedule.baseAddress!
        let k = constants.baseAddress!
        for block in 0..<blocks {
          let source = words + block * 4 * blockWords
          for t in 0..<16 { w[t] = source.loadUnaligned(fromByteOffset: 32 * t, as: Lanes.self) }
          for t in 16..<64 {
            let x = w[t - 15]
            let y = w[t - 2]
            let small0 = rotated(x, 7) ^ rotated(x, 18) ^ x &>> 3
            let small1 = rotated(y, 17) ^ rotated(y, 19) ^ y &>> 10
            w[t] = small1 &+ w[t - 7] &+ small0 &+ w[t - 16]
          }
          var (a, b, c, d) = (state[0], state[1], state[2], state[3])
          var (e, f, g, h) = (state[4], state[5], state[6], state[7])
          for t in 0..<64 {
            let big1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let choice = g ^ (e & (f ^ g))
            let first = h &+ big1 &+ choice &+ Lanes(repeating: k[t]) &+ w[t]
            let big0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let majority = (a & b) | (c & (a | b))
            let second = big0 &+ majority
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
          }
          state[0] &+= a
          state[1] &+= b
          state[2] &+= c
          state[3] &+= d
          state[4] &+= e
          state[5] &+= f
          state[6] &+= g
          state[7] &+= h
        }
      }
    }
  }

  @inline(__always)
  private static func rotated(_ x: Lanes, _ bits: UInt32) -> Lanes {
    x &>> bits | x &<< (32 - bits)
  }
}
