import CArchive
import Glibc
import Images
import System

/// The members of one archive, in their order, as libarchive reads them.
final class ArchiveReader {
  /// The words of an archive on a member, before its bytes.
  struct Header {
    enum Kind {
      case file
      case folder
      /// A link to the member or the path of that name.
      case link(String)
      /// A device, a pipe and the like.
      case special
    }

    /// The name as it is written, with U+FFFD in the place of bytes that are not UTF-8.
    let name: String
    let isUTF8: Bool
    let kind: Kind
    /// The number of bytes, or nil where the archive tells it behind them only.
    let size: Int?
    /// The place of the first byte in the archive, if the bytes lie there in one piece as they are.
    let start: Int?
  }

  /// The largest size of a member in bytes that is believed: a petabyte.
  private static let largestMember = 1 << 50

  private let archive: OpaquePointer
  private let bytes: ArchiveBytes
  /// The archive's path for messages.
  private let path: String
  /// The place behind the last member of a tar file; nil if that is not known.
  private var end: Int?

  init(_ origin: ArchiveBytes.Origin, path: String) throws(DataError) {
    guard let archive = archive_read_new() else { preconditionFailure("libarchive has no memory for \(path)") }
    self.archive = archive
    self.path = path
    bytes = ArchiveBytes(origin)
    archive_read_support_filter_gzip(archive)
    archive_read_support_filter_zstd(archive)
    archive_read_support_filter_bzip2(archive)
    archive_read_support_filter_xz(archive)
    archive_read_support_format_tar(archive)
    archive_read_support_format_zip(archive)
    // Archives that somebody joined by cat count whole: behind the first one's end, pictures would be lost unsaid.
    archive_read_set_format_option(archive, "tar", "read_concatenated_archives", "1")
    bytes.serve(archive)
    try check(archive_read_open1(archive))
  }

  deinit { archive_read_free(archive) }

  /// Returns the next member, or nil after the last one.
  func next() throws(DataError) -> Header? {
    var entry: OpaquePointer?
    let code = inUTF8Locale { archive_read_next_header(archive, &entry) }
    if code == ARCHIVE_EOF {
      try checkEnd()
      return nil
    }
    try check(code)
    guard let entry else { throw DataError(damaged: path, "a member without a header") }
    let (name, isUTF8) = inUTF8Locale { Self.text(archive_entry_pathname(entry)) }
    if archive_entry_is_encrypted(entry) != 0 {
      throw DataError(
        .invalid, path: path, expected: "an archive that is not encrypted", found: "\(name.debugDescription), which is",
        advice: "Unpack it with its password, and pack the folder.")
    }
    let size = archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : nil
    if let size, !(0...Self.largestMember).contains(size) {
      throw DataError(damaged: path, "\(name.debugDescription) is said to have \(size.counted("byte", grouped: true))")
    }
    let isPlain = isTar && archive_filter_count(archive) == 1 && archive_entry_sparse_count(entry) == 0
    let start = Int(archive_filter_bytes(archive, 0))
    end = isTar && archive_entry_sparse_count(entry) == 0 ? size.map { start + $0 } : nil
    return Header(
      name: name, isUTF8: isUTF8, kind: kind(of: entry), size: size, start: isPlain ? start : nil)
  }

  private func kind(of entry: OpaquePointer) -> Header.Kind {
    inUTF8Locale {
      if let target = archive_entry_hardlink(entry) { return .link(Self.text(target).0) }
      if let target = archive_entry_symlink(entry) { return .link(Self.text(target).0) }
      switch archive_entry_filetype(entry) & S_IFMT {
      // Some programs write members without a kind.
      case S_IFREG, 0: return .file
      case S_IFDIR: return .folder
      default: return .special
      }
    }
  }

  private var isZIP: Bool { archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_ZIP }

  private var isTar: Bool { archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_TAR }

  /// Fills `buffer` with the next bytes of the member. Returns how many there were: fewer only where the member ends.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
    guard count >= 0 else { throw error() }
    return count
  }

  /// Returns the bytes of the member. Memory is allocated as they arrive, whatever the archive says of their number.
  func contents(limit: Int, name: String) throws(DataError) -> [UInt8] {
    var contents: [UInt8] = []
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { chunk.deallocate() }
    while true {
      let count = try read(into: chunk)
      guard count > 0 else { return contents }
      contents.append(contentsOf: chunk[..<count])
      guard contents.count <= limit else {
        throw DataError(
          .invalid, path: name, expected: "a member of at most \(limit.counted("byte", grouped: true))", found: "more")
      }
    }
  }

  /// Refuses a tar file that ends behind a member: whoever wrote it added blocks of zeros, and a copy that broke off
  /// between two members would be a smaller set of pictures.
  ///
  /// A ZIP archive has its directory at its end; without it, libarchive would take the members that there are.
  private func checkEnd() throws(DataError) {
    guard try bytes.hasDirectory(isZIP: isZIP) else { throw DataError(damaged: path, "it ends without its directory") }
    guard isTar, let end else { return }
    let padded = end.dividedUp(by: 512) * 512
    guard archive_filter_bytes(archive, 0) > padded else {
      throw DataError(damaged: path, "it ends without the mark of its end")
    }
  }

  // MARK: - Errors

  /// Warnings are not errors: the name is not in the locale's letters, or an extension is not known.
  private func check(_ code: CInt) throws(DataError) {
    guard code == ARCHIVE_OK || code == ARCHIVE_WARN else { throw error() }
  }

  private func error() -> DataError {
    let words = Self.text(archive_error_string(archive)).0.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // Of an end in the middle of a member's header it says nothing.
    let problem = words.isEmpty ? "it ends too early, or in the middle of other bytes" : "libarchive: \(words)"
    return bytes.failure ?? DataError(damaged: path, problem)
  }

  private static func text(_ bytes: UnsafePointer<CChar>?) -> (String, isUTF8: Bool) {
    guard let bytes else { return ("", true) }
    if let valid = String(validatingCString: bytes) { return (valid, true) }
    return (String(cString: bytes), false)
  }
}
