import System

/// The IDX files of a data set in a folder, under any of the names that they are distributed and unpacked as:
/// `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`, `emnist-letters-test-images-idx3-ubyte.gz`, or a folder of
/// such a name with the file in it.
struct IDXFiles {
  enum Split: String {
    case training
    case test

    /// The words that stand for the split in files' names.
    var words: [String] {
      switch self {
      case .training: ["train"]
      case .test: ["t10k", "test"]
      }
    }
  }

  enum Content: String {
    case images
    case labels
  }

  /// The path that a person named.
  let directory: String
  /// The folder with the files.
  let folder: String
  /// The words before the split in the files' names, such as `emnist-letters`.
  private let prefix: String
  private let files: [File]

  /// A file whose name tells what it holds.
  private struct File {
    let path: String
    let prefix: String
    let split: Split
    let content: Content
  }

  /// - Throws: `DataError` if files of several data sets are there, or a folder cannot be listed.
  init(_ directory: String) throws(DataError) {
    self.directory = directory
    var (places, wanted) = ([directory], String?.none)
    if FileSystem.isFolder(directory) {
      // Where torchvision and EMNIST's archive put them.
      places += ["raw", "MNIST/raw", "FashionMNIST/raw", "EMNIST/raw", "gzip"].map { "\(directory)/\($0)" }
    } else {
      (places, wanted) = ([FileSystem.folder(of: directory)], Self.words(FileSystem.name(of: directory)))
    }
    var found: (folder: String, files: [File]) = (directory, [])
    for place in places where found.files.isEmpty && FileSystem.isFolder(place) {
      found = (place, try Self.files(in: place))
    }
    (folder, files) = found
    let prefixes = Set(files.map(\.prefix)).sorted()
    if let wanted {
      prefix = wanted
    } else {
      prefix = prefixes.first ?? ""
      guard prefixes.count < 2 || prefix.isEmpty else {
        throw DataError(
          .invalid, path: directory, expected: "the files of one data set",
          found: "those of \(prefixes.joined(separator: ", "))",
          advice: "Name one of them, such as --data \(found.folder)/\(prefix).")
      }
    }
  }

  /// Whether there is no file of the data set.
  var isEmpty: Bool { !files.contains { $0.prefix == prefix } }

  /// Returns the file of a split's images or labels, or nil if there is none.
  func path(_ split: Split, _ content: Content) throws(DataError) -> String? {
    // Of a file that was unpacked beside its archive, the unpacked one is read.
    files.filter { $0.prefix == prefix && $0.split == split && $0.content == content }
      .map(\.path).min { ($0.hasSuffix(".gz") ? 1 : 0, $0) < ($1.hasSuffix(".gz") ? 1 : 0, $1) }
  }

  /// Returns the names of the classes in the order of their labels, if a table of characters' codes lies beside the
  /// files, as EMNIST's do: `emnist-letters-mapping.txt` has a label and the code of a letter in each line.
  func mappedNames() throws(DataError) -> [String]? {
    let path = "\(folder)/\(prefix)-mapping.txt"
    guard !prefix.isEmpty, FileSystem.exists(path) else { return nil }
    let expected = "a label and a character's code in each line"
    let bytes = try readWhole(path: path, limit: 1 << 22, expected: expected)
    guard let text = PlainText.string(bytes) else {
      throw DataError(.invalid, path: path, expected: expected, found: "bytes that are not UTF-8")
    }
    var names: [(label: Int, name: String)] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.isEmpty { continue }
      guard fields.count > 1, let label = Int(fields[0]), let code = UInt32(fields[1]),
        let scalar = Unicode.Scalar(code)
      else {
        throw DataError(
          .invalid, path: path, expected: expected,
          found: "\(String(line.prefix(40)).debugDescription) in line \(index + 1)")
      }
      names.append((label, String(Character(scalar))))
    }
    return names.isEmpty ? nil : names.sorted { $0.label < $1.label }.map(\.name)
  }

  private static func files(in folder: String) throws(DataError) -> [File] {
    var files: [File] = []
    for name in try names(in: folder).sorted() {
      let path = "\(folder)/\(name)"
      guard let (prefix, split, content) = parts(name) else { continue }
      guard FileSystem.isFolder(path) else {
        files.append(File(path: path, prefix: prefix, split: split, content: content))
        continue
      }
      // Some programs unpack a file into a folder of its name.
      for inner in try names(in: path).sorted() {
        if let (_, ownSplit, ownContent) = parts(inner), ownSplit == split, ownContent == content,
          FileSystem.isRegularFile("\(path)/\(inner)")
        {
          files.append(File(path: "\(path)/\(inner)", prefix: prefix, split: split, content: content))
        }
      }
    }
    return files
  }

  private static func names(in folder: String) throws(DataError) -> [String] {
    do throws(FileError) {
      return try FileSystem.names(in: folder)
    } catch {
      throw DataError(
        error.kind == .missing ? .missing : .failed, path: folder, expected: "a folder of IDX files",
        found: error.problem)
    }
  }

  /// Returns what a file's name tells, or nil if it is not the name of an IDX file of images or labels.
  private static func parts(_ name: String) -> (prefix: String, split: Split, content: Content)? {
    let words = words(name).split(separator: "-").map(String.init)
    guard let place = words.lastIndex(where: { ["images", "labels"].contains($0) }), place > 0,
      let content = Content(rawValue: words[place])
    else { return nil }
    let split: Split
    switch words[place - 1] {
    case "train", "training": split = .training
    case "t10k", "test", "testing": split = .test
    default: return nil
    }
    let kinds = content == .images ? ["idx3", "idx4"] : ["idx1"]
    var rest = words[(place + 1)...]
    if rest.last == "gz" { rest.removeLast() }
    guard !rest.isEmpty, rest.allSatisfy({ kinds.contains($0) || ["idx", "ubyte"].contains($0) }) else { return nil }
    return (words[..<(place - 1)].joined(separator: "-"), split, content)
  }

  /// Returns a name with hyphens between its words, in lowercase.
  private static func words(_ name: String) -> String {
    String(name.lowercased().map { "._ ".contains($0) ? "-" : $0 })
  }
}
