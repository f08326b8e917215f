import Checkpoint
import Foundation
import System

/// What is in a run folder that a report shows. Files that are not there yet are left out; a run may be going on.
public struct RunContents {
  /// How the report calls it.
  public var name: String
  public let path: String
  /// `config.yaml` as it stands.
  var configurationText: String?
  /// The settings with their paths, from the checkpoint.
  var settings: [(key: String, value: String)] = []
  public var metrics: [MetricsRow] = []
  package var times: [TimeRow] = []
  var places: [RunPlace] = []
  package var statistics: [LayerStatistics] = []
  public var classErrors: [ClassErrors] = []
  var results: [ResultsRow] = []
  public var predictions: [Prediction] = []
  /// Which pictures the predictions count; nil where their table does not say.
  var predicted: PredictedPictures?
  /// The header of the newest checkpoint that can be read.
  var checkpoint: CheckpointHeader?
  public var coefficients: [LayerCoefficients] = []
  package var filters: FirstFilters?

  /// - Parameter checkpointPath: a checkpoint that is known to be whole; without it the newest one is looked for.
  /// - Throws: `FileError`; a damaged checkpoint is passed over.
  public init(folder path: String, name: String? = nil, checkpointPath: String? = nil) throws(FileError) {
    self.path = path
    self.name = name ?? Self.lastName(path)
    guard FileSystem.isFolder(path) else {
      throw FileError(.missing, path: path, problem: "there is no such run folder")
    }
    func file(_ name: String) -> String { FileSystem.path(name, in: path) }
    metrics = try MetricsFile(path: file("metrics.csv")).rows()
    configurationText = try TextFile.read(file("config.yaml"))
    let reached = metrics.last?.iteration ?? 0
    // Of rows past the newest evaluation's the resumed run may not have come to yet.
    times = try TimeFile.read(file(TimeFile.name)).filter { $0.iteration <= reached }
    places = try PlacesFile.read(file(PlacesFile.name))
    statistics = try StatisticsFile.read(file(StatisticsFile.name))
    if let table = try CSVTable.read(file(ClassErrorsFile.name)) { classErrors = try ClassErrorsFile.parse(table) }
    if let table = try CSVTable.read(file(ResultsFile.name)) { results = try ResultsFile.parse(table) }
    if let table = try CSVTable.read(file(PredictionsFile.name)) {
      (predictions, predicted) = try PredictionsFile.parse(table)
    }
    readCheckpoint(checkpointPath)
    guard !metrics.isEmpty || checkpoint != nil || !statistics.isEmpty else {
      throw FileError(
        .missing, path: path,
        problem: "expected a run folder with metrics.csv or a checkpoint, found neither. Name a folder that "
          + "`prelu-dist train --run` made")
    }
  }

  static func lastName(_ path: String) -> String {
    let name = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    return name.isEmpty ? path : name
  }

  private mutating func readCheckpoint(_ known: String?) {
    let newestFirst = (try? RunFolder.open(at: path).checkpoints().sorted { $0.iteration > $1.iteration }) ?? []
    for path in known.map({ [$0] }) ?? newestFirst.map(\.path) {
      guard let header = try? CheckpointFile.readHeader(path) else { continue }
      do {
        coefficients = try Self.coefficients(header, path)
        filters = try Self.firstFilters(header, path)
      } catch { continue }
      checkpoint = header
      settings = Self.flattened(header.configuration)
      return
    }
  }

  private static func coefficients(_ header: CheckpointHeader, _ path: String) throws -> [LayerCoefficients] {
    let suffix = "_prelu"
    return try header.tensors.filter { $0.layer.hasSuffix(suffix) && $0.blob == 0 }.map { tensor in
      let values = try CheckpointFile.readTensor(path, layer: tensor.layer, blob: 0).values
      return LayerCoefficients(
        layer: String(tensor.layer.dropLast(suffix.count)), isShared: tensor.shape.isEmpty, values: values)
    }
  }

  private static func firstFilters(_ header: CheckpointHeader, _ path: String) throws -> FirstFilters? {
    guard let tensor = header.tensors.first(where: { $0.shape.count == 4 }) else { return nil }
    let (shape, values) = try CheckpointFile.readTensor(path, layer: tensor.layer, blob: tensor.blob)
    return FirstFilters(layer: tensor.layer, shape: shape, values: values)
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
    guard let names = checkpoint?.input?.classNames, names.indices.contains(index) else { return "class \(index)" }
    return names[index]
  }
}

/// A layer's learned coefficients of the negative part.
public struct LayerCoefficients: Equatable, Sendable {
  public let layer: String
  /// One for the whole layer, instead of one a channel.
  public let isShared: Bool
  public let values: [Float]

  public init(layer: String, isShared: Bool, values: [Float]) {
    self.layer = layer
    self.isShared = isShared
    self.values = values
  }

  private var sorted: [Double] { values.map(Double.init).sorted() }

  var mean: Double { values.reduce(0) { $0 + Double($1) } / Double(max(values.count, 1)) }

  /// Over the channels, not an estimate for more of them.
  var standardDeviation: Double {
    let mean = mean
    return (values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(max(values.count, 1)))
      .squareRoot()
  }

  /// Least, lower quarter, middle, upper quarter, greatest.
  var quartiles: [Double] {
    let sorted = sorted
    return [0, 0.25, 0.5, 0.75, 1].map { part in
      let place = part * Double(sorted.count - 1)
      let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
      return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
  }
}

/// The filters of a network's first convolution.
package struct FirstFilters {
  let layer: String
  /// (filters, channels, height, width)
  let shape: [Int]
  let values: [Float]

  package init(layer: String, shape: [Int], values: [Float]) {
    self.layer = layer
    self.shape = shape
    self.values = values
  }
}
