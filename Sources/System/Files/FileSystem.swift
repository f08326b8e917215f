import Glibc
import SystemPackage

/// System calls on files and folders that are given by their paths.
package enum FileSystem {
  /// The status of what is at a path, symbolic links followed; nil where nothing is there.
  package static func status(_ path: String) throws(FileError) -> Stat? {
    do throws(Errno) {
      return try Stat(path)
    } catch {
      if error == .noSuchFileOrDirectory || error == .notDirectory { return nil }
      throw FileError(.cannotRead, path: path, what: "cannot be examined", code: error)
    }
  }

  /// Tells whether a file, a folder or anything else is there. A symbolic link must lead to something.
  package static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// Tells whether a folder is there, or a symbolic link to one.
  package static func isFolder(_ path: String) -> Bool {
    (try? Stat(path))?.type == .directory
  }

  /// Tells whether a regular file is there, or a symbolic link to one.
  package static func isRegularFile(_ path: String) -> Bool {
    (try? Stat(path))?.type == .regular
  }

  /// The size of a file in bytes; 0 where nothing is there.
  package static func size(of path: String) -> Int {
    (try? Stat(path)).map { Int($0.size) } ?? 0
  }

  /// The first bytes of a regular file, at most `limit`.
  package static func beginning(of path: String, limit: Int) throws(FileError) -> [UInt8] {
    do throws(RegularFileError) {
      return try RegularFile(path).beginning(limit: limit)
    } catch {
      throw FileError(error, path: path, expected: "a file")
    }
  }

  /// Waits until what was written to a file is on the device.
  package static func synchronize(_ path: String) throws(FileError) {
    let file = try openToSynchronize(path)
    do throws(Errno) {
      try file.synchronize()
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be synced to the device", code: error)
    }
  }

  /// Waits until the names in a folder are on the device, where the file system knows how to.
  ///
  /// - Returns: false where it does not: some network file systems and those of user space sync files only.
  @discardableResult
  package static func synchronizeFolder(_ path: String) throws(FileError) -> Bool {
    let folder = try openToSynchronize(path)
    do throws(Errno) {
      try folder.synchronize()
      return true
    } catch {
      let unsupported: [Errno] = [.invalidArgument, .notSupported, .noFunction, .badFileDescriptor]
      guard !unsupported.contains(error) else { return false }
      throw FileError(.cannotWrite, path: path, what: "cannot be synced to the device", code: error)
    }
  }

  private static func openToSynchronize(_ path: String) throws(FileError) -> OpenFile {
    do throws(Errno) {
      return try OpenFile(path, .readOnly)
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be opened to sync it", code: error)
    }
  }

  /// Gives a file a new name and replaces what bears it. A symbolic link there is replaced, not followed.
  ///
  /// - Parameter refusal: the kind of the error that is thrown where the system does not allow it.
  package static func rename(
    _ old: String, to new: String, refusal: FileError.Kind = .cannotWrite
  ) throws(FileError) {
    do throws(Errno) {
      try retrying { Glibc.rename(old, new) }
    } catch {
      throw FileError(refusal, path: new, what: "cannot be put in place", code: error)
    }
  }

  /// Removes a file. It is not an error if nothing is there.
  package static func remove(_ path: String) throws(FileError) {
    do throws(Errno) {
      try retrying { unlink(path) }
    } catch {
      guard error != .noSuchFileOrDirectory else { return }
      throw FileError(.cannotWrite, path: path, what: "cannot be removed", code: error)
    }
  }

  /// Adds bytes at the end of a file. Where there is none, it is made.
  ///
  /// - Parameter bytes: returns what to add; it is told how the file ends.
  package static func append(to path: String, _ bytes: (_ end: FileEnd) -> [UInt8]) throws(FileError) {
    let file = try opened(appendingTo: path)
    let end: FileEnd
    do throws(Errno) {
      end = try FileEnd(of: path, size: Int(file.status().size))
    } catch {
      throw FileError(.cannotRead, path: path, what: "cannot be examined", code: error)
    }
    do throws(Errno) {
      try file.write(bytes(end))
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be written", code: error)
    }
  }

  /// Opens a file for another process, whose words come at its end. Where there is none, it is made.
  ///
  /// - Returns: the descriptor, which the caller closes.
  package static func descriptor(appendingTo path: String) throws(FileError) -> CInt {
    try opened(appendingTo: path).release()
  }

  private static func opened(appendingTo path: String) throws(FileError) -> OpenFile {
    do throws(Errno) {
      return try OpenFile(appendingTo: path)
    } catch {
      throw FileError(.cannotCreate, path: path, what: "cannot be opened for writing", code: error)
    }
  }

  /// Refuses a path where no file can be written, without changing what is there.
  package static func checkWritable(_ path: String) throws(FileError) {
    if isFolder(path) || path.utf8.last == UInt8(ascii: "/") {
      throw FileError(
        .cannotCreate, path: path, problem: "expected the name of a file, found a folder")
    }
    do throws(Errno) {
      if exists(path) { return try retrying { access(path, W_OK) } }
    } catch {
      throw FileError(.cannotCreate, path: path, what: "cannot be written", code: error)
    }
    let folder = folder(of: path)
    do throws(Errno) {
      try retrying { access(folder, W_OK | X_OK) }
    } catch {
      throw FileError(.cannotCreate, path: path, what: "cannot be created in \(folder)", code: error)
    }
  }

  /// The bytes that this process may still write where `path` is; nil where the file system does not say.
  package static func freeBytes(_ path: String) -> Int? {
    var information = statvfs()
    guard statvfs(path, &information) == 0, information.f_blocks > 0 else { return nil }
    // Some blocks are reserved for the superuser.
    let blocks = geteuid() == 0 ? information.f_bfree : information.f_bavail
    let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(information.f_frsize))
    return overflow ? nil : Int(clamping: bytes)
  }
}
