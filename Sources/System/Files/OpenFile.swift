import Glibc
import SystemPackage

/// An open file, which is closed when its owner goes.
///
/// Reading and writing go on where a signal has interrupted them. All errors are the system's own: the caller knows the
/// file's name and what it was about to do.
package struct OpenFile: ~Copyable, Sendable {
  /// The descriptor's number: a `FileDescriptor` is not Sendable.
  private let number: CInt

  private var descriptor: FileDescriptor { FileDescriptor(rawValue: number) }

  /// Opens what is there.
  package init(
    _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions = []
  ) throws(Errno) {
    try self.init(path, mode, options, nil)
  }

  /// Makes a new file to read and write. Nothing may bear its name yet; a symbolic link there is not followed.
  ///
  /// - Parameter permissions: the rights, from which the umask takes some away.
  package init(creating path: String, permissions: FilePermissions = .all) throws(Errno) {
    try self.init(path, .readWrite, [.create, .exclusiveCreate], permissions)
  }

  /// Opens a file to write at its end. Where there is none, it is made, with the rights that the umask leaves.
  package init(appendingTo path: String) throws(Errno) {
    try self.init(path, .writeOnly, [.create, .append], .all)
  }

  /// Opens what may be a terminal, to ask about it. It does not become this process's own.
  package init(terminal path: String) throws(Errno) {
    try self.init(path, .writeOnly, .nonBlocking, nil)
  }

  private init(
    _ path: String, _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions,
    _ permissions: FilePermissions?
  ) throws(Errno) {
    // No terminal becomes this process's own by being opened.
    let all = options.union([.closeOnExec, FileDescriptor.OpenOptions(rawValue: O_NOCTTY)])
    number = try calling { try FileDescriptor.open(path, mode, options: all, permissions: permissions) }.rawValue
  }

  deinit {
    try? descriptor.close()
  }

  /// Closes the file and throws if that fails, which `deinit` cannot do.
  package consuming func close() throws(Errno) {
    let descriptor = release()
    try calling { try FileDescriptor(rawValue: descriptor).close() }
  }

  /// Gives the descriptor away: the caller closes it.
  package consuming func release() -> CInt {
    let number = number
    discard self
    return number
  }

  package func status() throws(Errno) -> Stat { try Stat(descriptor) }

  // MARK: - Reading

  /// Fills `bytes` from `offset` on. Returns how many there were: fewer only where the file ends.
  package func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
    let descriptor = descriptor
    var done = 0
    while done < bytes.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
      let count = try calling { try descriptor.read(fromAbsoluteOffset: Int64(offset + done), into: rest) }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Calls `body` with the first `count` bytes as they are in the system's memory, without a copy. The file must not
  /// become shorter meanwhile.
  package func withMapped<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) throws(Errno) -> Result {
    guard count > 0 else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    let memory = mmap(nil, count, PROT_READ, MAP_PRIVATE, number, 0)
    guard let memory, memory != MAP_FAILED else { throw Errno(rawValue: errno) }
    defer { munmap(memory, count) }
    return body(UnsafeRawBufferPointer(start: memory, count: count))
  }

  /// Tells the system that these bytes will be read soon.
  package func announce(_ range: Range<Int>) {
    posix_fadvise(number, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
  }

  /// Asks the system to drop the file from its memory, so that the next reading comes from the device.
  package func dropFromMemory() {
    posix_fadvise(number, 0, 0, POSIX_FADV_DONTNEED)
  }

  // MARK: - Writing

  /// Writes all of `bytes` from `offset` on.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) {
    let descriptor = descriptor
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = try calling { try descriptor.write(toAbsoluteOffset: Int64(offset + done), rest) }
      guard count > 0 else { throw .noSpace }
      done += count
    }
  }

  /// Writes all of `bytes` where the last writing ended, or at the file's end if it was opened for that.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
    let descriptor = descriptor
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = try calling { try descriptor.write(rest) }
      guard count > 0 else { throw .noSpace }
      done += count
    }
  }

  package func write(_ bytes: [UInt8]) throws(Errno) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(Errno) in try write(UnsafeRawBufferPointer(bytes)) }
  }

  /// Waits until all bytes are on the device.
  package func synchronize() throws(Errno) {
    let number = number
    try retrying { fsync(number) }
  }

  package func resize(to size: Int) throws(Errno) {
    let descriptor = descriptor
    try calling { try descriptor.resize(to: Int64(size)) }
  }

  // MARK: - Locks

  /// The outcome of asking for a lock.
  package enum Lock: Sendable {
    /// The file is locked until `unlock`, until it is closed, or until its process ends in whatever way.
    case taken
    /// Another process has locked it.
    case ofAnother
    /// The file system gives no locks.
    case unavailable
  }

  /// Asks for the lock on the file or folder without waiting for it.
  package func lock() -> Lock {
    let number = number
    do throws(Errno) {
      try retrying { flock(number, LOCK_EX | LOCK_NB) }
      return .taken
    } catch {
      return error == .resourceTemporarilyUnavailable ? .ofAnother : .unavailable
    }
  }

  /// Opens a file to read and to write. Where there is none, it is made, with the rights that the umask leaves.
  package init(sharing path: String) throws(Errno) {
    try self.init(path, .readWrite, [.create], .all)
  }

  /// Tells whether the file system gives a lock on the file. The lock is given back at once.
  package func canBeLocked() -> Bool {
    guard lock() == .taken else { return false }
    unlock()
    return true
  }

  /// Gives the lock back.
  func unlock() {
    let number = number
    try? retrying { flock(number, LOCK_UN) }
  }
}

extension FilePermissions {
  /// The right to read and write for everybody, which the umask restricts.
  package static var all: FilePermissions { FilePermissions(rawValue: 0o666) }
}
