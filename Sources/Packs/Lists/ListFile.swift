import Images
import System

/// A list of pictures with labels. Each line has a path, then a tab, a comma, a semicolon or a blank, then a label;
/// or a header names the columns, or has a column for each class. Labels are whole numbers, or the names of classes,
/// which may contain blanks if they follow a tab, a comma or a semicolon. Lines that begin with `#` are comments.
struct ListFile {
  let path: String
  /// The lines that are not empty; their labels are indices into `words`.
  private(set) var entries = PackListing.Entries()
  /// The number of each entry's line in the file, from 1; empty if each label has a file of its own.
  private(set) var lines: [Int32] = []
  /// The distinct labels as they are written.
  private(set) var words: [String] = []
  private var places: [String: Int32] = [:]
  /// The number of the header's line.
  private(set) var headerLine = 1
  /// The header in words, if there is one.
  private(set) var header: String?
  /// The classes' columns without a 1 in any line.
  private(set) var emptyColumns: [String] = []
  /// Whether the labels are names of columns.
  private(set) var hasClassColumns = false
  /// The numbers of the lines that were taken for comments.
  private(set) var comments: [Int] = []

  /// Reads a list. The parser works on bytes throughout, because a list may have millions of lines.
  /// - Parameter exclusion: The patterns of paths to leave out.
  init(_ path: String, _ exclusion: Exclusion = Exclusion([]), in files: SourceFiles) throws(DataError) {
    self.path = path
    let bytes = try textBytes(path, in: files, expected: "a list of paths and labels")
    var before: (label: [UInt8], place: Int32)?
    var rest = bytes[...]
    var number = 0
    var columns: ListColumns?
    var classes: ClassColumns?
    var isFirst = true
    var split: ListColumns.Split?
    while let line = Self.nextLine(&rest, &number) {
      if ListLine.isComment(line) {
        if isFirst, let found = Self.commented(line, before: Self.following(rest)) {
          (columns, header, headerLine, isFirst) = (found, found.description, number, false)
        } else {
          comments.append(number)
        }
        continue
      }
      defer { isFirst = false }
      if isFirst {
        let next = Self.following(rest)
        columns = ListColumns(header: line, before: next)
        classes = columns == nil ? ClassColumns(header: line, before: next) : nil
        header = columns?.description ?? classes?.description
        if header != nil {
          headerLine = number
          continue
        }
      }
      func refuse(
        _ expected: String, _ found: some Sequence<UInt8>, _ limit: Int, _ advice: String = ""
      ) -> DataError {
        let shown = String(decoding: Array(found), as: UTF8.self).prefix(limit)
        return DataError(
          .invalid, path: path, expected: expected, found: "\(String(shown).debugDescription) in line \(number)",
          advice: advice)
      }
      let pair: (name: [UInt8], label: [UInt8])?
      if let classes {
        guard let row = classes.divide(line) else {
          throw refuse("a path and 0 or 1 in the column of each class", line, 80)
        }
        if exclusion.excludes(path: String(decoding: row.name, as: UTF8.self)) { continue }
        guard row.classes.count == 1 else { throw Self.notOneClass(path, row, number) }
        pair = (row.name, Array(row.classes[0].utf8))
      } else {
        pair = columns == nil ? ListLine.divide(line) : columns?.divide(line)
      }
      guard let (name, label) = pair else {
        throw refuse(
          "a path and a label in each line", line, 80, "Remove the lines of pictures without a label, or write it.")
      }
      guard PackInput.isUsable(name) else {
        throw refuse("paths without line breaks and zeros, of at most 1000 bytes", name, 60)
      }
      if exclusion.excludes(path: String(decoding: name, as: UTF8.self)) { continue }
      if let own = columns?.split(line) ?? classes?.split(line) {
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
    let found = Set(words)
    hasClassColumns = classes != nil
    emptyColumns = classes?.classNames.filter { !found.contains($0) } ?? []
  }

  /// Returns the columns that a comment names, as NumPy writes headers.
  private static func commented(_ line: ArraySlice<UInt8>, before next: ArraySlice<UInt8>?) -> ListColumns? {
    let text = ListLine.trim(line.drop { $0 == UInt8(ascii: "#") })
    guard let next, let found = ListColumns(header: text, before: nil), found.divide(next) != nil else { return nil }
    return found
  }

  /// Returns the error for a line of a table with a column for each class that has no 1, or several.
  private static func notOneClass(
    _ path: String, _ row: (name: [UInt8], classes: [String]), _ line: Int
  ) -> DataError {
    let shown = row.classes.prefix(4).map(\.debugDescription).joined(separator: " and ")
    return DataError(
      .invalid, path: path, expected: "a 1 in the column of one class in each line",
      found: (row.classes.isEmpty ? "none" : "one for \(shown)\(row.classes.count > 4 ? " and others" : "")")
        + " in line \(line), for \(String(decoding: row.name, as: UTF8.self))",
      advice:
        "A picture has one class: remove the line, or choose one. If the columns are not classes, name the columns "
        + "of paths and of labels filename and label.")
  }

  /// Whether the first line may be a header of columns that are not known.
  var mayHaveHeader: Bool {
    guard header == nil, entries.count > 1 else { return false }
    func field(_ index: Int) -> String { String(entries[index].name.prefix { !",;\t".contains($0) }) }
    return !FileEnding.isPicture(field(0)) && (field(0) != entries[0].name || FileEnding.isPicture(field(1)))
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
    while let line = nextLine(&rest, &number) {
      if !ListLine.isComment(line) { return line }
    }
    return nil
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
