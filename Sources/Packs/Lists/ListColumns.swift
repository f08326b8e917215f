/// The columns of a list whose first line is a header.
struct ListColumns: CustomStringConvertible {
  private let separator: UInt8
  private let path: Int
  private let label: Int
  /// The column that may tell the split of each picture.
  private let split: SplitColumn?
  private let names: [String]

  /// The split that a line names.
  struct Split {
    let part: PackPart
    let word: String
    /// The column's name.
    let column: String
  }

  /// Recognizes a header: by names that people give columns of paths and of labels, or, where there are two columns, by
  /// a first line without a picture's name before a line with one.
  /// - Parameter next: The line after it, if there is one.
  init?(header line: ArraySlice<UInt8>, before next: ArraySlice<UInt8>?) {
    for separator in [ListLine.tab, ListLine.comma, ListLine.semicolon, ListLine.blank] {
      let names = ListLine.fields(line, separator).map { String(decoding: $0, as: UTF8.self) }
      guard names.count > 1 else { continue }
      let plain = names.map(Self.plain)
      func first(_ words: [String], except taken: Int? = nil) -> Int? {
        for word in words {
          let places = plain.indices.filter { plain[$0] == word && $0 != taken }
          if let place = places.first(where: { !names[$0].contains(where: \.isNumber) }) { return place }
          // Of "label_0" and "label_1", none is the label.
          if places.count == 1 { return places[0] }
        }
        return nil
      }
      if let path = first(Self.pathWords), let label = first(Self.labelWords, except: path) {
        (self.separator, self.path, self.label, self.names) = (separator, path, label, names)
        let values = next.map { ListLine.fields($0, separator).map { String(decoding: $0, as: UTF8.self) } }
        split = SplitColumn(names, before: values, except: [path, label])
        return
      }
      guard let next, names.count == 2, !FileEnding.isPicture(names[0]), !FileEnding.isPicture(names[1]) else {
        continue
      }
      let fields = ListLine.fields(next, separator).map { String(decoding: $0, as: UTF8.self) }
      guard fields.count == 2, FileEnding.isPicture(fields[0]), ClassOrder.isNumber(fields[1]),
        !ClassOrder.isNumber(names[1])
      else { continue }
      (self.separator, path, label, split, self.names) = (separator, 0, 1, nil, names)
      return
    }
    return nil
  }

  /// The columns in words.
  var description: String { "\(names[path]) and \(names[label])" }

  /// Returns the path and the label of a line; the result is nil if it does not have both.
  func divide(_ line: ArraySlice<UInt8>) -> (name: [UInt8], label: [UInt8])? {
    let fields = ListLine.fields(line, separator)
    guard fields.count == names.count, !fields[path].isEmpty, !fields[label].isEmpty else { return nil }
    return (fields[path], fields[label])
  }

  /// Returns the split that a line's column of splits names.
  func split(_ line: ArraySlice<UInt8>) -> Split? {
    guard let split else { return nil }
    let fields = ListLine.fields(line, separator)
    return fields.count == names.count ? split.split(fields[split.column]) : nil
  }

  /// Returns a column's name as it is compared with words: its letters in lowercase.
  static func plain(_ name: String) -> String { name.lowercased().filter(\.isLetter) }

  static let pathWords = [
    "filename", "filepath", "path", "file", "imagepath", "imagefile", "imgpath", "imagename", "imgname", "image", "img",
    "picture", "photo", "fname", "imageid", "imgid", "photoid", "pictureid", "isicid", "idcode", "id", "name",
  ]

  private static let labelWords = [
    "label", "labels", "class", "classid", "classname", "classes", "category", "categoryid", "categoryname", "target",
    "labelid", "labelname", "species", "breed", "diagnosis", "dx", "landmarkid", "tag", "genus", "individual", "y",
  ]
}
