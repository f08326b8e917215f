import System

/// One epoch's figures: a line of `metrics.csv`. Errors are in per cent.
public struct MetricsRow: Equatable, Sendable {
  public var epoch: Int
  /// Updates done at the end of the epoch.
  public var iteration: Int
  public var learningRate: Double
  /// The mean over the epoch's samples.
  public var trainLoss: Double
  public var trainTop1Error: Double
  /// Nil where the epoch was not evaluated; the field is empty then.
  public var validationTop1Error: Double?
  public var validationTop5Error: Double?
  public var imagesPerSecond: Double
  /// Spent in training since the run began, over all its processes.
  public var seconds: Double
  /// Of the epoch: how long rank 0 has waited for data.
  public var dataWaitSeconds: Double

  public init(
    epoch: Int, iteration: Int, learningRate: Double, trainLoss: Double, trainTop1Error: Double,
    validationTop1Error: Double?, validationTop5Error: Double?, imagesPerSecond: Double, seconds: Double,
    dataWaitSeconds: Double
  ) {
    self.epoch = epoch
    self.iteration = iteration
    self.learningRate = learningRate
    self.trainLoss = trainLoss
    self.trainTop1Error = trainTop1Error
    self.validationTop1Error = validationTop1Error
    self.validationTop5Error = validationTop5Error
    self.imagesPerSecond = imagesPerSecond
    self.seconds = seconds
    self.dataWaitSeconds = dataWaitSeconds
  }
}

/// The table of a run's epochs, `metrics.csv`: one line per epoch, comma-separated, with a header.
///
/// A line is written by one call at the end of the file, so a reader never sees half of one unless the machine fails.
public struct MetricsFile: Sendable {
  /// The file in a run folder.
  public static let name = "metrics.csv"
  /// The columns' names, in order.
  public static let header =
    "epoch,iteration,learning_rate,train_loss,train_top1_error,validation_top1_error,validation_top5_error,"
    + "images_per_second,seconds,data_wait_seconds"

  public let path: String

  /// The file need not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// Adds a line, and the header before the first one.
  public func append(_ row: MetricsRow) throws(FileError) {
    try TextFile.append(Self.line(row), header: Self.header, to: path)
  }

  /// The lines, oldest first; none where there is no file. A last line that is not whole is left out.
  public func rows() throws(FileError) -> [MetricsRow] {
    guard let text = try TextFile.read(path) else { return [] }
    return try parsed(text)
  }

  /// Cuts off the lines past `iteration`, which a run that goes on from there will write again, and a last line that is
  /// not whole. The old file stays as it is until the new one is on the device.
  public func truncate(afterIteration iteration: Int) throws(FileError) {
    guard let text = try TextFile.read(path) else { return }
    let kept = try parsed(text).filter { $0.iteration <= iteration }
    let new = ([Self.header] + kept.map(Self.line)).map { $0 + "\n" }.joined()
    if new != text { try TextFile.replace(path, with: new, synchronizes: true) }
  }

  // MARK: - Text

  /// Numbers are written with the fewest digits that read back as the same number.
  static func line(_ row: MetricsRow) -> String {
    let fields: [String] = [
      "\(row.epoch)", "\(row.iteration)", "\(row.learningRate)", "\(row.trainLoss)", "\(row.trainTop1Error)",
      row.validationTop1Error.map { "\($0)" } ?? "", row.validationTop5Error.map { "\($0)" } ?? "",
      "\(row.imagesPerSecond)", "\(row.seconds)", "\(row.dataWaitSeconds)",
    ]
    return fields.joined(separator: ",")
  }

  private func parsed(_ text: String) throws(FileError) -> [MetricsRow] {
    // What follows the last line break was cut off while it was written.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    guard let first = lines.first else {
      // Nothing but the beginning of a header.
      if Self.header.hasPrefix(text) { return [] }
      throw wrong("expected the header \"\(Self.header)\", found \(String(text.prefix(120)).debugDescription)")
    }
    guard first == Self.header else {
      throw wrong("expected the header \"\(Self.header)\", found \(String(first.prefix(240)).debugDescription)")
    }
    var rows: [MetricsRow] = []
    for (index, line) in lines.enumerated().dropFirst() {
      guard let row = Self.row(line) else {
        throw wrong("line \(index + 1) is not a row of 10 numbers: \(String(line.prefix(240)).debugDescription)")
      }
      rows.append(row)
    }
    return rows
  }

  private static func row(_ line: Substring) -> MetricsRow? {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == 10, let epoch = Int(fields[0]), let iteration = Int(fields[1]) else { return nil }
    let numbers = fields[2...].map { Double($0) }
    guard
      let learningRate = numbers[0], let trainLoss = numbers[1], let trainTop1Error = numbers[2],
      numbers[3] != nil || fields[5].isEmpty, numbers[4] != nil || fields[6].isEmpty,
      let imagesPerSecond = numbers[5], let seconds = numbers[6], let dataWaitSeconds = numbers[7]
    else { return nil }
    return MetricsRow(
      epoch: epoch, iteration: iteration, learningRate: learningRate, trainLoss: trainLoss,
      trainTop1Error: trainTop1Error, validationTop1Error: numbers[3], validationTop5Error: numbers[4],
      imagesPerSecond: imagesPerSecond, seconds: seconds, dataWaitSeconds: dataWaitSeconds)
  }

  private func wrong(_ what: String) -> FileError {
    FileError(
      .wrongKind, path: path, problem: what,
      advice: "Move the file away if it is not this program's, and it will be written anew")
  }
}
