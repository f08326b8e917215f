import Archives
import Foundation
import Images
import System

/// One archive of pairs: the files of a sample are those whose names are the same up to the first dot of the last name.
///
/// Source: WebDataset, "The WebDataset Format".
struct PairedShard {
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
    let all = index.files.filter { !exclusion.excludes(path: $0) }
    let files = all.filter { !Self.isHidden($0) }
    let isByClass = files.contains { FileEnding.of($0) == "cls" }
    let pictures = files.filter(FileEnding.isPicture)
    // Behind the first dot, `seg.png` is another picture of the sample; but where all are named so, they are the
    // pictures.
    let plain = pictures.filter { SampleName($0).field.isEmpty }
    let chosen = plain.isEmpty ? pictures : plain
    // Class folders may hold descriptions of pictures, too, whose words are not labels.
    guard isByClass || !chosen.isEmpty && chosen.allSatisfy({ !$0.contains("/") }) else { return nil }
    var labels = Labels(files, ending: isByClass ? "cls" : "json")
    guard isByClass || chosen.contains(where: { labels.hasAny(SampleName($0)) }) else { return nil }
    var seen: [String: String] = [:]
    var key: String?
    var example = ""
    for picture in chosen {
      let name = SampleName(picture)
      if let other = seen.updateValue(picture, forKey: name.key) { throw several(other, picture, name) }
      let labelPath = try labels.take(name, picture, archive: path)
      guard let labelPath, let bytes = try index.contents(labelPath, limit: 1 << 20) else {
        throw DataError(
          .invalid, path: "\(path)/\(picture)",
          expected: "\(name.key).\(labels.ending) beside it, as beside other pictures",
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
      if example.isEmpty, plain.isEmpty { example = ", such as \(labelPath) beside \(picture)" }
      pairs.append((picture, label))
    }
    var alone: [String] = []
    let named = Dictionary(
      pictures.lazy.map { (SampleName($0), $0) }.filter { !$0.0.field.isEmpty }, uniquingKeysWith: { first, _ in first }
    )
    for file in labels.untaken {
      let name = SampleName(file)
      if let taken = seen[name.key] {
        // Their names have dots, and differ behind the first one.
        if let own = named[name] { throw several(taken, own, name) }
        account.leaveOut(file, .otherFile)
      } else if isByClass {
        alone.append(file)
      } else if let bytes = try index.contents(file, limit: 1 << 20), Self.label(bytes, &key) != nil {
        alone.append(file)
      }
    }
    if !alone.isEmpty { throw withoutPicture(alone, files) }
    account.note(
      "\(path) holds pairs: \(isByClass ? "a .cls" : "a .json with \(key ?? "")") beside each picture\(example)")
    let taken = Set(chosen)
    for file in all where FileEnding.isPicture(file) && !taken.contains(file) {
      account.leaveOut(file, Self.isHidden(file) ? .hidden : .otherFile)
    }
  }

  /// The labels' files of an archive.
  private struct Labels {
    let ending: String
    private var files: [String: [String]] = [:]
    private var taken: Set<String> = []
    private let order: [String]
    /// The picture and the label of the first sample whose two files have different names behind the first dot.
    private var first: (picture: SampleName, label: SampleName, file: String)?

    init(_ all: [String], ending: String) {
      self.ending = ending
      order = all.filter { FileEnding.of($0) == ending }
      for file in order { files[SampleName(file).key, default: []].append(file) }
    }

    func hasAny(_ name: SampleName) -> Bool { files[name.key] != nil }

    /// The labels' files that no picture took, in the order of the archive.
    var untaken: [String] { order.filter { !taken.contains($0) } }

    /// Returns the file of a picture's label, or nil if there is none: the one whose name is the same up to its ending,
    /// or the sample's own, or its only one. Where names differ, they do so in the same way in all samples: another
    /// picture, such as a mask, must not stand in for one that is missing.
    mutating func take(_ name: SampleName, _ picture: String, archive: String) throws(DataError) -> String? {
      let own = files[name.key] ?? []
      if let same = own.first(where: { SampleName($0).field == name.field }) {
        taken.insert(same)
        return same
      }
      guard let found = own.first(where: { SampleName($0).field.isEmpty }) ?? own.first else { return nil }
      let label = SampleName(found)
      let isOne = own.count == 1 || label.field.isEmpty
      let other = first ?? (name, label, picture)
      guard isOne, other.picture.field == name.field, other.label.field == label.field else {
        throw DataError(
          .invalid, path: archive,
          expected: "a picture and a .\(ending) of the same kinds in each sample, whose files "
            + "have the same names up to the first dot",
          found: isOne
            ? "\(found) beside \(picture), unlike beside \(other.file)"
            : "\(own.prefix(3).joined(separator: " and ")) beside \(picture)",
          advice: "Leave the other kinds out with --exclude, or add what is missing.")
      }
      first = other
      taken.insert(found)
      return found
    }
  }

  private func several(_ one: String, _ other: String, _ name: SampleName) -> DataError {
    let isPlain = name.field.isEmpty
    return DataError(
      .invalid, path: path,
      expected: isPlain ? "one picture of each name" : "one picture of each name up to the first dot, a sample's name",
      found: "\(one) and \(other)",
      advice: isPlain
        ? "Leave one kind of them out with --exclude."
        : "Leave one kind of them out with --exclude, such as '*.\(name.field).*', or, if they are two samples, put "
          + "another character in place of the dots inside names.")
  }

  /// Returns the error for labels beside which no picture lies: pictures are missing, or are of formats that are not
  /// read.
  private func withoutPicture(_ labels: [String], _ files: [String]) -> DataError {
    let key = SampleName(labels[0]).key
    let others = files.filter { SampleName($0).key == key && !labels.contains($0) }
    let more = labels.dropFirst()
    let shown = more.prefix(3).joined(separator: ", ") + (more.count > 3 ? ", …" : "")
    let converting = FileEnding.advice(others.map(FileEnding.of))
    return DataError(
      .invalid, path: "\(path)/\(labels[0])",
      expected: "a picture beside it\(pairs.isEmpty ? "" : ", as beside other labels")",
      found: (others.isEmpty ? "none" : "only \(others.prefix(3).joined(separator: ", "))")
        + (more.isEmpty
          ? ""
          : "; \(more.count.counted("more label", grouped: true)) \(more.count.verb("has", "have")) none: \(shown)"),
      advice: (converting.isEmpty ? "" : "\(converting) ")
        + "Add what is missing, or leave the label out: --exclude '\(FileSystem.name(of: key)).*'.")
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

/// The parts of the name of a sample's file, such as `train/0001`, `seg` and `png`.
private struct SampleName: Hashable {
  /// The path up to the first dot of its last name, which the files of a sample share.
  let key: String
  /// The part behind that dot, without the ending; empty if there is nothing but the ending.
  let field: String

  init(_ path: String) {
    let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let end = path[start...].firstIndex(of: ".") ?? path.endIndex
    key = String(path[..<end])
    let rest = end == path.endIndex ? "" : path[path.index(after: end)...]
    field = rest.lastIndex(of: ".").map { String(rest[..<$0]) } ?? ""
  }
}
