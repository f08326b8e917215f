import SystemPackage

/// An open regular file, which any thread may read at any place.
///
/// What a path from outside leads to may be anything: a pipe or a device is refused and not waited for.
package struct RegularFile: ~Copyable, Sendable {
  private let file: OpenFile
  /// The file's size in bytes when it was opened.
  package let size: Int

  /// - Parameter limit: the most bytes that a file may have.
  package init(
    _ path: String, _ mode: FileDescriptor.AccessMode = .readOnly, limit: Int = .max
  ) throws(RegularFileError) {
    // Without this option, opening a pipe waits until somebody writes to it.
    let file: OpenFile
    do throws(Errno) {
      file = try OpenFile(path, mode, .nonBlocking)
    } catch {
      throw .refused(error, what: "cannot be opened")
    }
    let status: Stat
    do throws(Errno) {
      status = try file.status()
    } catch {
      throw .refused(error, what: "cannot be examined")
    }
    if let other = status.nameOfOtherKind { throw .otherKind(other) }
    guard status.size <= limit else { throw .tooLarge(bytes: Int(status.size)) }
    size = Int(status.size)
    self.file = file
  }

  /// The whole content of a file of at most `limit` bytes.
  package static func contents(of path: String, limit: Int) throws(RegularFileError) -> [UInt8] {
    let file = try RegularFile(path, limit: limit)
    return try file.beginning(limit: file.size)
  }

  /// Fills `bytes` from `offset` on. Returns how many there were: fewer only where the file ends.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
    try file.read(into: bytes, at: offset)
  }

  /// Fills `bytes` from `offset` on. Returns false where the file ends before or cannot be read.
  package func fills(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
    (try? file.read(into: bytes, at: offset)) == bytes.count
  }

  /// Tells the system that these bytes will be read soon.
  package func announce(_ range: Range<Int>) { file.announce(range) }

  /// Calls `body` with all bytes as they are in the system's memory, without a copy. The file must not become shorter
  /// meanwhile.
  package func withMapped<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws(Errno) -> Result {
    try file.withMapped(size, body)
  }

  /// Makes a file that was opened for writing shorter or longer.
  package func resize(to size: Int) throws(Errno) { try file.resize(to: size) }

  /// Gives the descriptor away: the caller closes it.
  package consuming func release() -> CInt { file.release() }

  /// The first bytes, at most `limit` of them. Files that the system makes up as they are read, such as those in /proc,
  /// have more than their size says.
  package func beginning(limit: Int) throws(RegularFileError) -> [UInt8] {
    do throws(Errno) {
      return try [UInt8](capacity: limit) { (bytes) throws(Errno) in
        try bytes.withUnsafeMutableBufferPointer { (buffer, count) throws(Errno) in
          count = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
      }
    } catch {
      throw .refused(error, what: "cannot be read")
    }
  }
}

/// The reason why a regular file is not read.
package enum RegularFileError: Error, Sendable {
  /// The system refuses a step, which `what` names: "cannot be opened".
  case refused(Errno, what: String)
  /// Something else is there: "a folder", "a pipe or a device".
  case otherKind(String)
  /// The file has more bytes than are read.
  case tooLarge(bytes: Int)
}

extension FileError {
  /// An error for a file that is not read.
  ///
  /// - Parameter expected: what should be there: "a text of at most 10 bytes".
  package init(_ reason: RegularFileError, path: String, expected: String) {
    switch reason {
    case .refused(let code, let what):
      self.init(code == .noSuchFileOrDirectory ? .missing : .cannotRead, path: path, what: what, code: code)
    case .otherKind(let found): self.init(.wrongKind, path: path, problem: "expected \(expected), found \(found)")
    case .tooLarge(let bytes):
      self.init(.wrongKind, path: path, problem: "expected \(expected), found \(bytes.counted("byte"))")
    }
  }
}

extension Stat {
  /// A noun with its article for what it is instead of a regular file; nil for a regular file.
  fileprivate var nameOfOtherKind: String? {
    switch type {
    case .regular: nil
    case .directory: "a folder"
    default: "a pipe or a device"
    }
  }

  /// The time when the content was last changed, in nanoseconds since 1970.
  package var modificationNanoseconds: Int { st_mtim.tv_sec &* 1_000_000_000 &+ st_mtim.tv_nsec }
}
