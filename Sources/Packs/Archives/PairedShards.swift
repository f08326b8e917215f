import Archives
import Foundation
import Images
import System

/// Archives in which each picture has a file of the same name beside it that holds its label, `.cls` or `.json`, as
/// WebDataset writes them.
///
/// Source: WebDataset, "The WebDataset Format": the files of a sample are those whose names are the same up to the
/// first dot.
struct PairedShards {
  private var lists: [PackPart: ListFile] = [:]
  private var folders: [PackPart: String] = [:]
  private var account = PackAccount()

  /// - Returns: Nil if the sources are not such archives.
  init?(_ input: PackInput, _ exclusion: Exclusion, _ files: SourceFiles) throws(DataError) {
    let sources = [input.source] + input.others
    var shards: [Shard] = []
    for path in sources {
      guard let number = try files.open(path),
        let shard = try Shard(files.archives[number], exclusion, &account)
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
      guard let number = try files.open(path), let shard = try Shard(files.archives[number], exclusion, &account) else {
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
  private static func list(_ shards: [Shard], _ folder: inout String?) throws(DataError) -> ListFile {
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
    if let warning = labels.warning { listing.account.warn(warning) }
    for (part, labels) in zip(parts, labels.labels) {
      guard var entries = lists[part]?.entries, let folder = folders[part] else { continue }
      entries.relabel(labels)
      listing.parts[part] = PackListing.Part(folder: folder, entries: entries)
    }
    return listing
  }
}

/// One archive of pairs.
private struct Shard {
  let path: String
  /// The pictures with their labels, in the order of the archive.
  private(set) var pairs: [(picture: String, label: String)] = []

  /// The keys of a `.json` that may hold the label, the first of which counts.
  private static let keys = [
    "cls", "label", "class", "class_id", "category_id", "category", "target", "label_id", "class_name", "label_name",
  ]

  /// - Returns: Nil if the archive does not hold pairs.
  init?(_ index: ArchiveIndex, _ exclusion: Exclusion, _ account: inout PackAccount) throws(DataError) {
    path = index.file.path
    let files = index.files.filter { !exclusion.excludes(path: $0) }
    let pictures = files.filter { Self.isPlainPicture($0) && !Self.isHidden($0) }
    let names = Set(files)
    let isByClass = files.contains { FileEnding.of($0) == "cls" }
    // Class folders may hold descriptions of pictures, too, whose words are not labels.
    guard !pictures.isEmpty,
      isByClass || pictures.allSatisfy({ !$0.contains("/") && names.contains("\(Self.key($0)).json") })
    else { return nil }
    var seen: [String: String] = [:]
    var key: String?
    for picture in pictures {
      let own = Self.key(picture)
      let labelPath = "\(own).\(isByClass ? "cls" : "json")"
      if let other = seen.updateValue(picture, forKey: own) {
        throw DataError(
          .invalid, path: path, expected: "one picture of each name", found: "\(other) and \(picture)",
          advice: "Leave one kind of them out with --exclude.")
      }
      guard names.contains(labelPath), let bytes = try index.contents(labelPath, limit: 1 << 20) else {
        throw DataError(
          .invalid, path: "\(path)/\(picture)", expected: "\(labelPath) beside it, as beside other pictures",
          found: "none", advice: "Leave the picture out with --exclude, or add its label.")
      }
      let label = isByClass ? PlainText.utf8(bytes).map { Self.trimmed($0) } : Self.label(bytes, &key)
      guard let label, !label.isEmpty, !label.contains(where: \.isNewline) else {
        throw DataError(
          .invalid, path: "\(path)/\(labelPath)",
          expected: isByClass
            ? "a class's number or name" : "a label under one of \(Self.keys.joined(separator: ", "))",
          found: describeContent(Array(bytes.prefix(64))))
      }
      pairs.append((picture, label))
    }
    account.note("\(path) holds pairs: \(isByClass ? "a .cls" : "a .json with \(key ?? "")") beside each picture")
    let taken = Set(pictures)
    for file in files where FileEnding.isPicture(file) && !taken.contains(file) {
      account.leaveOut(file, Self.isHidden(file) ? .hidden : .otherFile)
    }
  }

  /// Returns a path up to the first dot of its last name.
  private static func key(_ path: String) -> String {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return String(path[..<(path[start...].firstIndex(of: ".") ?? path.endIndex)])
  }

  /// Returns whether a name is that of a sample's picture: `seg.png` behind the first dot is another one.
  private static func isPlainPicture(_ path: String) -> Bool {
    FileEnding.isPicture(path) && path.utf8.count == key(path).utf8.count + 1 + FileEnding.of(path).utf8.count
  }

  private static func isHidden(_ path: String) -> Bool {
    path.split(separator: "/").contains { $0.hasPrefix(".") || Leftovers.isFolder(String($0)) }
  }

  private static func trimmed(_ bytes: [UInt8]) -> String {
    String(decoding: ListLine.trim(bytes[...]), as: UTF8.self)
  }

  /// Returns the label of a `.json`.
  /// - Parameter key: The key that the first one had, under which all have it.
  private static func label(_ bytes: [UInt8], _ key: inout String?) -> String? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let found = key ?? keys.first(where: { object[$0] != nil }), let value = object[found]
    else { return nil }
    key = found
    switch value {
    case let text as String: return text
    case let number as NSNumber: return Int(exactly: number).map { "\($0)" }
    default: return nil
    }
  }
}
