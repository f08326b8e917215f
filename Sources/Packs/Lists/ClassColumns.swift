/// The columns of a table that has one for each class, of which a picture has a 1 in one and a 0 in the others
/// ("one-hot"), as competitions give them out.
struct ClassColumns: CustomStringConvertible {
  private let separator: UInt8
  private let path: Int
  private let split: SplitColumn?
  private let classes: [Int]
  private let names: [String]

  /// Columns that tell something else of a picture than its class.
  private static let remarks: Set = [
    "sex", "gender", "age", "ageapprox", "agegroup", "site", "anatomsite", "anatomsitegeneral", "patient", "patientid",
    "lesionid", "subjectid", "source", "width", "height", "url", "license", "author", "date", "attribution",
  ]

  /// Recognizes such a header by the line after it: beside a path, at least two of its columns have a 0 or a 1 there,
  /// and names of classes in the header. Any other column may be the label itself, unless its name says what it is.
  /// - Parameter next: The line after it, if there is one.
  init?(header line: ArraySlice<UInt8>, before next: ArraySlice<UInt8>?) {
    guard let next else { return nil }
    for separator in [ListLine.tab, ListLine.comma, ListLine.semicolon, ListLine.blank] {
      let names = ListLine.fields(line, separator).map { String(decoding: $0, as: UTF8.self) }
      let values = ListLine.fields(next, separator)
      guard names.count > 2, values.count == names.count else { continue }
      let plain = names.map(ListColumns.plain)
      // pandas writes the numbers of lines into a column without a name.
      let others = plain.indices.filter { !names[$0].isEmpty && !["unnamed", "index"].contains(plain[$0]) }
      func isPicture(_ column: Int) -> Bool { FileEnding.isPicture(String(decoding: values[column], as: UTF8.self)) }
      let known = ListColumns.pathWords.lazy.compactMap { word in others.first { plain[$0] == word } }.first
      let found = others.first(where: isPicture) ?? known ?? others.first { Self.mark(values[$0]) == nil }
      guard let path = found, !FileEnding.isPicture(names[path]) else { continue }
      let words = values.map { String(decoding: $0, as: UTF8.self) }
      let split = SplitColumn(names, before: words, except: [path], areClasses: true)
      let rest = others.filter { $0 != path && $0 != split?.column && !Self.remarks.contains(plain[$0]) }
      let classes = rest.filter { Self.mark(values[$0]) != nil }
      // One may be a class that is called so, such as a train.
      let splits = classes.filter { SplitName.part(names[$0]) != nil }
      guard classes.count > 1, classes.count == rest.count, splits.count < 2,
        known == path || classes.allSatisfy({ !Self.isMark(names[$0]) }),
        Set(classes.map { names[$0] }).count == classes.count
      else { continue }
      (self.separator, self.path, self.split, self.classes, self.names) = (separator, path, split, classes, names)
      return
    }
    return nil
  }

  /// The columns in words.
  var description: String {
    let taken = Set(classes + [path] + (split.map { [$0.column] } ?? []))
    let others = names.indices.filter { !taken.contains($0) && !names[$0].isEmpty }.map { names[$0] }
    let shown = others.prefix(4).joined(separator: ", ") + (others.count > 4 ? ", …" : "")
    return "\(names[path]) and one with a 0 or a 1 for each of \(classes.count) classes, from \(names[classes[0]]) to "
      + "\(names[classes[classes.count - 1]])"
      + (others.isEmpty ? "" : "; \(shown) \(others.count.verb("does", "do")) not count")
  }

  /// The names of the classes' columns.
  var classNames: [String] { classes.map { names[$0] } }

  /// Returns the path of a line, and the classes whose columns have a 1; the result is nil if one has something else
  /// than a 0 or a 1.
  func divide(_ line: ArraySlice<UInt8>) -> (name: [UInt8], classes: [String])? {
    let fields = ListLine.fields(line, separator)
    guard fields.count == names.count, !fields[path].isEmpty else { return nil }
    var marked: [String] = []
    for column in classes {
      guard let mark = Self.mark(fields[column]) else { return nil }
      if mark { marked.append(names[column]) }
    }
    return (fields[path], marked)
  }

  /// Returns the split that a line's column of splits names.
  func split(_ line: ArraySlice<UInt8>) -> ListColumns.Split? {
    guard let split else { return nil }
    let fields = ListLine.fields(line, separator)
    return fields.count == names.count ? split.split(fields[split.column]) : nil
  }

  private static func isMark(_ name: String) -> Bool { mark(Array(name.utf8)) != nil }

  /// Returns whether a field says that a picture is of a class; nil if it says something else.
  static func mark(_ field: [UInt8]) -> Bool? {
    switch String(decoding: field, as: UTF8.self).lowercased() {
    case "true": return true
    case "false": return false
    case let word:
      // Programs write 1, 1. or 1.0.
      guard let first = word.first, first == "0" || first == "1", (word.dropFirst().first ?? ".") == ".",
        word.dropFirst(2).allSatisfy({ $0 == "0" })
      else { return nil }
      return first == "1"
    }
  }
}
