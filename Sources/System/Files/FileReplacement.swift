import Glibc
import SystemPackage

/// A file that is written under a temporary name and then takes the place of the old one at once: a reader sees the old
/// file or the new one, and never half of it. A file that is not put in place is removed.
package struct FileReplacement: ~Copyable {
  package let path: String
  /// The name that the file is written under, in the same folder.
  package let temporary: String
  private var isInPlace = false

  /// Removes what an earlier start has left of the temporary file.
  package init(of path: String, temporary: String) {
    self.path = path
    self.temporary = temporary
    try? FileSystem.remove(temporary)
  }

  deinit {
    if !isInPlace { try? FileSystem.remove(temporary) }
  }

  /// Writes the temporary file, with the rights that the umask leaves.
  ///
  /// - Parameter synchronizes: true to wait until it is on the device.
  package func write(_ bytes: [UInt8], synchronizes: Bool) throws(FileError) {
    var isWritten = false
    try write(synchronizes: synchronizes) {
      defer { isWritten = true }
      return isWritten ? nil : bytes
    }
  }

  /// Writes the temporary file part by part, with the rights that the umask leaves.
  ///
  /// - Parameters:
  ///   - synchronizes: true to wait until it is on the device.
  ///   - next: returns the next part; nil after the last one.
  package func write(synchronizes: Bool, _ next: () throws(FileError) -> [UInt8]?) throws(FileError) {
    let file: OpenFile
    do throws(Errno) {
      file = try OpenFile(creating: temporary)
    } catch {
      throw FileError(.cannotCreate, path: path, what: "cannot be created", code: error)
    }
    while let bytes = try next() {
      do throws(Errno) {
        try file.write(bytes)
      } catch {
        throw FileError(.cannotWrite, path: path, what: "cannot be written", code: error)
      }
    }
    do throws(Errno) {
      if synchronizes { try file.synchronize() }
      try file.close()
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be written", code: error)
    }
  }

  /// Gives the temporary file its name. A symbolic link there is replaced, not followed.
  ///
  /// - Parameter refusal: the kind of the error that is thrown where the system does not allow it.
  package consuming func putInPlace(refusal: FileError.Kind = .cannotWrite) throws(FileError) {
    try FileSystem.rename(temporary, to: path, refusal: refusal)
    isInPlace = true
  }
}

extension FileSystem {
  /// Puts a small text file in place of what bears its name, and waits until it is on the device.
  package static func replace(_ path: String, with text: String, temporary: String) throws(FileError) {
    let replacement = FileReplacement(of: path, temporary: temporary)
    try replacement.write(Array(text.utf8), synchronizes: true)
    try replacement.putInPlace()
    try synchronizeFolder(folder(of: path))
  }
}
