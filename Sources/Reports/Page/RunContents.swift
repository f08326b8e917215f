import Checkpoint
import Foundation
import Images
import Network
import System

/// The contents of a run folder, as a report shows them. Files that are not there yet are left out; a run may be going
/// on.
public struct RunContents {
  /// The run's name in the report.
  public var name: String
  public let path: String
  var configuration = ReportedConfiguration()
  public private(set) var metrics: [MetricsRow] = []
  /// The errors of the moving average of the weights; empty where none is kept.
  public private(set) var averages: [AverageErrorsRow] = []
  public private(set) var times: [TimeRow] = []
  public private(set) var progress: [ProgressRow] = []
  public private(set) var places: [RunPlace] = []
  public var statistics: [StatisticsRow] = []
  public private(set) var classErrors: [ClassErrors] = []
  var results: [ResultsRow] = []
  /// The guesses by class; nil where no evaluation has written them.
  var confusion: Confusion?
  public private(set) var predictions: [Prediction] = []
  /// The pictures that the predictions count; nil where there are none.
  var predicted: PredictedPictures?
  /// The network; nil where nothing tells of it yet.
  public var network: ReportedNetwork?
  /// The newest checkpoint that can be read; nil where there is none.
  public var checkpoint: ReportedCheckpoint?
  public var coefficients: [LayerSlopes] = []
  public var filters: FilterBank?

  /// Reads all that a run folder holds.
  ///
  /// - Parameter name: the run's name in the report; nil for the folder's.
  /// - Throws: `FileError`; a damaged checkpoint is passed over.
  public init(folder path: String, name: String? = nil) throws(FileError) {
    guard FileSystem.isFolder(path) else {
      throw FileError(.missing, path: path, problem: "there is no such run folder")
    }
    try self.init(tablesOf: path, name: name)
    configuration.text = try TextFile.read(file(RunFile.configuration.rawValue))
    try readEvaluations()
    readNewestCheckpoint()
    guard !metrics.isEmpty || checkpoint != nil || !statistics.isEmpty || !progress.isEmpty else {
      throw FileError(
        .missing, path: path,
        problem: "expected a run folder with metrics.csv or a checkpoint, found neither. Name a folder that "
          + "`prelu-dist train --run` made")
    }
  }

  /// Reads the tables that training writes.
  public init(tablesOf path: String, name: String? = nil) throws(FileError) {
    self.path = path
    self.name = name ?? Self.lastName(path)
    metrics = try MetricsFile(path: file(MetricsFile.name)).rows()
    averages = try AverageErrorsFile(path: file(AverageErrorsFile.name)).rows()
    times = try TimeFile(path: file(TimeFile.name)).rows()
    progress = try ProgressFile(path: file(ProgressFile.name)).rows()
    places = try PlacesFile(path: file(PlacesFile.name)).rows()
    statistics = try StatisticsFile(path: file(StatisticsFile.name)).rows()
  }

  /// Reads the tables that evaluations have written into the folder.
  public mutating func readEvaluations() throws(FileError) {
    if let table = try CSVTable.read(file(ClassErrorsFile.name)) { classErrors = try ClassErrorsFile.parse(table) }
    if let table = try CSVTable.read(file(ResultsFile.name)) { results = try ResultsFile.parse(table) }
    if let table = try CSVTable.read(file(ConfusionFile.name)) { confusion = try ConfusionFile.parse(table) }
    if let table = try CSVTable.read(file(PredictionsFile.name)) {
      (predictions, predicted) = try PredictionsFile.parse(table)
    }
  }

  /// Returns the path of a file in the folder.
  public func file(_ name: String) -> String { FileSystem.path(name, in: path) }

  static func lastName(_ path: String) -> String {
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    return name.isEmpty ? path : name
  }

  private mutating func readNewestCheckpoint() {
    let newestFirst = (try? RunFolder.open(at: path).checkpoints()) ?? []
    for path in newestFirst.map(\.path) {
      guard let header = try? CheckpointFile.readHeader(path), RunFolder.objection(to: header, at: path) == nil else {
        continue
      }
      do {
        coefficients = try Self.coefficients(header, path)
        filters = try Self.firstFilters(header, path)
      } catch { continue }
      network = ReportedNetwork(header)
      checkpoint = ReportedCheckpoint(header)
      configuration.settings = ReportedConfiguration.settings(of: header.configuration)
      return
    }
  }

  private static func coefficients(_ header: CheckpointHeader, _ path: String) throws -> [LayerSlopes] {
    let suffix = "_prelu"
    return try header.tensors.filter { $0.layer.hasSuffix(suffix) && $0.blob == 0 }.map { tensor in
      let values = try CheckpointFile.readTensor(path, layer: tensor.layer, blob: 0).values
      return LayerSlopes(
        layer: String(tensor.layer.dropLast(suffix.count)), isShared: tensor.shape.isEmpty, values: values)
    }
  }

  private static func firstFilters(_ header: CheckpointHeader, _ path: String) throws -> FilterBank? {
    guard let tensor = header.tensors.first(where: { $0.shape.count == 4 }) else { return nil }
    let (shape, values) = try CheckpointFile.readTensor(path, layer: tensor.layer, blob: tensor.blob)
    return FilterBank(layer: tensor.layer, shape: shape, values: values)
  }

  /// The test error at the end of the run, in percent; nil before it, or where the data have no test split.
  public var testError: Double? { results.first { $0.split == MeasuredSplit.test.rawValue }?.top1Error }

  func setting(_ key: String) -> String? { configuration.settings.first { $0.key == key }?.value }

  /// Returns the name of a class; one without a name is called by its number.
  func className(_ index: Int) -> String {
    guard let names = network?.classNames, names.indices.contains(index) else { return "class \(index)" }
    return names[index]
  }
}

/// Changes of a run that goes on, without a look at its files.
extension RunContents {
  /// Takes the settings of the run.
  ///
  /// - Parameters:
  ///   - text: the settings as `config.yaml` has them.
  ///   - json: the same settings as checkpoints have them.
  public mutating func set(configuration text: String, json: String) {
    configuration = ReportedConfiguration(text: text, settings: ReportedConfiguration.settings(of: json))
  }

  public mutating func append(_ place: RunPlace) { places.append(place) }

  /// Adds the rows of an evaluation.
  public mutating func append(_ row: MetricsRow, _ time: TimeRow) {
    metrics.append(row)
    times.append(time)
  }

  public mutating func append(_ row: AverageErrorsRow) { averages.append(row) }

  public mutating func append(_ row: ProgressRow) { progress.append(row) }

  public mutating func append(_ rows: [StatisticsRow]) { statistics += rows }

  /// Takes out the rows past `iteration`, to which the run comes again.
  public mutating func truncate(afterIteration iteration: Int) {
    metrics.removeAll { $0.iteration > iteration }
    averages.removeAll { $0.iteration > iteration }
    times.removeAll { $0.iteration > iteration }
    statistics.removeAll { $0.iteration > iteration }
    progress.removeAll { $0.iteration > iteration }
  }
}
