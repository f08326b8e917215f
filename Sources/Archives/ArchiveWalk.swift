import Images
import System

/// A walk over the members of an archive, and of the archives that are its members, in their order.
final class ArchiveWalk {
  /// A member of the walk.
  struct Member {
    /// The path below the archive. An archive inside stands for a folder of its name without the ending.
    let path: String
    let header: ArchiveReader.Header
    /// A number that grows from member to member.
    let ordinal: Int
    /// The offset of its bytes in the file, if they lie there in one piece as they are.
    let start: Int?
    /// Whether it lies in an archive inside.
    let isInner: Bool
    /// Whether it is an archive itself, whose members follow.
    let isArchive: Bool
  }

  private let file: ArchiveFile
  private let opensInner: Bool
  private let outer: ArchiveReader
  private var inner: (reader: ArchiveReader, folder: String, start: Int?)?
  private var counts = (outer: 0, inner: 0)

  /// - Parameter opensInner: Whether the walk goes into archives inside.
  init(_ file: ArchiveFile, opensInner: Bool) throws(DataError) {
    self.file = file
    self.opensInner = opensInner
    outer = try ArchiveReader(.file(file, 0..<file.identity.size), path: file.path)
  }

  /// Returns the next member, or nil after the last one.
  func next() throws(DataError) -> Member? {
    while let (reader, folder, start) = inner {
      guard let header = try reader.next() else {
        inner = nil
        break
      }
      counts.inner += 1
      let own = try MemberName.cleaned(header.name, archive: "\(file.path)/\(folder)")
      if own.isEmpty { continue }
      let place = start.flatMap { start in header.start.map { start + $0 } }
      return Member(
        path: "\(folder)/\(own)", header: header, ordinal: counts.outer << 32 | counts.inner, start: place,
        isInner: true, isArchive: false)
    }
    guard let header = try outer.next() else { return nil }
    counts.outer += 1
    counts.inner = 0
    let path = try MemberName.cleaned(header.name, archive: file.path)
    let folder = ArchiveKind.stem(path)
    let isFile = if case .file = header.kind { true } else { false }
    let isArchive = opensInner && isFile && folder != nil
    if let folder, isArchive {
      if let size = header.size, let start = header.start {
        guard size <= file.identity.size - start else { throw tooLarge(path, size, start) }
        inner = (
          try ArchiveReader(.file(file, start..<start + size), path: "\(file.path)/\(path)"), folder, start
        )
      } else {
        inner = (try ArchiveReader(.member(outer), path: "\(file.path)/\(path)"), folder, nil)
      }
    }
    if let start = header.start, let size = header.size, isFile, size > file.identity.size - start {
      throw tooLarge(path, size, start)
    }
    return Member(
      path: path, header: header, ordinal: counts.outer << 32, start: header.start, isInner: false,
      isArchive: isArchive)
  }

  /// Returns the bytes of the member that the walk is at.
  func contents(limit: Int, path: String) throws(DataError) -> [UInt8] {
    try (inner?.reader ?? outer).contents(limit: limit, name: "\(file.path)/\(path)")
  }

  private func tooLarge(_ path: String, _ size: Int, _ start: Int) -> DataError {
    DataError(
      damaged: file.path,
      "\(path.debugDescription) is said to have \(size.counted("byte", grouped: true)), and "
        + "\((file.identity.size - start).grouped) follow")
  }
}
