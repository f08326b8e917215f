import Images
import System

/// A file that names classes.
enum ClassNamesFile {
  /// Returns the lines that are not empty, unchanged.
  static func lines(_ path: String, in files: SourceFiles) throws(DataError) -> [String] {
    try textLines(path, in: files, expected: "a class name in each line").map(\.trimmed).filter { !$0.isEmpty }
  }

  /// Returns the names of the classes with these folders. Each line has a folder and, after white space, a comma, a
  /// colon or the like, its name; or the lines have only names, one for each class, in the order of the folders.
  ///
  /// Lines without folders that are themselves folders' names, in another order, are refused: every class would bear
  /// another one's name.
  static func names(_ path: String, folders: [String], in files: SourceFiles) throws(DataError) -> [String] {
    let lines = try lines(path, in: files)
    let known = Set(folders)
    if lines.count == folders.count, Set(lines) == known { return folders }
    var named: [String: String] = [:]
    for line in lines {
      if let (folder, name) = divide(line, known), named.updateValue(name, forKey: folder) != nil {
        throw DataError(
          .invalid, path: path, expected: "each class folder once", found: "\(folder.debugDescription) in two lines")
      }
    }
    let unnamed = folders.filter { named[$0] == nil }
    if unnamed.isEmpty { return folders.map { named[$0] ?? $0 } }
    let areNumbers = folders.allSatisfy(ClassOrder.isNumber)
    if !areNumbers, let one = lines.firstIndex(where: known.contains) {
      throw DataError(
        .invalid, path: path, expected: "a line that begins with each class's folder, or only names in their order",
        found: "line \(one + 1) of those that are not empty, \(lines[one].debugDescription), which is a folder's name, "
          + "and no line of \(unnamed[0].debugDescription)",
        advice: "Write the folder and its name in each line, such as \"\(unnamed[0]) NAME\".")
    }
    guard lines.count == folders.count else {
      throw DataError(
        .invalid, path: path,
        expected: "\(folders.count.counted("class name")), or a line that begins with each class's folder",
        found: lines.count.counted("line"))
    }
    return lines
  }

  /// Divides a line into a folder and the name after it; the result is nil if it does not begin with a folder.
  private static func divide(_ line: String, _ folders: Set<String>) -> (folder: String, name: String)? {
    // The longest folder counts: one may be the beginning of another one.
    for end in line.indices.reversed() where line[end].isWhitespace || ",;:=".contains(line[end]) {
      let folder = line[..<end].trimmed
      guard folders.contains(folder) else { continue }
      let name = line[line.index(after: end)...].drop { $0.isWhitespace || ",;:=".contains($0) }
      return name.isEmpty ? nil : (folder, String(name).trimmed)
    }
    return nil
  }
}
