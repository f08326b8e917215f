import Archives
import Images
import System
import SystemPackage

/// The files of a person's sources: those on the disk, and those inside archives, whose paths go on behind the
/// archive's own, as if it were a folder.
final class SourceFiles {
  /// The archives that are open, in the order in which they were found.
  private(set) var archives: [ArchiveIndex] = []
  /// The archives' numbers by the bytes of their paths: Swift would take paths for equal that show the same letters in
  /// different bytes.
  private var numbers: [[UInt8]: Int] = [:]

  /// An entry of a folder.
  struct Entry {
    let name: String
    var isFolder: Bool
    let isUTF8: Bool
    /// The kind of an entry that is neither a file nor a folder, in words: a link inside an archive, or to nothing.
    var other: String?
  }

  /// Opens a file if it is an archive. Returns the archive's number.
  @discardableResult
  func open(_ path: String) throws(DataError) -> Int? {
    let key = Array(Self.key(path).utf8)
    if let number = numbers[key] { return number }
    guard FileSystem.isRegularFile(path), ArchiveKind.isArchive(path) else { return nil }
    archives.append(try ArchiveIndex(ArchiveFile(path), isPicture: FileEnding.isPicture))
    numbers[key] = archives.count - 1
    return archives.count - 1
  }

  /// Refuses a file that is named as an archive and is none, such as one that was not downloaded: its lines would be
  /// taken for a list's.
  static func refuseFalseArchive(_ path: String) throws(DataError) {
    guard ArchiveKind.stem(FileSystem.name(of: path)) != nil,
      let head = try? FileSystem.beginning(of: path, limit: 512)
    else { return }
    throw DataError(
      .invalid, path: path, expected: "an archive, as its name says", found: describeContent(head),
      advice: "Copy or download it again, or give it another name if it is a list.")
  }

  /// Returns the same text for paths that differ in dots and slashes only.
  private static func key(_ path: String) -> String { FilePath(path).lexicallyNormalized().string }

  /// Returns the archive that a path leads into, and the rest of the path.
  func inside(_ path: String) -> (archive: Int, path: String)? {
    guard !numbers.isEmpty else { return nil }
    let path = Array(Self.key(path).utf8)
    if let number = numbers[path] { return (number, "") }
    var end = path.endIndex
    while let slash = path[..<end].lastIndex(of: UInt8(ascii: "/")) {
      if let number = numbers[Array(path[..<slash])] {
        return (number, String(decoding: path[(slash + 1)...], as: UTF8.self))
      }
      end = slash
    }
    return nil
  }

  func isFolder(_ path: String) -> Bool {
    inside(path).map { archives[$0.archive].isFolder($0.path) } ?? FileSystem.isFolder(path)
  }

  /// Returns whether a regular file is there.
  func isFile(_ path: String) -> Bool {
    inside(path).map { archives[$0.archive].isFile($0.path) } ?? FileSystem.isRegularFile(path)
  }

  func exists(_ path: String) -> Bool {
    inside(path) == nil ? FileSystem.exists(path) : isFolder(path) || isFile(path)
  }

  /// Returns the folder that a path's last name is in. Beside an archive lie the files of its folder on the disk.
  func parent(_ path: String) -> String {
    inside(path) == nil && isFolder(path) ? "\(path)/.." : FileSystem.folder(of: path)
  }

  /// Returns the names in a folder, in no particular order.
  func names(in folder: String) throws(FileError) -> [String] {
    guard let (archive, path) = inside(folder) else { return try FileSystem.names(in: folder) }
    guard let entries = archives[archive].entries(of: path) else {
      throw FileError(.missing, path: folder, problem: "expected a folder in the archive, found none")
    }
    return entries.map(\.name)
  }

  /// Returns all entries of a folder, in no particular order. An error of the listing ends it: what the system does not
  /// tell may be pictures.
  /// - Parameter expected: what the folder should be.
  func entries(of folder: String, expected: String) throws(DataError) -> [Entry] {
    guard let (archive, path) = inside(folder) else { return try Self.entries(onDisk: folder, expected: expected) }
    guard let entries = archives[archive].entries(of: path) else {
      throw DataError(.missing, path: folder, expected: expected, found: "no such folder in the archive")
    }
    return entries.map { Entry(name: $0.name, isFolder: $0.isFolder, isUTF8: $0.isUTF8, other: $0.other) }
  }

  /// Returns the whole content of a file of at most `limit` bytes. `expected` says what the file should be.
  func contents(of path: String, limit: Int, expected: String) throws(DataError) -> [UInt8] {
    guard let (archive, inner) = inside(path) else {
      return try readWhole(path: path, limit: limit, expected: expected)
    }
    guard let bytes = try archives[archive].contents(inner, limit: limit) else {
      throw DataError(
        .missing, path: path, expected: expected,
        found: "none of that name in the archive, or one that is too large or of another kind")
    }
    return bytes
  }

  /// Returns the first bytes of a file, where they can be had.
  func beginning(of path: String, limit: Int) -> [UInt8]? {
    guard let (archive, inner) = inside(path) else { return try? FileSystem.beginning(of: path, limit: limit) }
    return (try? archives[archive].contents(inner, limit: 1 << 30))?.map { Array($0.prefix(limit)) }
  }

  /// Returns the place of a picture in an archive, or nil for a file on the disk.
  func place(_ path: String) -> MemberPlace? {
    inside(path).flatMap { archives[$0.archive].place($0.path, archive: $0.archive) }
  }

  private static func entries(onDisk folder: String, expected: String) throws(DataError) -> [Entry] {
    func refused(_ what: String, _ code: Errno, _ path: String) -> DataError {
      let isRefusal = [.noSuchFileOrDirectory, .notDirectory, .permissionDenied, .notPermitted].contains(code)
      return DataError(
        isRefusal ? .missing : .failed, path: path, expected: expected, found: "that it cannot be \(what) (\(code))",
        advice: isRefusal
          ? ""
          : "What the system did not tell may be pictures: check the disk or the server, and run the command again.")
    }
    let stream: FolderStream
    do throws(Errno) {
      stream = try FolderStream(folder)
    } catch {
      throw refused("opened", error, folder)
    }
    var entries: [Entry] = []
    while true {
      let next: FolderStream.Entry?
      do throws(Errno) {
        next = try stream.next()
      } catch {
        throw refused("read to its end", error, folder)
      }
      guard let entry = next else { return entries }
      let path = "\(folder)/\(entry.name)"
      var own = Entry(name: entry.name, isFolder: entry.isFolder ?? false, isUTF8: entry.isUTF8)
      if entry.isFolder == nil {
        do throws(Errno) {
          own.isFolder = try Stat(path).type == .directory
        } catch {
          let isDangling = [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error)
          guard isDangling || !entry.isUTF8 else { throw refused("examined", error, path) }
          if isDangling { own.other = "a link to what is not there" }
        }
      }
      entries.append(own)
    }
  }
}
