import Hashing
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
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
        + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func examples(message: String, expected: String) {
    #expect(SHA256.digest(of: message) == expected)
  }

  @Test func millionLetters() {
    #expect(
      SHA256.digest(of: String(repeating: "a", count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Bytes that arrive in parts give the digest of the whole, for all lengths around a block's 64 bytes and its
  /// padding.
  @Test func partsGiveTheDigestOfTheWhole() {
    for count in Array(0...130) + [4099] {
      let message = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
      message.withUnsafeBytes { message in
        let expected = SHA256.digest(of: message)
        for part in [1, 7, 64, 128, 200] {
          var hash = SHA256()
          for start in stride(from: 0, to: count, by: part) {
            hash.update(UnsafeRawBufferPointer(rebasing: message[start..<min(count, start + part)]))
          }
          #expect(hash.finish() == expected, "\(count) bytes in parts of \(part)")
        }
      }
    }
  }
}
