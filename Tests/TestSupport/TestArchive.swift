import CArchive
import Glibc

/// An archive that a test writes: a tar file, plain or compressed, or a zip file.
public struct TestArchive {
  public enum Format: CaseIterable, Sendable {
    case ustar
    case pax
    case gnu
    case tarGzip
    case tarZstandard
    case zip
    case zipStored

    /// The usual ending of such a file's name.
    public var ending: String {
      switch self {
      case .ustar, .pax, .gnu: "tar"
      case .tarGzip: "tar.gz"
      case .tarZstandard: "tar.zst"
      case .zip, .zipStored: "zip"
      }
    }
  }

  public enum Content {
    case file([UInt8])
    case folder
    case symbolicLink(String)
    case hardLink(String)
  }

  private var members: [(name: String, content: Content)] = []

  public init() {}

  public mutating func add(_ name: String, _ content: Content) { members.append((name, content)) }

  public mutating func add(_ name: String, _ bytes: [UInt8]) { add(name, .file(bytes)) }

  /// Returns the archive's bytes.
  public func bytes(_ format: Format) throws(TestArchiveError) -> [UInt8] {
    // In the locale of C, libarchive would not know the letters of names.
    let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)
    let before = uselocale(locale)
    defer {
      uselocale(before)
      freelocale(locale)
    }
    let archive = archive_write_new()!
    defer { archive_write_free(archive) }
    switch format {
    case .ustar: archive_write_set_format_ustar(archive)
    case .pax, .tarGzip, .tarZstandard: archive_write_set_format_pax(archive)
    case .gnu: archive_write_set_format_gnutar(archive)
    case .zip, .zipStored: archive_write_set_format_zip(archive)
    }
    switch format {
    case .tarGzip: archive_write_add_filter_gzip(archive)
    case .tarZstandard: archive_write_add_filter_zstd(archive)
    case .zipStored: archive_write_zip_set_compression_store(archive)
    default: break
    }
    // Without this, the last block is as long as a tape's.
    archive_write_set_bytes_in_last_block(archive, 1)
    let room = 1 << 20 + members.reduce(0) { $0 + $1.name.utf8.count + 4096 + $1.content.count }
    var bytes = [UInt8](repeating: 0, count: room)
    var used = 0
    let words: String? = bytes.withUnsafeMutableBytes { buffer in
      guard archive_write_open_memory(archive, buffer.baseAddress, buffer.count, &used) == ARCHIVE_OK else {
        return String(cString: archive_error_string(archive))
      }
      for member in members where !Self.write(member.name, member.content, to: archive) {
        return "\(member.name): \(String(cString: archive_error_string(archive)))"
      }
      return archive_write_close(archive) == ARCHIVE_OK ? nil : String(cString: archive_error_string(archive))
    }
    if let words { throw TestArchiveError(description: words) }
    return Array(bytes.prefix(used))
  }

  private static func write(_ name: String, _ content: Content, to archive: OpaquePointer) -> Bool {
    let entry = archive_entry_new()
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_mtime(entry, 1_400_000_000, 0)
    archive_entry_set_size(entry, Int64(content.count))
    archive_entry_set_filetype(entry, UInt32(Glibc.S_IFREG))
    switch content {
    case .file: break
    case .folder: archive_entry_set_filetype(entry, UInt32(Glibc.S_IFDIR))
    case .symbolicLink(let target):
      archive_entry_set_filetype(entry, UInt32(Glibc.S_IFLNK))
      archive_entry_set_symlink(entry, target)
    case .hardLink(let target): archive_entry_set_hardlink(entry, target)
    }
    guard archive_write_header(archive, entry) == ARCHIVE_OK else { return false }
    guard case .file(let bytes) = content else { return true }
    return archive_write_data(archive, bytes, bytes.count) == bytes.count
  }

  /// Returns a block of 512 bytes that a member of a tar file begins with, whatever it says.
  public static func header(_ name: String, size: String, kind: Character = "0") -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    put(name, 0)
    put("0000644", 100)
    put("0000000", 108)
    put("0000000", 116)
    put(size, 124)
    put("00000000000", 136)
    put("        ", 148)
    put("\(kind)", 156)
    put("ustar", 257)
    put("00", 263)
    let sum = block.reduce(0) { $0 + Int($1) }
    let digits = String(sum, radix: 8)
    put(String(repeating: "0", count: 6 - digits.count) + digits, 148)
    block[154] = 0
    return block
  }
}

extension TestArchive.Content {
  fileprivate var count: Int { if case .file(let bytes) = self { bytes.count } else { 0 } }
}

/// An archive that could not be written, in libarchive's words.
public struct TestArchiveError: Error, CustomStringConvertible {
  public let description: String
}
