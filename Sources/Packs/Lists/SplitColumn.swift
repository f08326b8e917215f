import Images

/// The column of a list that tells the split of each picture: by a word, by a number, or by yes and no.
struct SplitColumn {
  let column: Int
  /// The column's name.
  let name: String
  private let meaning: Meaning

  private enum Meaning {
    /// Words such as train and test, and the numbers that stand for them in CelebA's lists.
    case words(areNumbers: Bool)
    /// Yes for one split, no for the other.
    case flag(yes: PackPart, no: PackPart)
  }

  private static let names = ["split", "set", "subset", "partition", "phase", "usage", "datasplit", "dataset"]
  private static let numbers = ["partition", "split"]
  private static let flags: [String: (yes: PackPart, no: PackPart)] = [
    "isvalid": (.validation, .training), "isval": (.validation, .training), "isvalidation": (.validation, .training),
    "istest": (.test, .training), "istrain": (.training, .test), "istraining": (.training, .test),
    "istrainingimage": (.training, .test),
  ]
  /// The same as single words, which may be names of classes as well: a train is a vehicle.
  private static let words: [String: (yes: PackPart, no: PackPart)] = [
    "valid": (.validation, .training), "val": (.validation, .training), "validation": (.validation, .training),
    "test": (.test, .training), "train": (.training, .test), "training": (.training, .test),
  ]

  /// Finds the column by its name, or by a word for a split in the line after the header.
  ///
  /// - Parameters:
  ///   - names: the header's names.
  ///   - values: the fields of the line after it; nil if there is none.
  ///   - taken: the columns that are something else.
  ///   - areClasses: whether columns of 0 and 1 may be classes.
  init?(_ names: [String], before values: [String]?, except taken: [Int], areClasses: Bool = false) {
    let free = names.indices.filter { !taken.contains($0) && !names[$0].isEmpty }
    let plain = names.map(ListColumns.plain)
    let flags = areClasses ? Self.flags : Self.flags.merging(Self.words) { flag, _ in flag }
    func found(_ column: Int, _ meaning: Meaning) -> SplitColumn {
      SplitColumn(column: column, name: names[column], meaning: meaning)
    }
    let named = Self.names.lazy.compactMap { word in free.first { plain[$0] == word } }.first
    if let named {
      self = found(named, .words(areNumbers: Self.numbers.contains(plain[named])))
    } else if let flag = free.first(where: { flags[plain[$0]] != nil }), let meaning = flags[plain[flag]] {
      self = found(flag, .flag(yes: meaning.yes, no: meaning.no))
    } else if let values, values.count == names.count,
      let word = free.first(where: { SplitName.part(values[$0]) != nil })
    {
      self = found(word, .words(areNumbers: false))
    } else {
      return nil
    }
  }

  private init(column: Int, name: String, meaning: Meaning) {
    (self.column, self.name, self.meaning) = (column, name, meaning)
  }

  /// Returns the split that a field names; nil if it names none.
  func split(_ field: [UInt8]) -> ListColumns.Split? {
    let word = String(decoding: field, as: UTF8.self)
    let part: PackPart? =
      switch meaning {
      case .words(let areNumbers): (areNumbers ? Self.parts[word] : nil) ?? Self.part(of: word)
      case .flag(let yes, let no): Self.flag(field).map { $0 ? yes : no } ?? Self.part(of: word)
      }
    return part.map { ListColumns.Split(part: $0, word: word, column: name) }
  }

  /// The numbers of CelebA's lists.
  private static let parts: [String: PackPart] = ["0": .training, "1": .validation, "2": .test]
  /// Words for splits that folders are not called by.
  private static let otherWords: [String: PackPart] = [
    "trainval": .training, "eval": .validation, "evaluation": .validation, "holdout": .test, "gallery": .test,
    "query": .test, "publictest": .test, "privatetest": .test,
  ]

  /// Returns the split that a word names as a whole, or by one of its parts, such as WILDS's `id_val`.
  private static func part(of word: String) -> PackPart? {
    let parts = word.lowercased().split { !$0.isLetter }.map(String.init)
    return SplitName.part(word) ?? parts.compactMap { otherWords[$0] ?? SplitName.part($0) }.first
  }

  /// Returns what a field that says yes or no says; nil for anything else.
  private static func flag(_ field: [UInt8]) -> Bool? {
    switch String(decoding: field, as: UTF8.self).lowercased() {
    case "yes", "y", "t", "x": true
    case "no", "n", "f", "": false
    default: ClassColumns.mark(field)
    }
  }
}
