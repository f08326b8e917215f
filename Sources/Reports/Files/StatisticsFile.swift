import System

/// What training logged of a layer at an iteration: a line of `statistics.csv`.
public struct LayerStatistics: Equatable, Sendable {
  public var iteration: Int
  /// As `inspect` names it.
  public var layer: String
  /// The standard deviation of the layer's responses.
  public var response: Double
  /// The standard deviation of the loss's gradient with respect to them.
  public var gradient: Double
  /// The norm of the update over the norm of the weights.
  public var updateWeightRatio: Double
  /// The share of weight decay in the update, from 0 to 1: near 1 nothing else moves the weights.
  public var decayShare: Double

  package init(
    iteration: Int, layer: String, response: Double, gradient: Double, updateWeightRatio: Double, decayShare: Double
  ) {
    self.iteration = iteration
    self.layer = layer
    self.response = response
    self.gradient = gradient
    self.updateWeightRatio = updateWeightRatio
    self.decayShare = decayShare
  }
}

/// `statistics.csv` in a run folder: one line for each layer and logged iteration.
public enum StatisticsFile {
  public static let name = "statistics.csv"
  public static let header = "iteration,layer,response_std,gradient_std,update_weight_ratio,decay_share"

  /// The lines in order of iteration; none where there is no file. What a resumed run wrote again counts once.
  public static func read(_ path: String) throws(FileError) -> [LayerStatistics] {
    guard let table = try CSVTable.read(path) else { return [] }
    try table.expect(header: header, of: "layers' statistics")
    var places: [String: Int] = [:]
    var result: [LayerStatistics] = []
    for row in table.rows {
      let values = try table.numbers(row, from: 2)
      let entry = LayerStatistics(
        iteration: try table.integer(row.line, "iteration", row.fields[0]), layer: row.fields[1], response: values[0],
        gradient: values[1], updateWeightRatio: values[2], decayShare: values[3])
      let key = "\(entry.iteration)/\(entry.layer)"
      if let place = places[key] {
        result[place] = entry
      } else {
        places[key] = result.count
        result.append(entry)
      }
    }
    // Rows of one iteration keep the network's order.
    return result.enumerated().sorted { ($0.element.iteration, $0.offset) < ($1.element.iteration, $1.offset) }
      .map(\.element)
  }
}
