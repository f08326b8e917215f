import Images
import System

/// A list of pictures with labels. Each line has a path, then a tab, a comma, a semicolon or a blank, then a label;
/// or a header names the columns. Labels are whole numbers, or the names of classes, which may contain blanks if they
/// follow a tab, a comma or a semicolon.
struct ListFile {
  let path: String
  /// The lines that are not empty; their labels are indices into `words`.
  private(set) var entries = PackListing.Entries()
  /// The number of each entry's line in the file, from 1; empty if each label has a file of its own.
  private(set) var lines: [Int32] = []
  /// The distinct labels as they are written.
  private(set) var words: [String] = []
  private var places: [String: Int32] = [:]
  /// The header in words, if there is one.
  private(set) var header: String?

  /// Reads a list. The parser works on bytes throughout, because a list may have millions of lines.
  /// - Parameter exclusion: The patterns of paths to leave out.
  init(_ path: String, _ exclusion: Exclusion = Exclusion([]), in files: SourceFiles) throws(DataError) {
    self.path = path
    let bytes = try textBytes(path, in: files, expected: "a list of paths and labels")
    var before: (label: [UInt8], place: Int32)?
    var rest = bytes[...]
    var number = 0
    var columns: ListColumns?
    var isFirst = true
    var split: ListColumns.Split?
    while let line = Self.nextLine(&rest, &number) {
      defer { isFirst = false }
      if isFirst, let found = ListColumns(header: line, before: Self.following(rest)) {
        (columns, header) = (found, found.description)
        continue
      }
      func refuse(_ expected: String, _ found: some Sequence<UInt8>, _ limit: Int) -> DataError {
        let shown = String(decoding: Array(found), as: UTF8.self).prefix(limit)
        return DataError(
          .invalid, path: path, expected: expected, found: "\(String(shown).debugDescription) in line \(number)")
      }
      guard let (name, label) = columns?.divide(line) ?? (columns == nil ? ListLine.divide(line) : nil) else {
        throw refuse("a path and a label in each line", line, 80)
      }
      guard PackInput.isUsable(name) else {
        throw refuse("paths without line breaks and zeros, of at most 1000 bytes", name, 60)
      }
      if exclusion.excludes(path: String(decoding: name, as: UTF8.self)) { continue }
      if let own = columns?.split(line) {
        if let split, split.part != own.part { throw Self.severalSplits(path, split, own, number) }
        split = own
      }
      let place: Int32
      if let before, before.label == label {
        place = before.place
      } else {
        let word = String(decoding: label, as: UTF8.self)
        place = places[word] ?? Int32(words.count)
        if places.updateValue(place, forKey: word) == nil { words.append(word) }
        before = (label, place)
      }
      entries.append(name: name, label: place)
      lines.append(Int32(clamping: number))
    }
    guard !entries.isEmpty else {
      throw DataError(.invalid, path: path, expected: "a list of paths and labels", found: "no line")
    }
  }

  /// Returns the error for a list whose lines belong to several splits: all of them would be trained on.
  private static func severalSplits(
    _ path: String, _ one: ListColumns.Split, _ other: ListColumns.Split, _ line: Int
  ) -> DataError {
    DataError(
      .invalid, path: path, expected: "the pictures of one split in a list",
      found: "\(one.word) and, in line \(line), \(other.word) in the column \(one.column)",
      advice: "Write the lines of each split to a list of its own, and name the others with --validation and --test; "
        + "or remove the column if all lines are to be trained on.")
  }

  /// Returns the next line that is not empty, without the white space around it, and counts those that it passes.
  private static func nextLine(_ rest: inout ArraySlice<UInt8>, _ number: inout Int) -> ArraySlice<UInt8>? {
    while !rest.isEmpty {
      number += 1
      let end = rest.firstIndex { $0 == ListLine.newline || $0 == ListLine.carriageReturn } ?? rest.endIndex
      let line = ListLine.trim(rest[..<end])
      let isPair = rest[end...].starts(with: [ListLine.carriageReturn, ListLine.newline])
      rest = rest[end...].dropFirst(isPair ? 2 : 1)
      if !line.isEmpty { return line }
    }
    return nil
  }

  private static func following(_ rest: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var (rest, number) = (rest, 0)
    return nextLine(&rest, &number)
  }

  /// Makes an empty list of pictures whose labels are in files of their own.
  /// - Parameter path: The folder or the archive of these files.
  init(labeledIn path: String) { self.path = path }

  /// Adds a picture whose label is in a file of its own.
  mutating func append(_ name: String, label: String) {
    let place: Int32
    if let last = entries.labels.last, words[Int(last)] == label {
      place = last
    } else {
      place = places[label] ?? Int32(words.count)
      if places.updateValue(place, forKey: label) == nil { words.append(label) }
    }
    entries.append(PackListing.Entry(name: name, label: place))
  }

  /// Returns where the first entry with a label has it, in words, and the entry's path.
  func first(labeled place: Int) -> (place: String, name: String)? {
    entries.labels.firstIndex(of: Int32(place)).map {
      (lines.isEmpty ? "the label beside \(entries[$0].name)" : "line \(lines[$0])", entries[$0].name)
    }
  }

  /// Puts the names of the files that the paths mean in place of the paths.
  mutating func rename(_ names: [Int: String]) {
    guard !names.isEmpty else { return }
    var renamed = PackListing.Entries()
    for (index, entry) in entries.enumerated() {
      renamed.append(PackListing.Entry(name: names[index] ?? entry.name, label: entry.label))
    }
    entries = renamed
  }
}

/// Returns the bytes of a text file in UTF-8.
private func textBytes(_ path: String, in files: SourceFiles, expected: String) throws(DataError) -> [UInt8] {
  let bytes = try files.contents(of: path, limit: 1 << 30, expected: expected)
  guard let text = PlainText.utf8(bytes) else {
    throw DataError(.invalid, path: path, expected: expected, found: "bytes that are not UTF-8 text")
  }
  return text
}

/// Returns the lines of a text file, without their line ends.
func textLines(_ path: String, in files: SourceFiles, expected: String) throws(DataError) -> [Substring] {
  String(decoding: try textBytes(path, in: files, expected: expected), as: UTF8.self)
    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}
