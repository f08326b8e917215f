import Images
import System

extension PackInput {
  /// Finds the pictures of a folder.
  func folderListing(_ exclusion: Exclusion, _ files: SourceFiles) throws(DataError) -> PackListing {
    let reader = SourceReader(exclusion, files)
    let source = FolderContent.Place(source)
    let layout = split.isEmpty ? try SourceLayout(of: source, reader) : try SourceLayout(split, source: source, files)
    guard let training = layout.parts[.training] else { preconditionFailure("a layout without training") }
    let found = try ClassFolders(training, isNamed: layout.isNamed, reader)
    var parts = PartFolders(self, reader, classes: found.classes, training: training.place.path)
    parts.listing.parts[.training] = PackListing.Part(folder: training.place.path, entries: found.entries)
    for (part, named) in [(PackPart.validation, validation), (.test, test)] where part != .test || !withoutTest {
      if let named {
        try parts.add(part, SourceLayout.PartFolder(place: FolderContent.Place(named)), isNamed: true)
      } else if let folder = layout.parts[part] {
        try parts.add(part, folder, isNamed: layout.isNamed)
      }
    }
    var listing = parts.listing
    if withoutTest, let place = layout.parts[.test]?.place { reader.account.leaveOut(place.below, .excluded) }
    if found.nested > 0 {
      reader.account.note(
        "\(found.nested.counted("picture", grouped: true)) in folders inside class folders "
          + "\(found.nested.verb("counts", "count")) for the class above")
    }
    if found.classes.count == 1 {
      reader.account.warn("there is one class, \(found.classes[0]): a network learns to say nothing else")
    }
    if let name = found.classes.first(where: { ListLabels.isMissing($0) || ListLabels.isDoubtful($0) }) {
      reader.account.warn(
        "the folder \(name) is taken for a class: if it stands for a value that is missing, --exclude '\(name)' leaves "
          + "it out")
    }
    listing.account = reader.account
    return listing
  }
}

/// The parts of a folder's listing, as they are found beside the training split.
private struct PartFolders {
  var listing: PackListing
  private let input: PackInput
  private let reader: SourceReader
  private let classes: [String]
  private let training: String
  private var kit: DevelopmentKit?

  init(_ input: PackInput, _ reader: SourceReader, classes: [String], training: String) {
    self.input = input
    self.reader = reader
    self.classes = classes
    self.training = training
    listing = PackListing(classNames: classes, classFolders: classes, parts: [:])
  }

  mutating func add(_ part: PackPart, _ folder: SourceLayout.PartFolder, isNamed: Bool) throws(DataError) {
    let content = try reader.peek(folder.place, expected: "the \(part.rawValue) pictures")
    guard content.folders.isEmpty else { return try addClasses(part, folder, isNamed: isNamed) }
    let pictures = content.files.filter(FileEnding.isPicture)
    // The labels of ImageNet's test pictures are not public; a folder that has only pictures cannot be used as a part.
    if part == .test, input.test == nil || input.hasUnsureTest {
      for picture in pictures { reader.account.leaveOut(folder.place.name(of: picture), .unlabeled) }
      return
    }
    let used: DevelopmentKit
    if let kit {
      used = kit
    } else {
      used = try DevelopmentKit.find(input.developmentKit, near: [input.source, folder.place.path], in: reader.files)
    }
    kit = used
    let (entries, others) = try used.entries(pictures, folder: folder.place.path, classes: classes)
    listing.parts[part] = PackListing.Part(folder: folder.place.path, entries: entries)
    listing.classNames = used.names(of: classes)
    _ = try reader.list(folder.place)
    for file in content.files where !FileEnding.isPicture(file) { reader.leaveOut(file: folder.place.name(of: file)) }
    for picture in others { reader.account.leaveOut(folder.place.name(of: picture), .withoutClass) }
  }

  private mutating func addClasses(
    _ part: PackPart, _ folder: SourceLayout.PartFolder, isNamed: Bool
  ) throws(DataError) {
    let own = try ClassFolders(folder, isNamed: isNamed, reader)
    let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32($0)) })
    if let stranger = own.classes.first(where: { labels[$0] == nil }) {
      let meant = nearMiss(stranger, among: classes).map { " Is \($0) meant?" } ?? ""
      throw DataError(
        .invalid, path: "\(folder.place.path)/\(stranger)", expected: "only classes of \(training)",
        found: "another one", advice: "Both need the same class folders.\(meant)")
    }
    var entries = own.entries
    entries.relabel(own.classes.map { labels[$0] ?? 0 })
    listing.parts[part] = PackListing.Part(folder: folder.place.path, entries: entries)
    let absent = classes.filter { !own.classes.contains($0) }
    if !absent.isEmpty {
      let shown = absent.prefix(4).joined(separator: ", ") + (absent.count > 4 ? ", …" : "")
      reader.account.note(
        "\(folder.place.path) has no pictures of \(absent.count.counted("class", grouped: true)): \(shown)")
    }
  }
}
