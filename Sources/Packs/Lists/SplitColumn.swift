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
    "valid": (.validation, .training), "val": (.validation, .training), "validation": (.validation, .training),
    "istest": (.test, .training), "test": (.test, .training), "istrain": (.training, .test),
    "istraining": (.training, .test), "istrainingimage": (.training, .test), "train": (.training, .test),
    "training": (.training, .test),
  ]

  /// Finds the column by its name, or by a word for a split in the line after the header.
  ///
  /// - Parameters:
  ///   - names: the header's names.
  ///   - values: the fields of the line after it; nil if there is none.
  ///   - taken: the columns that are something else.
  init?(_ names: [String], before values: [String]?, except taken: [Int]) {
    let free = names.indices.filter { !taken.contains($0) && !names[$0].isEmpty }
    let plain = names.map(ListColumns.plain)
    func found(_ column: Int, _ meaning: Meaning) -> SplitColumn {
      SplitColumn(column: column, name: names[column], meaning: meaning)
    }
    let named = Self.names.lazy.compactMap { word in free.first { plain[$0] == word } }.first
    if let named {
      self = found(named, .words(areNumbers: Self.numbers.contains(plain[named])))
    } else if let flag = free.first(where: { Self.flags[plain[$0]] != nil }), let meaning = Self.flags[plain[flag]] {
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
      case .words(let areNumbers):
        SplitName.part(word) ?? (areNumbers ? ["0": .training, "1": .validation, "2": .test][word] : nil)
          // The list of FER2013 has PublicTest and PrivateTest.
          ?? (word.lowercased().hasSuffix("test") ? .test : nil)
      case .flag(let yes, let no): ClassColumns.mark(field).map { $0 ? yes : no } ?? SplitName.part(word)
      }
    return part.map { ListColumns.Split(part: $0, word: word, column: name) }
  }
}
