import Images

/// A list of pictures with labels. Each line has a path, then a tab, a comma or a blank, then a label. Labels are whole
/// numbers from 0, as in Caffe's lists, or the names of classes, which may contain blanks if they follow a tab or a
/// comma.
struct ListFile {
  let path: String
  /// The lines that are not empty; their labels are indices into `words`.
  private(set) var entries = PackListing.Entries()
  /// The distinct labels as they are written.
  private(set) var words: [String] = []

  /// Reads a list. The parser works on bytes throughout, because a list may have millions of lines.
  init(_ path: String) throws(DataError) {
    self.path = path
    let bytes = try textBytes(path, expected: "a list of paths and labels")
    var known: [String: Int32] = [:]
    var before: (label: ArraySlice<UInt8>, place: Int32)?
    var rest = bytes[...]
    var number = 0
    while !rest.isEmpty {
      number += 1
      let end = rest.firstIndex { $0 == Byte.newline || $0 == Byte.carriageReturn } ?? rest.endIndex
      let line = Self.trim(rest[..<end])
      rest = rest[end...].dropFirst(rest[end...].starts(with: [Byte.carriageReturn, Byte.newline]) ? 2 : 1)
      if line.isEmpty { continue }
      func refuse(_ expected: String, _ found: ArraySlice<UInt8>, _ limit: Int) -> DataError {
        let shown = String(decoding: found, as: UTF8.self).prefix(limit)
        return DataError(
          .invalid, path: path, expected: expected, found: "\(String(shown).debugDescription) in line \(number)")
      }
      guard let (name, label) = Self.divide(line) else {
        throw refuse("a path and a label in each line", line, 80)
      }
      guard PackInput.isUsable(name) else {
        throw refuse("paths without line breaks and zeros, of at most 1000 bytes", name, 60)
      }
      let place: Int32
      if let before, before.label == label {
        place = before.place
      } else {
        let word = String(decoding: label, as: UTF8.self)
        place = known[word] ?? Int32(words.count)
        if known.updateValue(place, forKey: word) == nil { words.append(word) }
        before = (label, place)
      }
      entries.append(name: name, label: place)
    }
    guard !entries.isEmpty else {
      throw DataError(.invalid, path: path, expected: "a list of paths and labels", found: "no line")
    }
  }

  private enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let blank = UInt8(ascii: " ")
    static let comma = UInt8(ascii: ",")

    static func isWhite(_ byte: UInt8) -> Bool { byte == blank || (9...13).contains(byte) }
  }

  private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop(while: Byte.isWhite)
    while let last = bytes.last, Byte.isWhite(last) { bytes.removeLast() }
    return bytes
  }

  /// Divides a line into path and label; the result is nil if it does not have both.
  private static func divide(_ line: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, label: ArraySlice<UInt8>)? {
    guard let separator = separator(line) else { return nil }
    // The comma in "name, label" belongs to neither.
    var name = line[..<separator]
    while let last = name.last, last == Byte.comma || Byte.isWhite(last) { name.removeLast() }
    let label = trim(line[(separator + 1)...])
    return name.isEmpty || label.isEmpty ? nil : (name, label)
  }

  /// Returns the place of the separator between path and label: the last tab; if there is none, the last comma, unless
  /// it is in the path; otherwise the last blank.
  private static func separator(_ line: ArraySlice<UInt8>) -> Int? {
    if let tab = line.lastIndex(of: Byte.tab) { return tab }
    let blank = line.lastIndex(of: Byte.blank)
    guard let comma = line.lastIndex(of: Byte.comma) else { return blank }
    func isPictureName(_ end: Int) -> Bool {
      FolderListing.isPictureName(String(decoding: trim(line[..<end]), as: UTF8.self))
    }
    // In "a, b.jpg 3", only the blank ends a picture's name.
    if let blank, comma < blank, !isPictureName(comma), isPictureName(blank) { return blank }
    return comma
  }

  /// Returns the labels that the words of several lists stand for, and the classes' names.
  /// - Parameter names: The names of the classes, if they are known; numbers are then indices into them, and words must
  ///   be among them.
  static func labels(
    _ lists: [ListFile], names: [String]?
  ) throws(DataError) -> (labels: [[Int32]], names: [String]) {
    let numbers = lists.map { $0.words.map { Int32($0) } }
    let areNumbers = numbers.allSatisfy { $0.allSatisfy { $0 != nil } }
    let known: [String]
    if areNumbers {
      known = names ?? (0...max(0, numbers.joined().compactMap { $0 }.max() ?? 0)).map { "\($0)" }
    } else {
      known = names ?? Set(lists.flatMap(\.words)).sorted(by: FolderListing.precedes)
    }
    let index = Dictionary(known.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    var labels: [[Int32]] = []
    for (list, numbers) in zip(lists, numbers) {
      var own: [Int32] = []
      for (place, word) in list.words.enumerated() {
        let number = numbers[place].flatMap { (0..<Int32(known.count)).contains($0) ? $0 : nil }
        guard let label = areNumbers ? number : index[word] else {
          let name = list.entries.labels.firstIndex(of: Int32(place)).map { list.entries[$0].name } ?? ""
          throw DataError(
            .invalid, path: list.path,
            expected: areNumbers ? "labels from 0 to \(known.count - 1)" : "the name of a class",
            found: "\(word) for \(name)", advice: areNumbers ? "" : "Labels are all numbers, or all names.")
        }
        own.append(label)
      }
      labels.append(own)
    }
    return (labels, known)
  }
}

/// Returns the bytes of a text file, which must be UTF-8.
private func textBytes(_ path: String, expected: String) throws(DataError) -> [UInt8] {
  var bytes = try readWhole(path: path, limit: 1 << 30, expected: expected)
  // Some editors put a byte order mark before the first letter; it is not part of the text.
  let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
  if bytes.starts(with: mark) { bytes.removeFirst(mark.count) }
  guard String(validating: bytes, as: UTF8.self) != nil else {
    throw DataError(.invalid, path: path, expected: expected, found: "bytes that are not UTF-8 text")
  }
  return bytes
}

/// Returns the lines of a text file, without their line ends.
func textLines(_ path: String, expected: String) throws(DataError) -> [Substring] {
  String(decoding: try textBytes(path, expected: expected), as: UTF8.self)
    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}

func trim(_ text: some StringProtocol) -> String {
  var part = Substring(text)
  while let first = part.first, first.isWhitespace { part.removeFirst() }
  while let last = part.last, last.isWhitespace { part.removeLast() }
  return String(part)
}
