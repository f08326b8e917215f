import Glibc
import SystemPackage

/// The entries of a folder, one after the other, in no particular order.
package struct FolderStream: ~Copyable {
  package struct Entry {
    package let name: String
    /// False where the name's bytes are not UTF-8: `name` then has U+FFFD in their place.
    package let isUTF8: Bool
    /// True for a folder; nil for a symbolic link, and where the file system does not say.
    package let isFolder: Bool?
  }

  private let stream: OpaquePointer

  package init(_ folder: String) throws(Errno) {
    var stream = opendir(folder)
    while stream == nil {
      let error = Errno(rawValue: errno)
      guard error == .interrupted else { throw error }
      stream = opendir(folder)
    }
    self.stream = stream!
  }

  deinit { closedir(stream) }

  /// Returns the next entry, without "." and ".."; nil after the last one.
  package func next() throws(Errno) -> Entry? {
    while true {
      // At the end and where it fails the result is the same: only this number tells them apart.
      errno = 0
      guard let entry = readdir(stream) else {
        let error = Errno(rawValue: errno)
        if error == .interrupted { continue }
        guard error.rawValue == 0 else { throw error }
        return nil
      }
      let kind = Int(entry.pointee.d_type)
      let (name, isUTF8) = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { bytes in
          let valid = String(validatingCString: bytes)
          return (valid ?? String(cString: bytes), valid != nil)
        }
      }
      if name == "." || name == ".." { continue }
      return Entry(name: name, isUTF8: isUTF8, isFolder: kind == DT_LNK || kind == DT_UNKNOWN ? nil : kind == DT_DIR)
    }
  }
}
