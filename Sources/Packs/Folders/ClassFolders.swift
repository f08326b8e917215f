import Archives
import Images
import System

/// The classes of a folder that has a folder for each, and the pictures below those, however deep.
struct ClassFolders {
  /// The classes' folders, in the order of their labels.
  private(set) var classes: [String] = []
  private(set) var entries = PackListing.Entries()
  /// The number of pictures that lie in folders inside the class folders.
  private(set) var nested = 0

  static let expected = "a folder with a folder of pictures for each class"

  /// - Parameter isNamed: Whether a person named the folders: those inside class folders then belong to the classes,
  ///   whatever they are called.
  init(
    _ folder: SourceLayout.PartFolder, isNamed: Bool = false, _ reader: SourceReader
  ) throws(DataError) {
    let place = folder.place
    let content = try reader.list(place, expected: Self.expected)
    guard !content.folders.isEmpty else {
      throw Self.noFolders(content, place, isInArchive: reader.files.inside(place.path) != nil)
    }
    // Swift compares strings by the characters they show, whereas a file system compares bytes.
    let sorted = content.folders.sorted()
    if let (one, _) = zip(sorted, sorted.dropFirst()).first(where: { $0 == $1 }) {
      throw DataError(
        .invalid, path: "\(place.path)/\(one)", expected: "class folders of different names",
        found: "two whose names show the same letters in different bytes", advice: "Rename one of them.")
    }
    for file in content.files {
      if FileEnding.isPicture(file) {
        reader.account.leaveOut(place.name(of: file), .withoutClass)
      } else {
        reader.leaveOut(file: place.name(of: file))
      }
    }
    var others: [String: Int] = [:]
    for name in ClassOrder.sorted(content.folders) {
      let own = place.appending(name)
      let before = entries.count
      let otherFiles: [String: Int]
      if let inner = folder.inner {
        guard try reader.peek(own).folders.contains(inner) else { continue }
        otherFiles = try add(own.appending(inner), below: place, reader)
      } else {
        if !isNamed { try Self.refuseSplits(own, reader) }
        otherFiles = try add(own, below: place, reader)
      }
      others.merge(otherFiles, uniquingKeysWith: +)
      if entries.count > before { classes.append(name) } else { try leaveOut(own, otherFiles, reader) }
    }
    if !isNamed { try refuseAuxiliaries(place) }
    guard !classes.isEmpty else {
      throw DataError(
        .invalid, path: place.path, expected: "pictures (\(Self.endings))",
        found: others.isEmpty ? "none" : "none, but \(FileEnding.text(others))",
        advice: FileEnding.advice(others.keys))
    }
  }

  /// Returns the error for a folder without folders, perhaps with an archive for each class.
  private static func noFolders(
    _ content: FolderContent, _ place: FolderContent.Place, isInArchive: Bool
  ) -> DataError {
    let archives = content.files.filter { ArchiveKind.stem($0) != nil }
    let areClasses = !archives.isEmpty && !content.files.contains(where: FileEnding.isPicture)
    return DataError(
      .invalid, path: place.path, expected: Self.expected,
      found: content.files.isEmpty
        ? isInArchive && place.below.isEmpty ? "an archive without members" : "an empty folder"
        : areClasses
          ? "\(archives.count.counted("archive")) and no folder"
          : "\(content.files.count.counted("file")) and no folder",
      advice: areClasses
        ? "Archives in a folder are not opened. Give the archive that they came in; or one of them if it holds all "
          + "classes; or unpack each into a folder of its own, such as by for f in *.tar; do mkdir \"${f%.tar}\" && "
          + "tar xf \"$f\" -C \"${f%.tar}\"; done."
        : "Pictures without class folders need a list file of paths and labels"
          + (isInArchive ? ", or each a .cls or a .json of its name with its label beside it, as in WebDataset." : "."))
  }

  static var endings: String { FileEnding.pictures.map { ".\($0)" }.joined(separator: ", ") }

