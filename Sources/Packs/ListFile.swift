import Images

/// A list of pictures with labels: a line for each, the path, then a tab, a comma or a blank, then the label. Labels are
/// whole numbers from 0, as Caffe's lists have them, or the names of classes, in which there may be blanks behind a tab or
/// a comma.
enum ListFile {
  struct Line {
    let name: String
    let label: String
  }

  /// The lines of a list file that are not empty.
  static func read(_ path: String) throws(DataError) -> [Line] {
    var lines: [Line] = []
    for (number, line) in try textLines(path, expected: "a list of paths and labels").enumerated() {
      let trimmed = trim(line)
      if trimmed.isEmpty { continue }
      guard let space = separator(trimmed) else {
        throw DataError(
          .invalid, path: path, expected: "a path and a label in each line",
          found: "\(String(trimmed.prefix(80)).debugDescription) in line \(number + 1)")
      }
      // Of "name, label" the comma belongs to neither.
      var name = trimmed[..<space]
      while let last = name.last, last == "," || last.isWhitespace { name.removeLast() }
      let label = trim(trimmed[trimmed.index(after: space)...])
      guard !name.isEmpty, !label.isEmpty else {
        throw DataError(
          .invalid, path: path, expected: "a path and a label in each line",
          found: "\(String(trimmed.prefix(80)).debugDescription) in line \(number + 1)")
      }
      guard PackInput.isUsable(name) else {
        throw DataError(
          .invalid, path: path, expected: "paths without line breaks and zeros, of at most 1000 bytes",
          found: "\(String(name.prefix(60)).debugDescription) in line \(number + 1)")
      }
      lines.append(Line(name: String(name), label: String(label)))
    }
    guard !lines.isEmpty else {
      throw DataError(.invalid, path: path, expected: "a list of paths and labels", found: "no line")
    }
    return lines
  }

  /// What divides path and label: the last tab; where there is none the last comma, unless it is in the path; or the last
  /// blank.
  private static func separator(_ line: String) -> String.Index? {
    if let tab = line.lastIndex(of: "\t") { return tab }
    let blank = line.lastIndex(of: " ")
    guard let comma = line.lastIndex(of: ",") else { return blank }
    // Of "a, b.jpg 3" only the blank ends a picture's name.
    if let blank, comma < blank, !FolderListing.isPictureName(trim(line[..<comma])),
      FolderListing.isPictureName(trim(line[..<blank]))
    {
      return blank
    }
    return comma
  }

  /// The labels of several lists as numbers, and the classes' names.
  ///
  /// - Parameter names: of the classes, where they are known; numbers then count in them, and words are among them.
  static func labels(
    _ lists: [(path: String, lines: [Line])], names: [String]?
  ) throws(DataError) -> (labels: [[Int32]], names: [String]) {
    let numbers = lists.map { $0.lines.map { Int32($0.label) } }
    if numbers.allSatisfy({ $0.allSatisfy { $0 != nil } }) {
      let known = names ?? (0...max(0, numbers.joined().compactMap { $0 }.max() ?? 0)).map { "\($0)" }
      for (list, labels) in zip(lists, numbers) {
        if let place = labels.firstIndex(where: { !(0..<Int32(known.count)).contains($0 ?? -1) }) {
          throw DataError(
            .invalid, path: list.path, expected: "labels from 0 to \(known.count - 1)",
            found: "\(list.lines[place].label) for \(list.lines[place].name)")
        }
      }
      return (numbers.map { $0.compactMap { $0 } }, known)
    }
    let known = names ?? Set(lists.flatMap { $0.lines.map(\.label) }).sorted(by: FolderListing.precedes)
    let index = Dictionary(known.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    var labels: [[Int32]] = []
    for list in lists {
      var own: [Int32] = []
      for line in list.lines {
        guard let label = index[line.label] else {
          throw DataError(
            .invalid, path: list.path, expected: "the name of a class", found: "\(line.label) for \(line.name)",
            advice: "Labels are all numbers, or all names.")
        }
        own.append(label)
      }
      labels.append(own)
    }
    return (labels, known)
  }
}

/// The lines of a text file, without their ends.
func textLines(_ path: String, expected: String) throws(DataError) -> [Substring] {
  let bytes = try readWhole(path: path, limit: 1 << 30, expected: expected)
  // Some editors put it before the first letter, which it is none of.
  let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  guard let text = String(validating: bytes.dropFirst(bytes.starts(with: mark) ? mark.count : 0), as: UTF8.self) else {
    throw DataError(.invalid, path: path, expected: expected, found: "bytes that are no UTF-8 text")
  }
  return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}

func trim(_ text: some StringProtocol) -> String {
  var part = Substring(text)
  while let first = part.first, first.isWhitespace { part.removeFirst() }
  while let last = part.last, last.isWhitespace { part.removeLast() }
  return String(part)
}
