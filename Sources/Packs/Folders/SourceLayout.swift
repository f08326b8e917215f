import Images
import System

/// The folders of a source's parts: what a person's folder means, as far as its names tell.
///
/// A source that can be read in two ways is refused with both of them, because either would train without complaint.
struct SourceLayout {
  typealias Place = FolderContent.Place

  /// The folder of a part.
  struct PartFolder {
    var place: Place
    /// The folder inside each class folder that holds the part's pictures; nil for all of a class folder.
    var inner: String?
  }

  private(set) var parts: [PackPart: PartFolder]
  /// Whether a person named the folders. Folders inside class folders then belong to the classes, whatever their names.
  private(set) var isNamed = false

  /// Takes the folders that a person named, relative to the source. `*/NAME` names a folder inside each class folder.
  init(_ named: [PackPart: String], source: Place, _ files: SourceFiles) throws(DataError) {
    parts = [:]
    isNamed = true
    for (part, name) in named {
      if name.hasPrefix("*/") {
        parts[part] = PartFolder(place: source, inner: String(name.dropFirst(2)))
      } else if name == "." {
        parts[part] = PartFolder(place: source)
      } else {
        let inside = source.appending(name)
        let place = files.isFolder(inside.path) || !files.isFolder(name) ? inside : Place(name)
        parts[part] = PartFolder(place: place)
      }
    }
    guard parts[.training] != nil else {
      throw DataError(
        .invalid, path: source.path, expected: "a folder to train on in --split", found: "only others",
        advice: "Name it, such as --split train=DIR,validation=DIR.")
    }
  }

  /// Finds the parts' folders by their names.
  init(of source: Place, _ reader: SourceReader) throws(DataError) {
    // Kaggle's copy of ImageNet has the folders three levels down.
    let kaggle = ["ILSVRC/Data/CLS-LOC", "Data/CLS-LOC"].map(source.appending).first {
      reader.files.isFolder($0.path)
    }
    var place = kaggle ?? source
    while let only = try Self.onlyFolder(place, reader) {
      try Self.descend(from: place, to: only, reader)
      place = only
    }
    let content = try reader.peek(place, expected: ClassFolders.expected)
    let named = Dictionary(grouping: content.folders.filter { SplitName.part($0) != nil }) { SplitName.part($0)! }
    guard !named.isEmpty else {
      parts = [.training: PartFolder(place: place)]
      return
    }
    let others = try Self.withPictures(content.folders.filter { SplitName.part($0) == nil }, place, reader)
    let reading = Reading(place: place, named: named, others: others)
    try reading.refuseSeveralFolders()
    guard let training = named[.training]?.first else {
      parts = [.training: PartFolder(place: place)]
      try reading.takeNamesForClasses(reader)
      return
    }
    guard try Self.hasClassFolders(place.appending(training), reader) else {
      parts = [.training: PartFolder(place: place)]
      try reading.takeNamesForClasses(reader)
      return
    }
    guard others.isEmpty else { throw reading.ambiguity() }
    try reader.leaveOutFiles(of: place)
    parts = [:]
    for (part, names) in named {
      var folder = place.appending(names[0])
      while let only = try Self.onlyFolder(folder, of: part, reader) {
        try Self.descend(from: folder, to: only, reader)
        folder = only
      }
      parts[part] = PartFolder(place: folder)
    }
    for other in content.folders where SplitName.part(other) == nil {
      try reader.leaveOut(emptyFolder: place.appending(other))
    }
  }

  /// Keeps account of the way from a folder to the one inside that is taken in its place: all else there is left out.
  private static func descend(from place: Place, to only: Place, _ reader: SourceReader) throws(DataError) {
    let others = try reader.peek(place).folders.filter { !place.name(of: $0).utf8.elementsEqual(only.below.utf8) }
    reader.account.note(
      "\(only.path) is the only folder \(others.isEmpty ? "" : "with pictures ")in \(place.path): taken for what was "
        + "meant")
    try reader.leaveOutFiles(of: place)
    for other in others { try reader.leaveOut(emptyFolder: place.appending(other)) }
  }

  // MARK: - Looking

