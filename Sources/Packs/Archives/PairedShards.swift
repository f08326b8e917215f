import Archives
import Images
import System

/// Archives in which each picture has a file of the same name beside it that holds its label, `.cls` or `.json`, as
/// WebDataset writes them.
struct PairedShards {
  private var lists: [PackPart: ListFile] = [:]
  private var folders: [PackPart: String] = [:]
  private var account = PackAccount()

  /// - Returns: Nil if the sources are not such archives.
  init?(_ input: PackInput, _ exclusion: Exclusion, _ files: SourceFiles) throws(DataError) {
    let sources = [input.source] + input.others
    var shards: [PairedShard] = []
    for path in sources {
      guard let number = try files.open(path),
        let shard = try PairedShard(files.archives[number], exclusion, &account)
      else { break }
      shards.append(shard)
    }
    guard shards.count == sources.count else {
      guard let first = shards.first else { return nil }
      throw DataError(
        .invalid, path: sources[shards.count], expected: "an archive of pictures with a .cls or a .json beside each",
        found: "another source", advice: "\(first.path) is one, so that all have to be. Pack the others by themselves.")
    }
    for (part, path) in [(PackPart.validation, input.validation), (.test, input.withoutTest ? nil : input.test)] {
      guard let path else { continue }
      guard let number = try files.open(path), let shard = try PairedShard(files.archives[number], exclusion, &account)
      else {
        throw DataError(
          .invalid, path: path, expected: "an archive of pictures with a .cls or a .json beside each",
          found: "another source")
      }
      lists[part] = try Self.list([shard], &folders[part])
    }
    let parts = Dictionary(grouping: shards) { PackInput.part($0.path) }
    if let unnamed = parts[nil], unnamed.count < shards.count {
      throw DataError(
        .invalid, path: unnamed[0].path, expected: "shards whose names all tell their split, or none of them",
        found: "some that do", advice: "Rename it to train-…, val-… or test-….")
    }
    for (part, shards) in parts where part != .test || !input.withoutTest {
      let part = part ?? .training
      guard lists[part] == nil else {
        throw DataError(
          .invalid, path: shards[0].path, expected: "one source for the \(part.rawValue) split",
          found: "another in --\(part.rawValue)")
      }
      lists[part] = try Self.list(shards, &folders[part])
    }
    guard lists[.training] != nil else {
      throw DataError(
        .invalid, path: input.source, expected: "shards to train on", found: "only others",
        advice: "Name them train-….")
    }
  }

  /// Returns the pictures of shards with their labels. Each path begins with its shard's name, since shards use the
  /// same names again.
  private static func list(_ shards: [PairedShard], _ folder: inout String?) throws(DataError) -> ListFile {
    let own = FileSystem.folder(of: shards[0].path)
    folder = own
    var list = ListFile(labeledIn: shards.count == 1 ? shards[0].path : own)
    for shard in shards {
      guard FileSystem.folder(of: shard.path) == own else {
        throw DataError(
          .invalid, path: shard.path, expected: "shards in one folder", found: "others in \(own)",
          advice: "Move them into one folder, or link to them there.")
      }
      let name = FileSystem.name(of: shard.path)
      for (picture, label) in shard.pairs { list.append("\(name)/\(picture)", label: label) }
    }
    return list
  }

  /// - Parameter classNames: The file that names the classes.
  func listing(_ classNames: String?, _ files: SourceFiles) throws(DataError) -> PackListing {
    let parts = PackPart.allCases.filter { lists[$0] != nil }
    let named = try classNames.map { path throws(DataError) in try ClassNamesFile.lines(path, in: files) }
    let labels = try ListLabels(parts.compactMap { lists[$0] }, names: named)
    var listing = PackListing(classNames: labels.names, classFolders: labels.names, parts: [:])
    listing.account = account
    if let note = labels.note { listing.account.note(note) }
    for warning in labels.warnings { listing.account.warn(warning) }
    listing.account.labelsArePlaces = labels.arePlaces
    for (part, labels) in zip(parts, labels.labels) {
      guard var entries = lists[part]?.entries, let folder = folders[part] else { continue }
      entries.relabel(labels)
      listing.parts[part] = PackListing.Part(folder: folder, entries: entries)
    }
    return listing
  }
}
