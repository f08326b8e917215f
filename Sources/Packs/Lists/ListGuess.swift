import System

/// A guess at what is wrong with a list one of whose paths leads nowhere.
struct ListGuess {
  let root: String
  let files: SourceFiles

  /// Returns a sentence on the file that is probably meant, or nil if nothing near is there.
  func sentence(_ name: String, label: String) -> String? {
    if isThere(label) {
      return "\(label) is there: the label stands before the path in this list, and has to stand after it."
    }
    if let end = name.firstIndex(where: { ",;\t ".contains($0) }), isThere(String(name[..<end])) {
      return
        "\(name[..<end]) is there: the line has more than a path and a label. A header that names the columns, such "
        + "as \"filename,label\", says which of them count."
    }
    let uncommented = name.drop { $0 == "#" }
    if uncommented.count < name.count, isThere(String(uncommented)) {
      return "\(uncommented) is there: a comment begins with # and a blank."
    }
    if !name.hasPrefix("/"), files.exists(name) { return "\(name) is there: --root . means it." }
    let parent = FileSystem.folder(of: root)
    if !name.hasPrefix("/"), files.exists("\(parent)/\(name)") {
      return "\(parent)/\(name) is there: --root \(parent) means it."
    }
    let parts = name.replacing("\\", with: "/").split(separator: "/")
    for start in parts.indices.dropFirst() {
      let end = parts[start...].joined(separator: "/")
      if isThere(end) { return "\(root)/\(end) is there: is \(end) meant?" }
    }
    return likeNamed(name)
  }

  private func isThere(_ name: String) -> Bool {
    !name.isEmpty && files.isFile(name.hasPrefix("/") ? name : "\(root)/\(name)")
  }

  /// Returns a sentence on a file in the same folder whose name is like this one, or on the same name in a folder of
  /// the root.
  private func likeNamed(_ name: String) -> String? {
    let path = name.hasPrefix("/") ? name : "\(root)/\(name)"
    let (folder, last) = (FileSystem.folder(of: path), FileSystem.name(of: path))
    if let names = try? files.names(in: folder) {
      let stem = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
      let alike =
        names.first { $0.lowercased() == last.lowercased() }
        ?? names.sorted().first { $0.lowercased().hasPrefix("\(stem.lowercased()).") && FileEnding.isPicture($0) }
        ?? (names.count <= 10_000 ? nearMiss(last, among: names) : nil)
      if let alike { return "Is \(folder)/\(alike) meant?" }
    }
    for inside in ((try? files.names(in: root)) ?? []).sorted()
    where files.exists("\(root)/\(inside)/\(name)") {
      return "\(root)/\(inside)/\(name) is there: --root \(root)/\(inside) means it."
    }
    return nil
  }
}
