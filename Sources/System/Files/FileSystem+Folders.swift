import Glibc
import SystemPackage

extension FileSystem {
  /// The names in a folder, in no particular order, without "." and "..".
  package static func names(in folder: String) throws(FileError) -> [String] {
    do throws(Errno) {
      let stream = try FolderStream(folder)
      var names: [String] = []
      while let entry = try stream.next() { names.append(entry.name) }
      return names
    } catch {
      throw FileError(
        error == .noSuchFileOrDirectory ? .missing : .cannotRead, path: folder, what: "cannot be listed", code: error)
    }
  }

  /// Makes a folder, unless it is there already. The folder above it must be there.
  package static func makeFolder(_ path: String) throws(FolderError) {
    do throws(Errno) {
      try retrying { mkdir(path, 0o777) }
    } catch {
      // The system may refuse for another reason to make what is there: such as in a folder that cannot be written.
      guard !isFolder(path) else { return }
      throw error == .fileExists ? .isFile : .refused(error, place: path)
    }
  }

  /// Makes a folder, and those above it where they are missing.
  package static func makeFolders(_ path: String) throws(FolderError) {
    let whole = FilePath(path)
    var made = FilePath(root: whole.root, [FilePath.Component]())
    for component in whole.components {
      made.append(component)
      do throws(FolderError) {
        try makeFolder(made.string)
      } catch {
        // The next call says more of a file in the place of a folder above: that it is not a folder.
        if case .isFile = error, made != whole { continue }
        throw error
      }
    }
    guard isFolder(path) else { throw .isFile }
  }

  /// Removes a folder if it is empty.
  package static func removeFolder(_ path: String) {
    rmdir(path)
  }
}

/// The reason why a folder cannot be made.
package enum FolderError: Error, Sendable {
  /// Something that is not a folder bears the name.
  case isFile
  /// The system does not allow it: `place` is the folder itself or one above.
  case refused(Errno, place: String)
}
