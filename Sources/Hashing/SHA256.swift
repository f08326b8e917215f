import CCrypto
import System

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, which uses the processor's own instructions for it.
///
/// A digest is a text of 64 lower-case hexadecimal digits, as `sha256sum` and Python's `hashlib` print it.
package struct SHA256: ~Copyable {
  /// The `EVP_MD_CTX` of the bytes taken so far.
  private let context: OpaquePointer

  package init() {
    precondition(Self.isPrepared, "libcrypto cannot be initialized")
    // With no configuration file that could forbid an algorithm, only want of memory makes these calls fail.
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let result = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    precondition(result == 1, "SHA-256 of \(bytes.count) bytes: EVP_DigestUpdate returned \(result) instead of 1")
  }

  /// The digest of all bytes taken.
  package consuming func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let result = EVP_DigestFinal_ex(context, &bytes, nil)
    precondition(result == 1, "SHA-256: EVP_DigestFinal_ex returned \(result) instead of 1")
    return hexadecimal(bytes)
  }

  /// The digest of `bytes`.
  package static func digest(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }

  /// The digest of a text in UTF-8.
  package static func digest(of text: String) -> String {
    var text = text
    return text.withUTF8 { digest(of: UnsafeRawBufferPointer($0)) }
  }

  /// The name and version of the library, such as "OpenSSL 3.0.17".
  package static var library: String {
    String(cString: OpenSSL_version(OPENSSL_VERSION)).split(separator: " ").prefix(2).joined(separator: " ")
  }

  /// Whether libcrypto is initialized, which the first use takes care of. It reads no configuration file and does not
  /// clean up at exit: a thread may still be hashing a checkpoint while another one ends the process.
  private static let isPrepared =
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT), nil) == 1
}
