import System

/// The signs of an archive: the beginning of its file, and its name.
package enum ArchiveKind {
  /// Returns whether a file is an archive. Its content decides; the oldest tar files show themselves by their names
  /// only.
  package static func isArchive(_ path: String) -> Bool {
    guard let head = try? FileSystem.beginning(of: path, limit: 512), !head.isEmpty else { return false }
    return signatures.contains { head.dropFirst($0.offset).starts(with: $0.bytes) }
      || path.lowercased().hasSuffix(".tar")
  }

  /// Returns a file's name without the ending of an archive, or nil if it has none.
  package static func stem(_ name: String) -> String? {
    let lower = name.lowercased()
    guard let ending = endings.first(where: { lower.hasSuffix($0) && lower.utf8.count > $0.utf8.count }) else {
      return nil
    }
    return String(name.dropLast(ending.count))
  }

  private static let endings = [
    ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".zip", ".tar.bz2", ".tbz2", ".tar.xz", ".txz",
  ]

  private static let signatures: [(bytes: [UInt8], offset: Int)] = [
    (Array("ustar".utf8), 257),
    ([0x1F, 0x8B], 0),
    ([0x28, 0xB5, 0x2F, 0xFD], 0),
    (Array("PK".utf8) + [0x03, 0x04], 0),
    (Array("PK".utf8) + [0x05, 0x06], 0),
    (Array("BZh".utf8), 0),
    ([0xFD] + Array("7zXZ".utf8), 0),
  ]
}
