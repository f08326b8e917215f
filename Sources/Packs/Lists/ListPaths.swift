import Foundation
import Images
import System

/// Finds the files that a list's paths mean, before any of them is opened.
///
/// Each folder is listed once: on a network that is far quicker than a question for every file.
struct ListPaths {
  private let root: String
  private let files: SourceFiles
  /// The digests of the names in each folder, by the bytes of its path: strings are equal in both forms of accents.
  private var folders: [[UInt8]: Set<UInt64>] = [:]
  /// The numbers of paths that were mended by writing slashes for backslashes, by adding extensions, and by writing
  /// accented letters in Unicode's other form.
  private(set) var withSlashes = 0
  private(set) var withEndings = 0
  private(set) var withOtherForms = 0

  init(root: String, in files: SourceFiles) {
    self.root = root
    self.files = files
  }

  /// Puts the names of files in place of a list's paths. A path without its extension, with backslashes, or with
  /// accented letters in Unicode's other form, means the file that there is; any other path without a file is refused
  /// with its line, before any work is done.
  mutating func resolve(_ list: inout ListFile) throws(DataError) {
    var names: [Int: String] = [:]
    var missing: (index: Int, count: Int)?
    for (index, entry) in list.entries.enumerated() where try !exists(entry.name) {
      if let found = try meant(entry.name, list, index) {
        names[index] = found
      } else {
        missing = (missing?.index ?? index, (missing?.count ?? 0) + 1)
      }
    }
    guard let missing else { return list.rename(names) }
    let (name, line) = (list.entries[missing.index].name, list.lines[missing.index])
    let more =
      missing.count > 1 ? ", as \((missing.count - 1).verb("is", "are")) \((missing.count - 1).grouped) more" : ""
    let guess = ListGuess(root: root, files: files).sentence(
      name, label: list.words[Int(list.entries.labels[missing.index])])
    let advice =
      missing.index == 0 && list.mayHaveHeader
      ? "If line \(line) is a header, its columns are not known: call those of paths and of labels filename and label. "
      : guess.map { "\($0) " } ?? ""
    throw DataError(
      .missing, path: list.path, expected: "files at the paths of its lines",
      found: "that \(path(name)) of line \(line) is missing\(more)",
      advice: "\(advice)Paths are relative to \(root); --root DIR names another folder.")
  }

  private func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(root)/\(name)" }

  private mutating func exists(_ name: String) throws(DataError) -> Bool {
    let path = path(name)
    let folder = FileSystem.folder(of: path)
    let key = Array(folder.utf8)
    if folders[key] == nil {
      do throws(FileError) {
        folders[key] = Set(try files.names(in: folder).map { xxHash64(Array($0.utf8)) })
      } catch {
        // A folder that is not there has no files; any other error must not make the data smaller.
        guard error.kind == .missing || !files.isFolder(folder) else {
          throw DataError(.failed, path: folder, expected: "a folder of pictures", found: error.problem)
        }
        folders[key] = []
      }
    }
    return folders[key]?.contains(xxHash64(Array(FileSystem.name(of: path).utf8))) == true
  }

  /// Returns the file that a path means if it was written on another system, or without its extension.
  private mutating func meant(_ name: String, _ list: ListFile, _ index: Int) throws(DataError) -> String? {
    let plain = name.replacing("\\", with: "/")
    if plain != name, try exists(plain) {
      withSlashes += 1
      return plain
    }
    // macOS takes accents from their letters, and other systems do not.
    for form in [plain.precomposedStringWithCanonicalMapping, plain.decomposedStringWithCanonicalMapping]
    where !form.utf8.elementsEqual(plain.utf8) {
      guard try exists(form) else { continue }
      withOtherForms += 1
      return form
    }
    var found: [String] = []
    for ending in FileEnding.pictures.flatMap({ [$0, $0.uppercased()] }) where try exists("\(plain).\(ending)") {
      found.append("\(plain).\(ending)")
    }
    guard found.count < 2 else {
      throw DataError(
        .invalid, path: list.path, expected: "paths that mean one file each",
        found: "\(name.debugDescription) in line \(list.lines[index]), which may be \(found.joined(separator: " or "))",
        advice: "Write the extensions.")
    }
    withEndings += found.count
    return found.first
  }
}
