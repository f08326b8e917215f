import Reports
import System

/// The predictions as a CSV file: a line for each model and number of ranks, times in milliseconds.
public struct ScalingTable {
  private let path: String
  private var lines = [
    "model,batch,ranks,nodes,ranks_per_node,images,forward_ms,gather_ms,fc_ms,scatter_ms,backward_ms,exposed_ms,update_ms,"
      + "step_ms,images_per_second,speedup,efficiency"
  ]

  /// Writes the header at once, so that a path that cannot be written to is found before anything is measured.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws(FileError) {
    self.path = path
    try write()
  }

  /// Adds a model's lines.
  public mutating func add(_ report: ScalingReport) throws(FileError) {
    for prediction in report.predictions {
      let parts = [
        prediction.forward, prediction.gather, prediction.fullyConnected, prediction.scatter, prediction.backward,
        prediction.exposedReduction, prediction.update, prediction.step,
        1e3 * Double(report.batch) / prediction.step, prediction.speedup, prediction.efficiency,
      ]
      let counts = [report.batch, prediction.ranks, prediction.nodes, prediction.ranksPerNode, prediction.images]
      lines.append(([report.model] + counts.map { "\($0)" } + parts.map { "\($0)" }).joined(separator: ","))
    }
    try write()
  }

  private func write() throws(FileError) {
    try TextFile.replace(path, with: lines.joined(separator: "\n") + "\n")
  }
}
