import Checkpoint
import Foundation
import Network
import System

/// A run as a report shows it: what is in its folder. Files that are not there yet are left out; a run may be going on.
public struct RunContents {
  /// The run's name in the report.
  public var name: String
  public let path: String
  /// `config.yaml` as it stands.
  var configurationText: String?
  /// The settings with their paths, from the checkpoint.
  var settings: [(key: String, value: String)] = []
  public var metrics: [MetricsRow] = []
  public var times: [TimeRow] = []
  public var places: [RunPlace] = []
  public var statistics: [StatisticsRow] = []
  public var classErrors: [ClassErrors] = []
  var results: [ResultsRow] = []
  public var predictions: [Prediction] = []
  /// The pictures that the predictions count; nil where there are none.
  var predicted: PredictedPictures?
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
    configurationText = try TextFile.read(file("config.yaml"))
    try readEvaluations()
    readNewestCheckpoint()
    guard !metrics.isEmpty || checkpoint != nil || !statistics.isEmpty else {
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
    let reached = metrics.last?.iteration ?? 0
    // Rows past the newest evaluation's are of iterations that the resumed run may not have come to yet.
    times = try TimeFile(path: file(TimeFile.name)).rows().filter { $0.iteration <= reached }
    places = try PlacesFile(path: file(PlacesFile.name)).rows()
    statistics = try StatisticsFile(path: file(StatisticsFile.name)).rows()
  }

  /// Reads the tables that evaluations have written into the folder.
  public mutating func readEvaluations() throws(FileError) {
    if let table = try CSVTable.read(file(ClassErrorsFile.name)) { classErrors = try ClassErrorsFile.parse(table) }
    if let table = try CSVTable.read(file(ResultsFile.name)) { results = try ResultsFile.parse(table) }
    if let table = try CSVTable.read(file(PredictionsFile.name)) {
      (predictions, predicted) = try PredictionsFile.parse(table)
    }
  }

  /// Takes the settings of a run that begins.
  ///
  /// - Parameters:
  ///   - text: the settings as `config.yaml` has them.
  ///   - json: the same settings as checkpoints have them.
  public mutating func set(configuration text: String, json: String) {
    configurationText = text
    settings = Self.flattened(json)
  }

  private func file(_ name: String) -> String { FileSystem.path(name, in: path) }

  static func lastName(_ path: String) -> String {
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    return name.isEmpty ? path : name
  }

  private mutating func readNewestCheckpoint() {
    let newestFirst = (try? RunFolder.open(at: path).checkpoints()) ?? []
    for path in newestFirst.map(\.path) {
      guard let header = try? CheckpointFile.readHeader(path) else { continue }
      do {
        coefficients = try Self.coefficients(header, path)
        filters = try Self.firstFilters(header, path)
      } catch { continue }
      checkpoint = ReportedCheckpoint(header)
      settings = Self.flattened(header.configuration)
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

  /// The leaves of a JSON object with their paths, sorted.
  private static func flattened(_ json: String) -> [(key: String, value: String)] {
    func leaves(_ value: Any, _ path: String) -> [(key: String, value: String)] {
      if let group = value as? [String: Any] {
        return group.sorted { $0.key < $1.key }.flatMap {
          leaves($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)")
        }
      }
      if let list = value as? [Any], list.contains(where: { $0 is [String: Any] }) {
        return list.enumerated().flatMap { leaves($1, "\(path).\($0 + 1)") }
      }
      guard
        let data = try? JSONSerialization.data(
          withJSONObject: value, options: [.fragmentsAllowed, .withoutEscapingSlashes])
      else { return [] }
      let text = String(decoding: data, as: UTF8.self)
      return [(path, text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text)]
    }
    guard let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) else { return [] }
    return leaves(object, "")
  }

  func setting(_ key: String) -> String? { settings.first { $0.key == key }?.value }

  /// The names of the classes; a class without one is called by its number.
  func className(_ index: Int) -> String {
    guard let names = checkpoint?.classNames, names.indices.contains(index) else { return "class \(index)" }
    return names[index]
  }
}
