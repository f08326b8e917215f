import Glibc
import HDF5
import Images
import System

/// The pictures that the numbers of predictions count.
public struct PredictedPictures: Equatable, Sendable {
  public var split: MeasuredSplit
  /// The path of the data, as the evaluation was given it; nil for the run's own data.
  public var data: String?

  public init(split: MeasuredSplit, data: String? = nil) {
    self.split = split
    self.data = data
  }
}

/// The likeliest classes of one picture.
public struct Prediction: Equatable, Sendable {
  /// The picture's number in its split of the data, from 0.
  public var index: Int
  /// The true class.
  public var label: Int
  /// The name of the picture's file; empty where it has none.
  public var name: String
  /// The likeliest classes with their probabilities, at most five, the likeliest first.
  public var guesses: [(classIndex: Int, score: Double)]

  public init(index: Int, label: Int, name: String = "", guesses: [(classIndex: Int, score: Double)]) {
    self.index = index
    self.label = label
    self.name = name
    self.guesses = guesses
  }

  public static func == (a: Prediction, b: Prediction) -> Bool {
    a.index == b.index && a.label == b.label && a.name == b.name && a.guesses.elementsEqual(b.guesses, by: ==)
  }

  /// Whether the likeliest class is the true one.
  public var isRight: Bool { guesses.first?.classIndex == label }
}

/// The table of the likeliest five classes of each picture of an evaluation.
///
/// Where there are fewer than five classes their fields are empty. Every row names the split that its number counts in,
/// and the path of the data, which is empty for a run's own: a run folder can be moved. Pictures that are files have a
/// last column with their names.
public enum PredictionsFile {
  /// The name of the file in a run folder.
  public static let name = RunFile.predictions.rawValue
  public static let header =
    (["index", "label"] + (1...5).flatMap { ["class\($0)", "score\($0)"] } + ["split", "data"]).joined(separator: ",")
  /// The header of a table of pictures that have names.
  public static let namedHeader = header + ",name"

  /// The title of an HDF5 file of predictions.
  private static let title = "The likeliest classes of images"

  /// Returns the output of predictions at a path that a person gave.
  public static func output(_ path: String) -> OutputFile {
    guard isHDF5(path) else {
      return OutputFile(
        path, kind: "a table of predictions", runFile: .predictions,
        beginnings: [header + "\n", namedHeader + "\n"])
    }
    return OutputFile(path, kind: "an HDF5 file of predictions") { path in
      guard let file = try? HDF5Reader.open(path, as: HDF5Content(noun: "file of predictions", adviceOnDamage: ""))
      else {
        return false
      }
      return (try? file.attribute("title")) == title
    }
  }

  private static func isHDF5(_ path: String) -> Bool { path.hasSuffix(".h5") || path.hasSuffix(".hdf5") }

  /// Writes predictions as a table, or as HDF5 where the name ends in .h5 or .hdf5, in the place of an earlier file at
  /// once. The HDF5 file holds /index and /label (images), /class and /score (images, guesses), /class_names, and,
  /// where pictures are files, /name (images); its attributes `split` and `data` say which pictures they are.
  public static func write(
    _ predictions: [Prediction], of pictures: PredictedPictures, classNames: [String], to path: String
  ) throws(FileError) {
    if isHDF5(path) {
      return try writeHDF5(predictions, of: pictures, classNames: classNames, to: path)
    }
    let isNamed = isNamed(predictions)
    let end = ",\(pictures.split.rawValue),\(CSVTable.field(pictures.data ?? ""))"
    var text = (isNamed ? namedHeader : header) + "\n"
    for prediction in predictions {
      text += "\(prediction.index),\(prediction.label)"
      for place in 0..<5 {
        guard place < prediction.guesses.count else {
          text += ",,"
          continue
        }
        text += ",\(prediction.guesses[place].classIndex),\(prediction.guesses[place].score)"
      }
      text += end + (isNamed ? ",\(CSVTable.field(prediction.name))\n" : "\n")
    }
    try TextFile.replace(path, with: text)
  }

  private static func isNamed(_ predictions: [Prediction]) -> Bool { predictions.contains { !$0.name.isEmpty } }

  private static func writeHDF5(
    _ predictions: [Prediction], of pictures: PredictedPictures, classNames: [String], to path: String
  ) throws(FileError) {
    let replacement = FileReplacement(of: path, temporary: "\(path).tmp.\(getpid())")
    do throws(FileError) {
      try HDF5File.create(at: replacement.temporary) { file throws(HDF5Error) in
        try file.writeAttribute("title", title)
        try file.writeAttribute("split", pictures.split.rawValue)
        try file.writeAttribute("data", pictures.data ?? "")
        try file.write(classNames, "class_names")
        // HDF5 knows no empty arrays in one piece.
        guard let guesses = predictions.first?.guesses.count, guesses > 0 else { return }
        let (images, all) = (predictions.count, predictions.flatMap(\.guesses))
        try file.writeArray(predictions.map { Int32($0.index) }, shape: [images], "index")
        try file.writeArray(predictions.map { Int32($0.label) }, shape: [images], "label")
        try file.writeArray(all.map { Int32($0.classIndex) }, shape: [images, guesses], "class")
        try file.writeArray(all.map(\.score), shape: [images, guesses], "score")
        if isNamed(predictions) { try file.writeTextArray(predictions.map(\.name), "name") }
      }
    } catch {
      throw error.named(path)
    }
    try replacement.putInPlace(refusal: .cannotCreate)
  }

  /// Reads the rows of a table.
  ///
  /// - Returns: the predictions, and the pictures that they count; nil where there is no prediction.
  static func parse(
    _ table: CSVTable
  ) throws(FileError) -> (predictions: [Prediction], pictures: PredictedPictures?) {
    let found = table.header.joined(separator: ",")
    let isNamed = found == namedHeader
    if !isNamed { try table.expect(header: header, of: "predictions") }
    var result: [Prediction] = []
    var pictures: PredictedPictures?
    for row in table.rows {
      let fields = row.fields
      var guesses: [(classIndex: Int, score: Double)] = []
      for place in 0..<5 {
        let column = 2 + 2 * place
        if fields[column].isEmpty && fields[column + 1].isEmpty { break }
        guesses.append((try table.integer(row, column), try table.number(row, column + 1)))
      }
      result.append(
        Prediction(
          index: try table.integer(row, 0), label: try table.integer(row, 1), name: isNamed ? fields[14] : "",
          guesses: guesses))
      guard let split = MeasuredSplit(rawValue: fields[12]) else {
        throw FileError(
          table: table.path,
          problem: "line \(row.line), split: expected test or validation, found "
            + String(fields[12].prefix(60)).debugDescription)
      }
      let counted = PredictedPictures(split: split, data: fields[13].isEmpty ? nil : fields[13])
      guard counted == pictures ?? counted else {
        throw FileError(
          table: table.path, problem: "expected one split of one data set, found another in line \(row.line)")
      }
      pictures = counted
    }
    return (result, pictures)
  }
}
