import Glibc

/// Opens a regular file for reading: the caller closes the descriptor. `expected` says what the file should be.
func openRegularFile(
  path: String, expected: String
) throws(DataError) -> (descriptor: Int32, size: Int) {
  // Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
  let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  guard descriptor >= 0 else { throw systemError(path: path, expected: expected) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    let error = systemError(path: path, expected: expected)
    close(descriptor)
    throw error
  }
  switch status.st_mode & S_IFMT {
  case S_IFREG: return (descriptor, Int(status.st_size))
  case S_IFDIR:
    close(descriptor)
    throw DataError(.invalid, path: path, expected: expected, found: "a folder")
  default:
    close(descriptor)
    throw DataError(.invalid, path: path, expected: expected, found: "a pipe or a device")
  }
}

/// The whole content of a file of at most `limit` bytes.
package func readWhole(path: String, limit: Int, expected: String) throws(DataError) -> [UInt8] {
  let (descriptor, size) = try openRegularFile(path: path, expected: expected)
  defer { close(descriptor) }
  guard size <= limit else {
    throw DataError(.invalid, path: path, expected: "\(expected) of at most \(limit) bytes", found: "\(size) bytes")
  }
  var failed = false
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let got = read(descriptor, buffer.baseAddress! + count, size - count)
      if got < 0, errno == EINTR { continue }
      failed = got < 0
      if got <= 0 { break }
      count += got
    }
  }
  if failed { throw systemError(path: path, expected: expected) }
  return bytes
}

/// The error for what `errno` says about `path`.
func systemError(path: String, expected: String) -> DataError {
  let words = String(cString: strerror(errno))
  return DataError(.missing, path: path, expected: expected, found: "that it cannot be read (\(words))")
}

/// Whether there is a file, folder or anything else at `path`.
package func exists(_ path: String) -> Bool {
  access(path, F_OK) == 0
}

/// Whether there is a folder at `path`.
package func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
