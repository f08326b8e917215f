import Images
import System

/// The sources of a pack's pictures, as a person names them.
public struct PackInput: Codable, Equatable, Sendable {
  /// A folder with a folder for each class; a folder with `train`, `val` and perhaps `test` in it; or a list file.
  public var source: String
  /// The folders or list files of the other splits, if they do not lie beside the training split.
  public var validation: String?
  public var test: String?
  /// The folder that paths in list files are relative to; if it is nil, the list's own folder.
  public var root: String?
  /// ImageNet's development kit, which says what is on the validation pictures.
  public var developmentKit: String?
  /// A file that has a class's folder and name, or only the name, in each line.
  public var classNames: String?

  public init(
    source: String, validation: String? = nil, test: String? = nil, root: String? = nil,
    developmentKit: String? = nil, classNames: String? = nil
  ) {
    self.source = source
    self.validation = validation
    self.test = test
    self.root = root
    self.developmentKit = developmentKit
    self.classNames = classNames
  }

  /// Finds all pictures, and opens none.
  public func listing() throws(DataError) -> PackListing {
    guard FileSystem.exists(source) else {
      throw DataError(
        .missing, path: source, expected: "a folder of class folders, ImageNet's folders, or a list file",
        found: "nothing of that name")
    }
    var listing = FileSystem.isFolder(source) ? try folderListing() : try listFileListing()
    if let path = classNames ?? Self.first(["LOC_synset_mapping.txt", "synset_words.txt"], in: source) {
      listing.classNames = try ClassNamesFile.names(path, folders: listing.classFolders)
    }
    if let (part, entry) = Self.unusable(listing) {
      throw DataError(
        .invalid, path: part, expected: "names without line breaks and zeros, of at most 1000 bytes",
        found: "\(entry.name.prefix(60).debugDescription)")
    }
    return listing
  }

  private static func unusable(_ listing: PackListing) -> (String, PackListing.Entry)? {
    for part in listing.parts.values {
      for entry in part.entries where !isUsable(entry.name.utf8) { return (part.folder, entry) }
    }
    return nil
  }

  /// Returns whether a pack can hold a picture's name.
  static func isUsable(_ name: some Collection<UInt8>) -> Bool {
    name.count <= 1000 && !name.contains { $0 == 0 || $0 == 10 || $0 == 13 }
  }

  /// Returns the first of `names` that exists in `folder`.
  static func first(_ names: [String], in folder: String) -> String? {
    names.map { "\(folder)/\($0)" }.first(where: FileSystem.exists)
  }

  // MARK: - Folders

  private func folderListing() throws(DataError) -> PackListing {
    // Kaggle's copy of ImageNet has the folders three levels down.
    let base = Self.first(["ILSVRC/Data/CLS-LOC", "Data/CLS-LOC"], in: source) ?? source
    let training = Self.first(["train", "training", "ILSVRC2012_img_train"], in: base) ?? source
    let found = try FolderListing.classFolders(training)
    var kit: DevelopmentKit?
    var listing = PackListing(
      classNames: found.classes, classFolders: found.classes,
      parts: [.training: PackListing.Part(folder: training, entries: found.entries)], ignored: found.ignored)
    func take(_ part: PackPart, _ folder: String) throws(DataError) {
      let content = try FolderListing.list(folder, expected: "the \(part.rawValue) pictures")
      if content.folders.isEmpty {
        let pictures = content.files.filter(FolderListing.isPictureName)
        // The labels of ImageNet's test pictures are not public; a folder that has only pictures cannot be used as a
        // part.
        if part == .test, test == nil { return }
        let used: DevelopmentKit
        if let kit { used = kit } else { used = try DevelopmentKit.find(developmentKit, near: [source, folder]) }
        kit = used
        let (entries, others) = try used.entries(pictures, folder: folder, classes: found.classes)
        listing.parts[part] = PackListing.Part(folder: folder, entries: entries)
        listing.ignored += content.files.count - pictures.count + others
      } else {
        let own = try FolderListing.classFolders(folder)
        let labels = Dictionary(uniqueKeysWithValues: found.classes.enumerated().map { ($1, Int32($0)) })
        if let stranger = own.classes.first(where: { labels[$0] == nil }) {
          throw DataError(
            .invalid, path: "\(folder)/\(stranger)", expected: "only classes of \(training)",
            found: "another one", advice: "Both need the same class folders.")
        }
        var entries = own.entries
        entries.relabel(own.classes.map { labels[$0] ?? 0 })
        listing.parts[part] = PackListing.Part(folder: folder, entries: entries)
        listing.ignored += own.ignored
      }
    }
    if training != source || validation != nil {
      let names = ["val", "validation", "ILSVRC2012_img_val"]
      if let folder = validation ?? Self.first(names, in: base) { try take(.validation, folder) }
      if let folder = test ?? Self.first(["test", "ILSVRC2012_img_test"], in: base) { try take(.test, folder) }
    } else if let test {
      try take(.test, test)
    }
    if let kit { listing.classNames = kit.names(of: found.classes) }
    return listing
  }

  // MARK: - Lists

  private func listFileListing() throws(DataError) -> PackListing {
    var parts: [PackPart] = [.training]
    var lists = [try ListFile(source)]
    for (part, path) in [(PackPart.validation, validation), (.test, test)] {
      guard let path else { continue }
      parts.append(part)
      lists.append(try ListFile(path))
    }
    let named = try classNames.map { path throws(DataError) in try ClassNamesFile.lines(path) }
    let (labels, names) = try ListFile.labels(lists, names: named)
    var listing = PackListing(classNames: names, classFolders: names, parts: [:], ignored: 0)
    for (part, (list, labels)) in zip(parts, zip(lists, labels)) {
      let folder = root ?? FileSystem.folder(of: list.path)
      var entries = list.entries
      entries.relabel(labels)
      listing.parts[part] = PackListing.Part(folder: folder, entries: entries)
    }
    return listing
  }
}

/// A file that names classes.
enum ClassNamesFile {
  /// Returns the lines that are not empty, unchanged.
  static func lines(_ path: String) throws(DataError) -> [String] {
    try textLines(path, expected: "a class name in each line").map(trim).filter { !$0.isEmpty }
  }

  /// Returns the names of the classes with these folders. Each line has a folder and, after white space, its name; or
  /// the lines have only names, one for each class, in the order of the folders.
  static func names(_ path: String, folders: [String]) throws(DataError) -> [String] {
    let lines = try lines(path)
    var named: [String: String] = [:]
    for line in lines {
      guard let space = line.firstIndex(where: \.isWhitespace) else { continue }
      named[String(line[..<space])] = trim(line[space...])
    }
    if folders.allSatisfy({ named[$0] != nil }) { return folders.map { named[$0] ?? $0 } }
    guard lines.count == folders.count else {
      throw DataError(
        .invalid, path: path,
        expected: "\(folders.count.counted("class name")), or a line that begins with each class's folder",
        found: lines.count.counted("line"))
    }
    return lines
  }
}