  /// Returns the folder inside if it is the only one with pictures, has class folders itself, and no picture lies
  /// beside it or in it.
  /// - Parameter part: the part that `place` is the folder of; nil for a source.
  private static func onlyFolder(
    _ place: Place, of part: PackPart? = nil, _ reader: SourceReader
  ) throws(DataError) -> Place? {
    let content = try reader.peek(place, expected: ClassFolders.expected)
    guard !content.files.contains(where: FileEnding.isPicture) else { return nil }
    var only: String?
    for folder in content.folders {
      if try reader.holdsPictures(place.appending(folder)) {
        guard only == nil else { return nil }
        only = folder
      } else if try holdsOtherFormats(place.appending(folder), reader), !AuxiliaryFolder.isNamedSo(folder) {
        // It may be a class, whose pictures are of a format that is not read.
        return nil
      }
    }
    // A source with nothing but a folder called `train` has splits; it is not a folder around them.
    guard let only, SplitName.part(only) == nil || part != nil && SplitName.part(only) == part else { return nil }
    let inside = place.appending(only)
    guard try !reader.peek(inside).files.contains(where: FileEnding.isPicture) else { return nil }
    return try hasClassFolders(inside, reader) ? inside : nil
  }

  /// Returns whether pictures of formats that are not read lie in a folder.
  private static func holdsOtherFormats(_ place: Place, _ reader: SourceReader) throws(DataError) -> Bool {
    try reader.peek(place).files.contains { FileEnding.isOtherFormat(FileEnding.of($0)) }
  }

  /// Returns the folders that hold pictures, at any depth.
  private static func withPictures(
    _ folders: [String], _ place: Place, _ reader: SourceReader
  ) throws(DataError) -> [String] {
    var full: [String] = []
    for folder in folders where try reader.holdsPictures(place.appending(folder)) { full.append(folder) }
    return full
  }

  /// Returns whether a folder has folders with pictures.
  private static func hasClassFolders(_ place: Place, _ reader: SourceReader) throws(DataError) -> Bool {
    let content = try reader.peek(place)
    for folder in content.folders where try reader.holdsPictures(place.appending(folder)) { return true }
    return false
  }
}

/// The folders of a source of which some have the names of splits.
private struct Reading {
  let place: FolderContent.Place
  let named: [PackPart: [String]]
  /// The other folders that hold pictures.
  let others: [String]

  private var names: [String] { PackPart.allCases.flatMap { named[$0] ?? [] } }

  /// The option that takes the folders for splits. Where none is named so, a person has to name the one to train on.
  private var splitOption: String {
    let training = named[.training]?[0] ?? "DIR"
    let options =
      ["train=\(training)"]
      + [PackPart.validation, .test].compactMap { part in named[part].map { "\(part.splitWord)=\($0[0])" } }
    return "--split \(options.joined(separator: ","))"
  }

  /// Refuses two folders for the same part.
  func refuseSeveralFolders() throws(DataError) {
    for part in PackPart.allCases {
      guard let several = named[part], several.count > 1 else { continue }
      throw ambiguous(
        "\(several.joined(separator: " and ")): one of them is the \(part.rawValue) split, or they are classes")
    }
  }

  /// Returns the error for splits with other folders beside them.
  func ambiguity() -> DataError {
    let shown = others.prefix(4).joined(separator: ", ") + (others.count > 4 ? ", …" : "")
    return ambiguous(
      "\(names.joined(separator: ", ")) beside \(shown), which \(others.count == 1 ? "holds" : "hold") pictures, too: "
        + "the first are splits and the others are not data, or all of them are classes")
  }

  /// Takes one folder that bears the name of a split for a class, where it cannot be a split: pictures lie in it
  /// without class folders, beside other classes.
  func takeNamesForClasses(_ reader: SourceReader) throws(DataError) {
    var flat = true
    for name in names where try !reader.peek(place.appending(name)).folders.isEmpty { flat = false }
    guard flat, names.count == 1, !others.isEmpty else {
      let missing = named[.training] == nil ? "no folder to train on" : "no class folders in \(named[.training]![0])"
      throw ambiguous(
        "\(names.joined(separator: ", ")), and \(missing): they are splits whose training folder has another name or "
          + "whose labels are elsewhere, or they are classes")
    }
    reader.account.note(
      "\(place.path)/\(names[0]) is taken for a class, since its pictures lie in it without class folders")
  }

  private func ambiguous(_ found: String) -> DataError {
    DataError(
      .invalid, path: place.path, expected: "folders that can be read in one way", found: found,
      advice:
        "For splits: \(splitOption). For classes: --split train=. (--exclude PATTERN leaves folders out; pictures "
        + "without class folders need a list file of paths and labels.)")
  }
}

extension PackPart {
  /// The part's word in `--split`.
  var splitWord: String { self == .training ? "train" : rawValue }
}
