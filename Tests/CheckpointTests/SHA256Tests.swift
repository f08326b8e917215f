import Checkpoint
import System
import Testing

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4's companion (NIST, "SHA-256 examples") and of the algorithm's validation suite.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func examples(message: String, expected: String) {
    #expect(hexadecimal(SHA256.hash(Array(message.utf8))) == expected)
  }

  @Test func millionLetters() {
    let message = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    #expect(
      hexadecimal(SHA256.hash(message)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Eight lanes give what the definition gives, one plain hash after the other, for all lengths around the padding's
  /// turning points and for values that arrive in parts.
  @Test func lanesAgreeWithTheDefinition() {
    for count in Array(0...40) + [95, 96, 97, 104, 105, 111, 112, 113, 119, 120, 121, 127, 128, 129, 1000, 4099] {
      let words = (0..<UInt32(count)).map { $0 &* 2_654_435_761 &+ 12345 }
      var hashes: [UInt8] = []
      for lane in 0..<8 {
        var message: [UInt8] = []
        for row in 0..<((count + 7) / 8) {
          let index = 8 * row + lane
          message += withUnsafeBytes(of: (index < count ? words[index] : 0).bigEndian) { Array($0) }
        }
        hashes += SHA256.hash(message)
      }
      let expected = hexadecimal(SHA256.hash(hashes))
      let values = words.map { Float(bitPattern: $0) }
      values.withUnsafeBufferPointer { values in
        #expect(ValueDigest.of(values) == expected, "\(count) values")
        for part in [1, 7, 64, 128, 200] {
          var digest = ValueDigest()
          for start in stride(from: 0, to: count, by: part) {
            digest.update(UnsafeBufferPointer(rebasing: values[start..<min(count, start + part)]))
          }
          #expect(digest.finish() == expected, "\(count) values in parts of \(part)")
        }
      }
    }
  }
}
