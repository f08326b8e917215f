import System

/// The loss and the error of the steps since the row before: a row of `progress.csv`.
public struct ProgressRow: Equatable, Sendable {
  /// The number of steps done.
  public var iteration: Int
  /// The number of samples that the means are over.
  public var samples: Int
  /// The mean loss.
  public var loss: Double
  /// The share of samples that were classified wrongly, in percent.
  public var top1Error: Double
  public var learningRate: Double

  public init(iteration: Int, samples: Int, loss: Double, top1Error: Double, learningRate: Double) {
    self.iteration = iteration
    self.samples = samples
    self.loss = loss
    self.top1Error = top1Error
    self.learningRate = learningRate
  }

  /// Tells whether a row follows a step. Every step has one at first, and later one in so many that about a hundred are
  /// in each doubling of their number: a run of a million steps has less than two thousand.
  public static func isDue(after iteration: Int) -> Bool {
    guard iteration > 0 else { return false }
    let doublings = Int.bitWidth - 1 - iteration.leadingZeroBitCount
    return iteration.isMultiple(of: 1 << max(doublings - 7, 0))
  }
}

/// The table of a run's loss by iteration, `progress.csv`.
package typealias ProgressFile = TableFile<ProgressRow>

extension ProgressRow: TableRow {
  package static let fileName = RunFile.progress.rawValue
  package static let columns = ["iteration", "samples", "loss", "top1_error", "learning_rate"]
  package static let plural = "losses by iteration"

  package init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError) {
    let values = try table.numbers(row, from: 2)
    self.init(
      iteration: try table.integer(row, 0), samples: try table.integer(row, 1), loss: values[0], top1Error: values[1],
      learningRate: values[2])
  }

  package var fields: [String] { ["\(iteration)", "\(samples)", "\(loss)", "\(top1Error)", "\(learningRate)"] }
}
