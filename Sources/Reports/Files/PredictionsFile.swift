/// The likeliest classes of one picture.
public struct Prediction: Equatable, Sendable {
  /// Its number in the test part, from 0.
  public var index: Int
  /// Its true class.
  public var label: Int
  /// Five at most, the likeliest first, with their probabilities.
  public var guesses: [(classIndex: Int, score: Double)]

  public init(index: Int, label: Int, guesses: [(classIndex: Int, score: Double)]) {
    self.index = index
    self.label = label
    self.guesses = guesses
  }

  public static func == (a: Prediction, b: Prediction) -> Bool {
    a.index == b.index && a.label == b.label && a.guesses.elementsEqual(b.guesses, by: ==)
  }

  public var isRight: Bool { guesses.first?.classIndex == label }
}

/// The likeliest five classes of each picture of an evaluation, as a table. Where there are fewer than five classes the
/// last fields are empty.
public enum PredictionsFile {
  /// In a run folder.
  public static let name = "predictions.csv"
  public static let header = (["index", "label"] + (1...5).flatMap { ["class\($0)", "score\($0)"] })
    .joined(separator: ",")

  static func parse(_ table: CSVTable) throws(ReportError) -> [Prediction] {
    try table.expect(header: header, of: "predictions")
    var result: [Prediction] = []
    for (line, fields) in table.rows {
      var guesses: [(classIndex: Int, score: Double)] = []
      for place in 0..<5 {
        let (classField, scoreField) = (fields[2 + 2 * place], fields[3 + 2 * place])
        if classField.isEmpty && scoreField.isEmpty { break }
        guesses.append(
          (
            try table.integer(line, "class\(place + 1)", classField),
            try table.number(line, "score\(place + 1)", scoreField)
          ))
      }
      result.append(
        Prediction(
          index: try table.integer(line, "index", fields[0]), label: try table.integer(line, "label", fields[1]),
          guesses: guesses))
    }
    return result
  }
}
