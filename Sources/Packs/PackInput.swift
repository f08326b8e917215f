import Images
import System

/// The sources of a pack's pictures, as a person names them.
public struct PackInput: Codable, Equatable, Sendable {
  /// A folder with a folder for each class; a folder with folders of splits, such as `train` and `val`; an archive of
  /// either; or a list file.
  public var source: String
  /// More sources, whose names tell what each of them is: archives or folders of splits, ImageNet's development kit,
  /// shards of pairs.
  public var others: [String] = []
  /// The folders or list files of the other splits, if they do not lie beside the training split.
  public var validation: String?
  public var test: String?
  /// The folder that paths in list files are relative to; if it is nil, the list's own folder.
  public var root: String?
  /// ImageNet's development kit, which says what is on the validation pictures.
  public var developmentKit: String?
  /// A file that has a class's folder and name, or only the name, in each line.
  public var classNames: String?
  /// Patterns of files and folders to leave out, as the shell writes them.
  public var exclude: [String] = []
  /// The splits' folders below the source, where their names do not tell; `.` is the source itself, and `*/NAME` a
  /// folder inside each class folder.
  public var split: [PackPart: String] = [:]
  /// Whether there is no test split, whatever the source holds.
  public var withoutTest = false
  /// Whether only its name tells that a source is the test split: its pictures may have no labels.
  var hasUnsureTest = false

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
    for path in [source] + others where !FileSystem.exists(path) {
      throw DataError(
        .missing, path: path, expected: "a folder of class folders, ImageNet's folders, archives, or a list file",
        found: "nothing of that name")
    }
    let files = SourceFiles()
    for path in [source] + others + [validation, test, root, developmentKit].compactMap({ $0 })
    where try files.open(path) == nil {
      try SourceFiles.refuseFalseArchive(path)
    }
    let exclusion = Exclusion(exclude)
    var listing = try listing(exclusion, files)
    if let path = classNames ?? Self.first(["LOC_synset_mapping.txt", "synset_words.txt"], in: source, files) {
      listing.classNames = try ClassNamesFile.names(path, folders: listing.classFolders, in: files)
      listing.account.note("class names from \(path)")
    }
    if let (one, other) = Self.alike(listing.classFolders) {
      let isOfCase = one.lowercased() == other.lowercased()
      listing.account.warn(
        isOfCase
          ? "the classes \(one) and \(other) differ only in case"
          : "the classes \(one.debugDescription) and \(other.debugDescription) differ only in blanks, "
            + "underscores or case"
      )
    }
    if let (name, count) = Self.repeated(listing.classNames) {
      listing.account.warn("\(count.counted("class", grouped: true)) bear the same name, \(name)")
    }
    for pattern in exclusion.unused { listing.account.warn("--exclude '\(pattern)' leaves nothing out") }
    if let (part, entry) = Self.unusable(listing) {
      throw DataError(
        .invalid, path: part, expected: "names without line breaks and zeros, of at most 1000 bytes",
        found: "\(entry.name.prefix(60).debugDescription)")
    }
    try listing.place(in: files)
    return listing
  }

  private func listing(_ exclusion: Exclusion, _ files: SourceFiles) throws(DataError) -> PackListing {
    if let shards = try PairedShards(self, exclusion, files) { return try shards.listing(classNames, files) }
    let input = try sorted(files)
    return files.isFolder(source)
      ? try input.folderListing(exclusion, files) : try input.listFileListing(exclusion, files)
  }

  /// Returns the first two names that are the same but for their case, and for blanks and the like between words and
  /// around them.
  private static func alike(_ names: [String]) -> (String, String)? {
    var seen: [String: String] = [:]
    for name in names {
      let words = name.lowercased().split(whereSeparator: { $0.isWhitespace || $0 == "_" })
      if let other = seen.updateValue(name, forKey: words.joined(separator: " ")), other != name {
        return (other, name)
      }
    }
    return nil
  }

  /// Returns the first name that several classes bear, and their number.
  private static func repeated(_ names: [String]) -> (String, Int)? {
    var counts: [String: Int] = [:]
    for name in names { counts[name, default: 0] += 1 }
    return names.first { counts[$0, default: 0] > 1 }.map { ($0, counts[$0, default: 0]) }
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
  private static func first(_ names: [String], in folder: String, _ files: SourceFiles) -> String? {
    names.map { "\(folder)/\($0)" }.first(where: files.exists)
  }
}
