import System

/// The figures of one epoch: a row of `metrics.csv`. Errors are in percent.
public struct MetricsRow: Equatable, Sendable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The number of steps done at the end of the epoch.
  public var iteration: Int
  public var learningRate: Double
  /// The mean loss over the epoch's samples.
  public var trainLoss: Double
  public var trainTop1Error: Double
  /// The validation error; nil where the epoch was not evaluated, and the field is empty.
  public var validationTop1Error: Double?
  public var validationTop5Error: Double?
  public var imagesPerSecond: Double
  /// The time spent in training since the run began, over all its processes.
  public var seconds: Double
  /// The part of the epoch's time that rank 0 has waited for data.
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

/// The table of a run's epochs, `metrics.csv`.
package typealias MetricsFile = TableFile<MetricsRow>

extension MetricsRow: TableRow {
  package static let fileName = RunFile.metrics.rawValue
  package static let columns = [
    "epoch", "iteration", "learning_rate", "train_loss", "train_top1_error", "validation_top1_error",
    "validation_top5_error", "images_per_second", "seconds", "data_wait_seconds",
  ]
  package static let plural = "epochs' figures"

  package init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError) {
    self.init(
      epoch: try table.integer(row, 0), iteration: try table.integer(row, 1), learningRate: try table.number(row, 2),
      trainLoss: try table.number(row, 3), trainTop1Error: try table.number(row, 4),
      validationTop1Error: row.fields[5].isEmpty ? nil : try table.number(row, 5),
      validationTop5Error: row.fields[6].isEmpty ? nil : try table.number(row, 6),
      imagesPerSecond: try table.number(row, 7), seconds: try table.number(row, 8),
      dataWaitSeconds: try table.number(row, 9))
  }

  package var fields: [String] {
    [
      "\(epoch)", "\(iteration)", "\(learningRate)", "\(trainLoss)", "\(trainTop1Error)",
      validationTop1Error.map { "\($0)" } ?? "", validationTop5Error.map { "\($0)" } ?? "", "\(imagesPerSecond)",
      "\(seconds)", "\(dataWaitSeconds)",
    ]
  }
}
