import Reports
import System

/// A CSV file of predictions: a line for each model, kind of node, network and number of nodes, with times in
/// milliseconds.
public struct ScalingTable {
  private let path: String
  private var lines = [header]
  private static let header =
    "model,batch,cores_per_node,gbit_per_second,ranks,threads,nodes,ranks_per_node,images,forward_ms,gather_ms,fc_ms,"
    + "scatter_ms,backward_ms,exposed_ms,update_ms,step_ms,images_per_second,speedup,efficiency,largest_loss,loss_ms"

  /// Returns a table's file, which takes the place of an earlier table.
  public static func output(_ path: String) -> OutputFile {
    OutputFile(path, kind: "a table of predictions", beginnings: [header + "\n"])
  }

  /// Writes the header at once, so that a path that cannot be written to is found before anything is measured.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws(FileError) {
    self.path = path
    try write()
  }

  /// Adds a model's lines.
  public mutating func add(_ report: ScalingReport) throws(FileError) {
    for table in report.tables {
      for prediction in table.predictions + table.rankACore {
        let before: [any CustomStringConvertible] = [
          report.batch, table.node.cores, 8e-9 * table.betweenNodes.bandwidth, prediction.ranks, prediction.threads,
          prediction.nodes, prediction.ranksPerNode, prediction.images,
        ]
        let parts = [
          prediction.forward, prediction.gather, prediction.fullyConnected, prediction.scatter, prediction.backward,
          prediction.exposedReduction, prediction.update, prediction.step,
          1e3 * Double(report.batch) / prediction.step, prediction.speedup, prediction.efficiency,
        ]
        let loss = prediction.losses.first
        lines.append(
          ([report.model] + before.map(\.description) + parts.map { "\($0)" }
            + [loss?.reason.rawValue ?? "", loss.map { "\($0.milliseconds)" } ?? ""]).joined(separator: ","))
      }
    }
    try write()
  }

  private func write() throws(FileError) {
    try TextFile.replace(path, with: lines.joined(separator: "\n") + "\n")
  }
}
