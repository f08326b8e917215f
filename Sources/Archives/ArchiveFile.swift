import Images
import System

/// An archive's file, open for reading at any place by any thread.
package final class ArchiveFile: Sendable {
  /// The marks by which one state of a file is told from another without reading it.
  package struct Identity: Codable, Equatable, Hashable, Sendable {
    package let path: String
    package let size: Int
    /// The time of the last change, in nanoseconds since 1970.
    package let time: Int
  }

  package let identity: Identity
  private let file: RegularFile

  package var path: String { identity.path }

  static let expected = "an archive: .tar, .tar.gz, .tar.zst or .zip"

  package init(_ path: String) throws(DataError) {
    do throws(RegularFileError) {
      file = try RegularFile(path)
    } catch {
      throw DataError(archive: path, error)
    }
    let status: Int?
    do throws(FileError) {
      status = try FileSystem.status(path)?.modificationNanoseconds
    } catch {
      throw DataError(.failed, path: path, expected: Self.expected, found: error.problem)
    }
    identity = Identity(path: path, size: file.size, time: status ?? 0)
  }

  /// Opens the file again, such as on another rank.
  /// - Throws: An error if it is not the file that it was.
  package convenience init(_ identity: Identity) throws(DataError) {
    try self.init(identity.path)
    guard identity == self.identity else {
      throw DataError(
        .failed, path: identity.path, expected: "the archive as it was when its members were listed",
        found: "another size or time", advice: "Run the same command again once nobody changes it.")
    }
  }

  /// Fills `bytes` from `offset` on. Returns how many there were: fewer only where the file ends.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(DataError) -> Int {
    do {
      return try file.read(into: bytes, at: offset)
    } catch {
      throw DataError(
        .failed, path: path, expected: Self.expected, found: "that it cannot be read (\(error))",
        advice: "Run the same command again once it can.")
    }
  }

  /// Returns the bytes of a member whose place in the file is known.
  package func contents(at place: MemberPlace) throws(DataError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: place.size)
    let result = bytes.withUnsafeMutableBytes { bytes in
      Result { () throws(DataError) in try read(into: bytes, at: place.position) }
    }
    guard try result.get() == place.size else { throw DataError(damaged: path, "the file ends inside a member") }
    return bytes
  }
}

/// The place of a member in an archive.
package struct MemberPlace: Equatable, BitwiseCopyable, Sendable {
  /// The archive's number among those of a source.
  package var archive: Int
  /// The offset of the member's bytes in the archive's file; or, if the archive is read from its beginning only, a
  /// number that grows from member to member.
  package var position: Int
  /// The number of the member's bytes.
  package var size: Int

  package init(archive: Int, position: Int, size: Int) {
    self.archive = archive
    self.position = position
    self.size = size
  }
}

extension DataError {
  /// An error for an archive that the system does not let us read.
  fileprivate init(archive path: String, _ reason: RegularFileError) {
    let found: String
    switch reason {
    case .refused(let code, let what): found = "that it \(what) (\(code))"
    case .otherKind(let other): found = other
    case .tooLarge(let bytes): found = bytes.counted("byte")
    }
    self.init(.missing, path: path, expected: ArchiveFile.expected, found: found)
  }

  /// An error for an archive that is not whole, in the words of whoever found that.
  init(damaged path: String, _ words: String) {
    self.init(
      .invalid, path: path, expected: "a whole archive", found: "damage (\(words))",
      advice: "Copy or download it again.")
  }
}