  /// Adds a class's pictures, whose names are below `root`. Returns the numbers of the other files' extensions.
  private mutating func add(
    _ folder: FolderContent.Place, below root: FolderContent.Place, _ reader: SourceReader
  ) throws(DataError) -> [String: Int] {
    let start = root.below.isEmpty ? 0 : root.below.utf8.count + 1
    let label = Int32(classes.count)
    var others: [String: Int] = [:]
    var (own, ownNested) = (PackListing.Entries(), 0)
    try reader.walk(folder) { path, depth in
      if FileEnding.isPicture(path) {
        own.append(name: path.utf8.dropFirst(start), label: label)
        ownNested += depth > 0 ? 1 : 0
      } else {
        others[FileEnding.of(path), default: 0] += 1
        reader.leaveOut(file: path)
      }
    }
    entries.append(own)
    nested += ownNested
    return others
  }

  /// Refuses a class folder that holds a `train` and a `test`: all of it would be trained on.
  private static func refuseSplits(
    _ folder: FolderContent.Place, _ reader: SourceReader
  ) throws(DataError) {
    let inside = try reader.peek(folder).folders.filter { SplitName.part($0) != nil }
    let named = Dictionary(grouping: inside) { SplitName.part($0)! }
    guard named[.training] != nil, named.count > 1 else { return }
    let splits = PackPart.allCases.compactMap { part in named[part].map { "\(part.splitWord)=*/\($0[0])" } }
    throw DataError(
      .invalid, path: folder.path, expected: "folders that can be read in one way",
      found: "\(inside.joined(separator: " and ")) inside a class folder: they are splits inside each class, or all "
        + "pictures of the class are to be trained on",
      advice: "For splits: --split '\(splits.joined(separator: ","))'. To train on all: --split train=.")
  }

  /// Refuses a folder of pictures beside one of masks, or of what else belongs to the pictures: they would be classes.
  private func refuseAuxiliaries(_ place: FolderContent.Place) throws(DataError) {
    guard let pictures = classes.first(where: AuxiliaryFolder.holdsPictures),
      let other = classes.first(where: AuxiliaryFolder.isNamedSo)
    else { return }
    throw DataError(
      .invalid, path: place.path, expected: "folders that can be read in one way",
      found:
        "\(pictures) beside \(other), which holds pictures, too: the second belongs to the first, whose folders are "
        + "the classes, or both are classes",
      advice: "For the first: --exclude '\(other)'. For classes: "
        + (place.below.isEmpty
          ? "--split train=." : "name the folders of all splits, such as --split train=\(place.below)."))
  }

  /// Leaves a class folder without pictures out, or refuses it where it holds pictures that are not read: a class would
  /// be missing.
  private func leaveOut(
    _ folder: FolderContent.Place, _ others: [String: Int], _ reader: SourceReader
  ) throws(DataError) {
    let formats = others.filter { FileEnding.isOtherFormat($0.key) }
    var advice = FileEnding.advice(formats.keys)
    if formats.isEmpty, others[""] != nil, let kind = try Self.kindOfUnnamed(folder, reader) {
      advice =
        "The first of them is \(kind): give it an extension, such as by for f in *; do mv \"$f\" \"$f.jpg\"; done, "
        + "or name the files in a list."
    }
    guard !advice.isEmpty else { return reader.account.leaveOut(folder.below, .emptyFolder) }
    throw DataError(
      .invalid, path: folder.path, expected: "pictures of a class (\(Self.endings))",
      found: "none, but \(FileEnding.text(others))",
      advice: "\(advice) Or leave the folder out: --exclude '\(FileSystem.name(of: folder.path))'.")
  }

  /// Returns the kind of the first file without an extension, in words, if it is a picture.
  private static func kindOfUnnamed(
    _ folder: FolderContent.Place, _ reader: SourceReader
  ) throws(DataError) -> String? {
    let content = try reader.peek(folder)
    if let file = content.files.first(where: { FileEnding.of($0).isEmpty }),
      let head = reader.files.beginning(of: "\(folder.path)/\(file)", limit: 64)
    {
      return FileKind(head).isPicture ? FileKind(head).name : nil
    }
    for name in content.folders {
      if let kind = try kindOfUnnamed(folder.appending(name), reader) { return kind }
    }
    return nil
  }
}
