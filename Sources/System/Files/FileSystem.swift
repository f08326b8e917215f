import Glibc

/// The system's calls on files and folders that the durability of checkpoints and packs rests on.
package enum FileSystem {
  /// What is there, symbolic links followed; nil where nothing is.
  package static func status(_ path: String) throws(FileError) -> stat? {
    var information = stat()
    guard stat(path, &information) != 0 else { return information }
    let code = errno
    if code == ENOENT || code == ENOTDIR { return nil }
    throw FileError(.cannotRead, path: path, what: "cannot be examined", code: code)
  }

  package static func isFolder(_ path: String) throws(FileError) -> Bool {
    guard let information = try status(path) else { return false }
    return information.st_mode & S_IFMT == S_IFDIR
  }

  package static func isRegularFile(_ path: String) throws(FileError) -> Bool {
    guard let information = try status(path) else { return false }
    return information.st_mode & S_IFMT == S_IFREG
  }

  /// The names in a folder, in no order, without "." and "..".
  package static func names(in folder: String) throws(FileError) -> [String] {
    guard let stream = opendir(folder) else {
      let code = errno
      throw FileError(
        code == ENOENT ? .missing : .cannotRead, path: folder, what: "cannot be listed", code: code)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Waits until what was written to the file, or the names in the folder, are on the device.
  package static func synchronize(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FileError(.cannotWrite, path: path, what: "cannot be opened to sync it", code: errno)
    }
    defer { close(descriptor) }
    // A folder on some network file systems cannot be synced, and needs not be: EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw FileError(.cannotWrite, path: path, what: "cannot be synced to the device", code: errno)
    }
  }

  /// Gives the file a new name, in place of what bears it. A symbolic link there is replaced, not followed.
  package static func rename(_ old: String, to new: String) throws(FileError) {
    guard Glibc.rename(old, new) == 0 else {
      throw FileError(.cannotWrite, path: new, what: "cannot be put in place", code: errno)
    }
  }

  /// Removes a file; that it is not there is no error.
  package static func remove(_ path: String) throws(FileError) {
    guard unlink(path) == 0 || errno == ENOENT else {
      throw FileError(.cannotWrite, path: path, what: "cannot be removed", code: errno)
    }
  }

  /// The first bytes of a file, at most `limit`.
  package static func beginning(of path: String, limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      throw FileError(
        code == ENOENT ? .missing : .cannotRead, path: path, what: "cannot be opened", code: code)
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let part = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + count, limit - count) }
      if part < 0 && errno == EINTR { continue }
      guard part >= 0 else {
        throw FileError(.cannotRead, path: path, what: "cannot be read", code: errno)
      }
      if part == 0 { break }
      count += part
    }
    return Array(bytes[..<count])
  }

  /// Writes a small text file anew: under a temporary name first, synced, and then renamed.
  package static func replace(_ path: String, with text: String, temporary: String) throws(FileError) {
    try remove(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError(.cannotCreate, path: path, what: "cannot be created", code: errno)
    }
    var failure: CInt = 0
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty && failure == 0 {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        bytes = bytes.dropFirst(count)
      } else if errno != EINTR {
        failure = errno
      }
    }
    if failure == 0 && fsync(descriptor) != 0 { failure = errno }
    if close(descriptor) != 0 && failure == 0 { failure = errno }
    guard failure == 0 else {
      unlink(temporary)
      throw FileError(.cannotWrite, path: path, what: "cannot be written", code: failure)
    }
    do throws(FileError) {
      try rename(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronize(folder(of: path))
  }

  /// The bytes that this process may still write where `path` is; nil where the file system does not say.
  package static func freeBytes(_ path: String) -> Int? {
    var information = statvfs()
    guard statvfs(path, &information) == 0, information.f_blocks > 0 else { return nil }
    // The blocks that are reserved for the superuser.
    let blocks = geteuid() == 0 ? information.f_bfree : information.f_bavail
    let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(information.f_frsize))
    return overflow ? nil : Int(clamping: bytes)
  }

  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func name(of path: String) -> String {
    String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
  }
}

/// A number of bytes for a person to read: decimal units, one digit after the point.
package func sizeText(_ bytes: Int) -> String {
  guard bytes >= 1000 else { return "\(bytes) bytes" }
  let (unit, name) = bytes < 1_000_000 ? (1e3, "kB") : bytes < 1_000_000_000 ? (1e6, "MB") : (1e9, "GB")
  return "\((Double(bytes) / unit * 10).rounded() / 10) \(name)"
}
