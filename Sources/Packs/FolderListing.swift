import Images
import System
import SystemPackage

/// Pictures found in folders.
package enum FolderListing {
  /// The content of a folder, in the order of the names' bytes. Hidden files and folders are left out.
  struct Content {
    var folders: [String] = []
    var files: [String] = []
  }

  /// Returns the classes of a folder that has a folder for each, and the pictures below those, however deep.
  static func classFolders(
    _ folder: String
  ) throws(DataError) -> (classes: [String], entries: PackListing.Entries, ignored: Int) {
    let content = try list(folder, expected: "a folder with a folder of pictures for each class")
    guard !content.folders.isEmpty else {
      throw DataError(
        .invalid, path: folder, expected: "a folder with a folder of pictures for each class",
        found: content.files.isEmpty ? "an empty folder" : "\(content.files.count.counted("file")) and no folder",
        advice: "Pictures without class folders need a list file of paths and labels.")
    }
    // Swift compares strings by the characters they show, whereas a file system compares bytes.
    if let (one, _) = zip(content.folders.sorted(), content.folders.sorted().dropFirst()).first(where: { $0 == $1 }) {
      throw DataError(
        .invalid, path: "\(folder)/\(one)", expected: "class folders of different names",
        found: "two whose names show the same letters in different bytes", advice: "Rename one of them.")
    }
    var entries = PackListing.Entries()
    var ignored = content.files.count
    for (label, name) in content.folders.enumerated() {
      let before = entries.count
      try collect(folder, name, depth: 0) { path, isPicture in
        if isPicture { entries.append(name: path.utf8, label: Int32(label)) } else { ignored += 1 }
      }
      guard entries.count > before else {
        throw DataError(
          .invalid, path: "\(folder)/\(name)", expected: "pictures of a class (.jpg, .jpeg, .png)", found: "none",
          advice: "Remove the folder, or put pictures into it.")
      }
    }
    return (content.folders, entries, ignored)
  }

  /// Returns the pictures that lie directly in a folder.
  static func pictures(_ folder: String) throws(DataError) -> [String] {
    try list(folder, expected: "a folder of pictures").files.filter(isPictureName)
  }

  /// Returns the paths of the pictures in a folder and below, however deep, in the order of their bytes.
  /// - Parameter others: Extensions that count in addition to those of JPEG and PNG pictures.
  package static func allPictures(_ folder: String, others: [String] = []) throws(DataError) -> [String] {
    // A `FilePath` drops the slash at the end.
    let base = FilePath(folder).string
    let content = try list(base, expected: "a folder of pictures")
    var paths = content.files
    for name in content.folders { try collect(base, name, depth: 0) { path, _ in paths.append(path) } }
    return paths.filter { isPictureName($0) || others.contains(ending($0)) }.sorted(by: precedes)
      .map { FileSystem.path($0, in: base) }
  }

  /// The file name extensions that `isPictureName` accepts.
  package static let endings = ["jpg", "jpeg", "jpe", "jfif", "png"]

  /// Returns whether a name has a picture's extension; the content decides what the file really is.
  static func isPictureName(_ name: String) -> Bool { endings.contains(ending(name)) }

  /// Returns the name's extension in lowercase, or an empty string if there is none.
  private static func ending(_ name: String) -> String {
    guard let dot = name.lastIndex(of: ".") else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  private static func collect(
    _ root: String, _ path: String, depth: Int, _ take: (_ path: String, _ isPicture: Bool) -> Void
  ) throws(DataError) {
    guard depth < 32 else {
      throw DataError(
        .invalid, path: "\(root)/\(path)", expected: "folders not deeper than 32", found: "deeper ones",
        advice: "A link may lead back to a folder above.")
    }
    let content = try list("\(root)/\(path)", expected: "a folder of pictures")
    for file in content.files { take("\(path)/\(file)", isPictureName(file)) }
    for folder in content.folders { try collect(root, "\(path)/\(folder)", depth: depth + 1, take) }
  }

  static func list(_ folder: String, expected: String) throws(DataError) -> Content {
    func refused(_ what: String, _ code: Errno) -> DataError {
      DataError(.missing, path: folder, expected: expected, found: "that it cannot be \(what) (\(code))")
    }
    let stream: FolderStream
    do throws(Errno) {
      stream = try FolderStream(folder)
    } catch {
      throw refused("opened", error)
    }
    var content = Content()
    while true {
      let next: FolderStream.Entry?
      do throws(Errno) {
        next = try stream.next()
      } catch {
        throw refused("read", error)
      }
      guard let entry = next else { break }
      let name = entry.name
      if name.hasPrefix(".") { continue }
      guard entry.isUTF8 else {
        throw DataError(
          .invalid, path: "\(folder)/\(name)", expected: "names in UTF-8", found: "one in another encoding",
          advice: "Rename it, for instance with convmv -f latin1 -t utf8 --notest.")
      }
      if entry.isFolder ?? FileSystem.isFolder("\(folder)/\(name)") {
        content.folders.append(name)
      } else {
        content.files.append(name)
      }
    }
    content.folders.sort(by: precedes)
    content.files.sort(by: precedes)
    return content
  }

  /// Compares names by their bytes, which gives the same order on any machine.
  static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
