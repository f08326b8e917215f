import Glibc
import HDF5

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

  /// Writes predictions as a table, or as HDF5 where the name ends in .h5 or .hdf5; in the place of an earlier file at
  /// once. The HDF5 file holds /index and /label (images), /class and /score (images, guesses), and /class_names.
  public static func write(
    _ predictions: [Prediction], classNames: [String], to path: String
  ) throws(ReportError) {
    if path.hasSuffix(".h5") || path.hasSuffix(".hdf5") {
      return try writeHDF5(predictions, classNames: classNames, to: path)
    }
    var text = header + "\n"
    for prediction in predictions {
      text += "\(prediction.index),\(prediction.label)"
      for place in 0..<5 {
        guard place < prediction.guesses.count else {
          text += ",,"
          continue
        }
        text += ",\(prediction.guesses[place].classIndex),\(prediction.guesses[place].score)"
      }
      text += "\n"
    }
    try TextFile.replace(path, with: text)
  }

  private static func writeHDF5(
    _ predictions: [Prediction], classNames: [String], to path: String
  ) throws(ReportError) {
    let temporary = "\(path).tmp.\(getpid())"
    unlink(temporary)
    do {
      let sink = try FileSink(creating: temporary)
      do {
        try HDF5Library.exclusively {
          let file = try HDF5Writer(sink)
          try file.writeAttribute("title", "The likeliest classes of images")
          try file.write(classNames, "class_names")
          // HDF5 knows no empty arrays in one piece.
          if let guesses = predictions.first?.guesses.count, guesses > 0 {
            let (images, all) = (predictions.count, predictions.flatMap(\.guesses))
            try file.writeArray(predictions.map { Int32($0.index) }, shape: [images], "index")
            try file.writeArray(predictions.map { Int32($0.label) }, shape: [images], "label")
            try file.writeArray(all.map { Int32($0.classIndex) }, shape: [images, guesses], "class")
            try file.writeArray(all.map(\.score), shape: [images, guesses], "score")
          }
        }
      } catch {
        sink.finish()
        sink.discard()
        throw error
      }
      sink.finish()
      guard sink.error == 0 else {
        sink.discard()
        throw FileError(.cannotWrite, path: path, problem: "cannot be written: \(systemWords(sink.error))")
      }
    } catch let error as FileError {
      throw ReportError(
        error.kind == .cannotCreate ? .cannotCreate : .inputOutput, path: path, problem: error.problem)
    } catch {
      throw ReportError(.inputOutput, path: path, problem: "cannot be written: \(error)")
    }
    guard rename(temporary, path) == 0 else {
      let error = TextFile.failure(path, "cannot be put in place", .cannotCreate)
      unlink(temporary)
      throw error
    }
  }

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
