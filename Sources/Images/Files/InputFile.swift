import CZlib
import Glibc
import System
import SystemPackage

/// A regular file that is read from its beginning, plain or gzipped, which its content tells and not its name.
struct InputFile: ~Copyable {
  let path: String
  /// The number of bytes on the disk.
  let size: Int
  private let file: gzFile
  /// The bytes that are decompressed at once.
  private static let bufferBytes = 1 << 18
  private let descriptor: Int32
  private let expected: String

  /// Opens the file. `expected` says what it should be.
  init(path: String, expected: String) throws(DataError) {
    let regular: RegularFile
    do throws(RegularFileError) {
      regular = try RegularFile(path)
    } catch {
      throw DataError(error, path: path, expected: expected)
    }
    size = regular.size
    descriptor = regular.release()
    guard let file = gzdopen(descriptor, "rb") else {
      MemoryFailure.end(bytes: Self.bufferBytes, reason: "zlib cannot read \(path)")
    }
    gzbuffer(file, UInt32(Self.bufferBytes))
    self.file = file
    self.path = path
    self.expected = expected
  }

  deinit {
    gzclose_r(file)
  }

  /// Whether the content is decompressed.
  var isCompressed: Bool { gzdirect(file) == 0 }

  /// Returns the next `count` bytes of the content, or fewer if it ends. Memory is allocated as bytes arrive.
  func read(_ count: Int) throws(DataError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(count, isCompressed ? 1 << 24 : size))
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 18), alignment: 16)
    defer { chunk.deallocate() }
    while bytes.count < count {
      let wanted = min(chunk.count, count - bytes.count)
      let got = Int(gzread(file, chunk.baseAddress, UInt32(wanted)))
      if got > 0 { bytes.append(contentsOf: chunk[..<got]) }
      if got < wanted {
        try checkError()
        break
      }
    }
    return bytes
  }

  /// Throws what zlib or the system says went wrong in the last read. The end of the file is not an error.
  private func checkError() throws(DataError) {
    var code: Int32 = 0
    let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
    guard code != Z_OK, code != Z_STREAM_END else { return }
    if code == Z_ERRNO { throw DataError(Errno(rawValue: errno), path: path, expected: expected) }
    let prefix = "<fd:\(descriptor)>: "
    let words = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
    throw DataError(
      .invalid, path: path, expected: "\(expected) in a whole gzip file",
      found: "damage in its \(size.counted("byte")) (zlib: \(words))", advice: "Copy or download the file again.")
  }
}
