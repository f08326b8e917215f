import Glibc
import HDF5

/// A file that is open for reading at any place, by any thread.
final class InputBytes: Sendable {
  let path: String
  let size: Int
  let descriptor: CInt

  init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      throw FileError(
        code == ENOENT ? .missing : .cannotRead, path: path, what: "cannot be opened", code: code)
    }
    var status = stat()
    size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  deinit { close(descriptor) }

  /// Fills `bytes` from `offset` on; false where that fails or the file ends before, with the reason in `errno`, which is
  /// 0 at the file's end.
  func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) -> Bool {
    var done = 0
    while done < bytes.count {
      let part = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if part < 0 && errno == EINTR { continue }
      if part == 0 { errno = 0 }
      guard part > 0 else { return false }
      done += part
    }
    return true
  }

  /// Lets the system read ahead.
  func announce(_ range: Range<Int>) {
    posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
  }
}

/// A file that is written, at its end or at any place.
final class OutputFile {
  let path: String
  private let descriptor: CInt
  private var isOpen = true
  private var end = 0

  /// A new file in place of what bears the name.
  convenience init(creating path: String) throws(FileError) {
    unlink(path)
    try self.init(path, O_WRONLY | O_CREAT | O_EXCL)
  }

  /// A file that is there.
  convenience init(opening path: String) throws(FileError) { try self.init(path, O_WRONLY) }

  private init(_ path: String, _ flags: CInt) throws(FileError) {
    self.path = path
    descriptor = open(path, flags | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError(.cannotCreate, path: path, what: "cannot be opened for writing", code: errno)
    }
  }

  deinit {
    if isOpen { Glibc.close(descriptor) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try write(bytes, at: end)
    end += bytes.count
  }

  func append<Value: BitwiseCopyable>(_ values: [Value]) throws(FileError) {
    try values.withUnsafeBufferPointer { (values) throws(FileError) in try append(UnsafeRawBufferPointer(values)) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let part = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else { throw failure(part == 0 ? ENOSPC : errno) }
      done += part
    }
  }

  /// Waits until all bytes are on the device.
  func synchronize() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw failure(errno) }
  }

  func close() throws(FileError) {
    isOpen = false
    guard Glibc.close(descriptor) == 0 else { throw failure(errno) }
  }

  private func failure(_ code: CInt) -> FileError {
    let free = FileSystem.freeBytes(FileSystem.folder(of: path)).map { "; \(sizeText($0)) are free" } ?? ""
    return FileError(
      .cannotWrite, path: path, problem: "cannot be written: \(systemWords(code))\(free)",
      advice: [systemAdvice(code, writing: true), "The same command goes on from there"]
        .filter { !$0.isEmpty }.joined(separator: ". "))
  }
}
