import Images
import System

/// The labels of ImageNet's validation pictures, which lie in one folder: the development kit of 2012
/// (`data/ILSVRC2012_validation_ground_truth.txt` with `data/meta.mat`, or with a `data/synsets.txt` of one identifier
/// a line), or Kaggle's `LOC_val_solution.csv`.
struct DevelopmentKit {
  /// The folder or the file that the labels were read from.
  private let source: String
  /// The class's identifier, such as n01440764, for each number in a picture's name, from 1.
  private let classOfNumber: [String]
  /// The class's identifier for each picture's name without its extension.
  private let classOfName: [String: String]
  private let words: [String: String]

  /// - Parameter path: The place where a person says that the kit is.
  static func find(
    _ path: String?, near folders: [String], in files: SourceFiles
  ) throws(DataError) -> DevelopmentKit {
    if let path {
      if let kit = kit(path, in: files) { return try DevelopmentKit(kit: kit, in: files) }
      if files.exists(path), !files.isFolder(path) { return try DevelopmentKit(kaggle: path, in: files) }
      throw DataError(
        .missing, path: path, expected: "ImageNet's development kit with data/\(truthName)", found: "no such file",
        advice: "Give ILSVRC2012_devkit_t12, unpacked or as the archive, or Kaggle's LOC_val_solution.csv.")
    }
    let around = folders + folders.map(files.parent)
    for folder in around {
      let archive = "\(folder)/\(archiveName)"
      if try files.open(archive) != nil, let kit = kit(archive, in: files) {
        return try DevelopmentKit(kit: kit, in: files)
      }
      if let kit = kit(folder, in: files) { return try DevelopmentKit(kit: kit, in: files) }
    }
    for folder in around where files.exists("\(folder)/\(kaggleName)") {
      return try DevelopmentKit(kaggle: "\(folder)/\(kaggleName)", in: files)
    }
    throw DataError(
      .invalid, path: folders.last ?? "", expected: "a folder for each class", found: "only pictures",
      advice: "If they are ImageNet's, give its development kit with --devkit, or Kaggle's LOC_val_solution.csv; "
        + "otherwise name the labels in a list file.")
  }

  static let archiveName = "ILSVRC2012_devkit_t12.tar.gz"
  private static let truthName = "ILSVRC2012_validation_ground_truth.txt"
  private static let kaggleName = "LOC_val_solution.csv"

  /// Returns whether a folder or a file that a person names is such a kit.
  static func isKit(_ path: String, in files: SourceFiles) -> Bool {
    kit(path, in: files) != nil || FileSystem.name(of: path) == kaggleName && files.isFile(path)
  }

  /// Returns the folder of a kit's files, in a folder or where the kit is unpacked in it.
  private static func kit(_ folder: String, in files: SourceFiles) -> String? {
    ["ILSVRC2012_devkit_t12/data", "ILSVRC2012_devkit_t12", "devkit/data", "data", "."]
      .map { $0 == "." ? folder : "\(folder)/\($0)" }.first { files.exists("\($0)/\(truthName)") }
  }

  private init(kit: String, in files: SourceFiles) throws(DataError) {
    var identifiers: [Int: String] = [:]
    var words: [String: String] = [:]
    if files.exists("\(kit)/meta.mat") {
      for synset in try MATFile.structures("synsets", path: "\(kit)/meta.mat", in: files) {
        guard case .number(let number) = synset["ILSVRC2012_ID"], case .text(let identifier) = synset["WNID"],
          let id = Int(exactly: number)
        else { continue }
        identifiers[id] = identifier
        if case .text(let text) = synset["words"] { words[identifier] = text }
      }
    } else {
      let path = "\(kit)/synsets.txt"
      let lines = try textLines(path, in: files, expected: "meta.mat, or an identifier in each line")
      for (index, line) in lines.enumerated() {
        if let word = line.split(whereSeparator: \.isWhitespace).first { identifiers[index + 1] = String(word) }
      }
    }
    let path = "\(kit)/\(Self.truthName)"
    var classes: [String] = []
    let lines = try textLines(path, in: files, expected: "a class's number in each line")
    for (index, line) in lines.enumerated() {
      let text = line.trimmed
      if text.isEmpty { continue }
      guard let number = Int(text), let identifier = identifiers[number] else {
        throw DataError(
          .invalid, path: path, expected: "the number of a class in each line",
          found: "\"\(text.prefix(40))\" in line \(index + 1), which the kit's synsets do not have")
      }
      classes.append(identifier)
    }
    source = kit
    classOfNumber = classes
    classOfName = [:]
    self.words = words
  }

  /// Reads lines that have a picture's name, a comma, and the class's identifier followed by a box.
  private init(kaggle path: String, in files: SourceFiles) throws(DataError) {
    var classes: [String: String] = [:]
    for line in try textLines(path, in: files, expected: "Kaggle's LOC_val_solution.csv").dropFirst() {
      let fields = line.split(separator: ",", maxSplits: 1)
      guard fields.count == 2, let identifier = fields[1].split(separator: " ").first else { continue }
      classes[String(fields[0])] = String(identifier)
    }
    source = path
    classOfNumber = []
    classOfName = classes
    words = [:]
  }

  /// Returns the pictures with their labels, and those of classes that are not among `classes`.
  func entries(
    _ pictures: [String], folder: String, classes: [String]
  ) throws(DataError) -> (entries: PackListing.Entries, others: [String]) {
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32($0)) })
    var entries = PackListing.Entries()
    var others: [String] = []
    for picture in pictures {
      let stem = picture[..<(picture.lastIndex(of: ".") ?? picture.endIndex)]
      let digits = String(stem.reversed().prefix(while: \.isNumber).reversed())
      var identifier = classOfName[String(stem)]
      if identifier == nil, let number = Int(digits), number >= 1, number <= classOfNumber.count {
        identifier = classOfNumber[number - 1]
      }
      guard let identifier else {
        throw DataError(
          .invalid, path: "\(folder)/\(picture)", expected: "a validation picture that the development kit labels",
          found: "a name that it does not have")
      }
      if let label = labels[identifier] {
        entries.append(PackListing.Entry(name: picture, label: label))
      } else {
        others.append(picture)
      }
    }
    guard !entries.isEmpty else {
      throw DataError(
        .invalid, path: folder, expected: "pictures of the classes that training has",
        found: "none of them by the labels of \(source)",
        advice: "The training folders must be named by ImageNet's identifiers, such as n01440764.")
    }
    return (entries, others)
  }

  /// Returns the classes' names where the kit has them, and the folders' names elsewhere.
  func names(of folders: [String]) -> [String] { folders.map { words[$0] ?? $0 } }
}
