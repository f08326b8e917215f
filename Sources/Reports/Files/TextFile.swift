import Glibc
import HDF5

/// Whole texts, read and written with the system's own words on failure.
package enum TextFile {
  /// The largest text that is read, in bytes.
  static let sizeLimit = 256 << 20

  /// The text of a file; nil where there is none.
  static func read(_ path: String) throws(ReportError) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 && (errno == ENOENT || errno == ENOTDIR) { return nil }
    guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw failure(path, "cannot be examined") }
    if let problem = problem(information, limit: sizeLimit) {
      throw ReportError(table: path, problem: problem)
    }
    var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
    var count = 0
    while count < bytes.count {
      let limit = bytes.count - count
      let part = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, limit) }
      if part < 0 && errno == EINTR { continue }
      guard part >= 0 else { throw failure(path, "cannot be read") }
      if part == 0 { break }
      count += part
    }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      let kind = FileKind.name(Array(bytes.prefix(64)))
      throw ReportError(
        table: path,
        problem: "expected a text in UTF-8, found " + (kind == "a text file" ? "one in another encoding" : kind))
    }
    return text
  }

  /// What is wrong with what is there instead of a text of at most `limit` bytes.
  static func problem(_ information: stat, limit: Int) -> String? {
    let expected = "expected a text of at most \(limit) bytes, found"
    switch information.st_mode & S_IFMT {
    case S_IFREG: return information.st_size <= limit ? nil : "\(expected) \(information.st_size) bytes"
    case S_IFDIR: return "\(expected) a folder"
    default: return "\(expected) a pipe or a device"
    }
  }

  /// Puts a whole file in place at once, so that a reader sees the old one or the new one.
  ///
  /// - Parameter synchronizes: whether the new one must be on the device before.
  package static func replace(
    _ path: String, with text: String, synchronizes: Bool = false
  ) throws(ReportError) {
    let temporary = "\(path).tmp.\(getpid())"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path, "cannot be created", .cannotCreate) }
    do throws(ReportError) {
      defer { close(descriptor) }
      try write(text, to: descriptor, path)
      if synchronizes, fsync(descriptor) != 0 { throw failure(path, "cannot be synced to the device") }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = failure(path, "cannot be put in place", .cannotCreate)
      unlink(temporary)
      throw error
    }
  }

  /// Adds a line to a table, and the header before the first one.
  static func append(_ line: String, header: String, to path: String) throws(ReportError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path, "cannot be opened for writing", .cannotCreate) }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw failure(path, "cannot be examined") }
    try write((information.st_size == 0 ? header + "\n" : "") + line + "\n", to: descriptor, path)
  }

  /// Refuses a path where no file can be written, without changing what is there.
  package static func checkWritable(_ path: String) throws(ReportError) {
    if access(path, F_OK) == 0 {
      guard !isFolder(path) else {
        throw ReportError(.cannotCreate, path: path, problem: "expected the name of a file, found a folder")
      }
      guard access(path, W_OK) == 0 else { throw failure(path, "cannot be written", .cannotCreate) }
      return
    }
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    guard access(folder, W_OK | X_OK) == 0 else {
      throw failure(path, "cannot be created in \(folder)", .cannotCreate)
    }
  }

  static func write(_ text: String, to descriptor: CInt, _ path: String) throws(ReportError) {
    try write(Array(text.utf8), to: descriptor, path)
  }

  static func write(_ bytes: [UInt8], to descriptor: CInt, _ path: String) throws(ReportError) {
    var bytes = bytes[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, "cannot be written") }
      bytes = bytes.dropFirst(count)
    }
  }

  static func makeFolder(_ path: String) throws(ReportError) {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      made += made.isEmpty && !part.isEmpty ? String(part) : "/\(part)"
      if part.isEmpty || mkdir(made, 0o777) == 0 || errno == EEXIST { continue }
      throw failure(path, "cannot be created", .cannotCreate)
    }
    var information = stat()
    guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
      throw ReportError(.cannotCreate, path: path, problem: "expected a folder, found a file of that name")
    }
  }

  static func isFolder(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// Takes the system's words for what just failed.
  static func failure(_ path: String, _ what: String, _ kind: ReportError.Kind = .inputOutput) -> ReportError {
    let code = errno
    return ReportError(
      kind, path: path, problem: "\(what): \(systemWords(code))",
      advice: systemAdvice(code, writing: kind == .cannotCreate))
  }
}
