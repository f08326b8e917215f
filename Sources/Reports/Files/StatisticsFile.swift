import Network
import System

/// The statistics of one layer in one step: a row of `statistics.csv`.
public struct StatisticsRow: Equatable, Sendable {
  /// The number of steps done, with this one.
  public var iteration: Int
  public var layer: LayerStatistics

  public init(iteration: Int, layer: LayerStatistics) {
    self.iteration = iteration
    self.layer = layer
  }
}

/// The table of what steps did to layers, `statistics.csv`: one row for each noted step and layer.
package typealias StatisticsFile = TableFile<StatisticsRow>

extension StatisticsRow: TableRow {
  package static let fileName = RunFile.statistics.rawValue
  package static let columns = [
    "iteration", "layer", "response_std", "gradient_std", "update_weight_ratio", "decay_share",
  ]
  package static let plural = "layers' statistics"

  package init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError) {
    let values = try table.numbers(row, from: 2)
    self.init(
      iteration: try table.integer(row, 0),
      layer: LayerStatistics(
        layer: row.fields[1], responseDeviation: values[0], gradientDeviation: values[1], updateRatio: values[2],
        decayShare: values[3]))
  }

  package var fields: [String] {
    [
      "\(iteration)", layer.layer, "\(layer.responseDeviation)", "\(layer.gradientDeviation)", "\(layer.updateRatio)",
      "\(layer.decayShare)",
    ]
  }

  package static func ordered(_ rows: [StatisticsRow]) -> [StatisticsRow] {
    var places: [String: Int] = [:]
    var result: [StatisticsRow] = []
    for row in rows {
      let key = "\(row.iteration)/\(row.layer.layer)"
      if let place = places[key] {
        result[place] = row
      } else {
        places[key] = result.count
        result.append(row)
      }
    }
    // Rows of one iteration keep the network's order.
    return result.enumerated().sorted { ($0.element.iteration, $0.offset) < ($1.element.iteration, $1.offset) }
      .map(\.element)
  }
}
