import Communication
import Configuration
import Foundation
import RankTestSupport
import System
import TestSupport
import Training

/// Runs of a small network that ends in seconds, in a folder of their own, on one rank.
final class SmallRun {
  let folder: ScratchFolder
  private let world: World
  /// The steps of an epoch: 40 training images in mini-batches of 8.
  static let epoch = 5

  init() throws {
    folder = try ScratchFolder()
    world = try startedWorld()
    try writeData()
  }

  /// The run's folder.
  var path: String { folder.file("run") }

  func text(_ name: String) throws -> String { String(decoding: try folder.bytes(name), as: UTF8.self) }

  func write(_ text: String, _ name: String) throws { try folder.write(Array(text.utf8), to: name) }

  /// Three classes of images of 8×8, each with one bright third.
  private func writeData() throws {
    func bytes(_ extents: [Int], _ values: [UInt8]) -> [UInt8] {
      [0, 0, 8, UInt8(extents.count)] + extents.flatMap { [0, 0, 0, UInt8($0)] } + values
    }
    for (part, count) in [("train", 48), ("t10k", 12)] {
      let labels = (0..<count).map { UInt8($0 % 3) }
      let pixels = labels.enumerated().flatMap { image, label in
        (0..<64).map { UInt8(($0 * 37 + image * 11) % 60 + ($0 / 24 == Int(label) ? 190 : 0)) }
      }
      try folder.write(bytes([count, 8, 8], pixels), to: "\(part)-images-idx3-ubyte")
      try folder.write(bytes([count], labels), to: "\(part)-labels-idx1-ubyte")
    }
  }

  private func configuration(epochs: Int) throws -> Configuration {
    try Configuration(
      yaml: """
        model:
          activation: prelu
          input: { channels: 1, height: 8, width: 8 }
          layers:
            - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1 }
            - maxPooling: { name: pool1, size: 2 }
            - fullyConnected: { name: fc1, outputs: 6 }
            - fullyConnected: { name: fc2, outputs: 3 }
        data: { directory: "\(folder.path)", validation: 8 }
        augmentation: { padding: 0, mirror: false }
        training: { batch: 8, epochs: \(epochs) }
        schedule: { kind: steps, epochs: [2] }
        """, source: "small.yaml")
  }

  /// Trains, with the statistics of every second step.
  ///
  /// - Parameter change: changes the settings.
  @discardableResult
  func train(
    _ start: TrainingSettings.Start = .new, epochs: Int = 3, iterations: Int? = nil, timeLimit: Double? = nil,
    change: (inout Configuration) -> Void = { _ in }, listeners: [any RunListener]
  ) throws -> TrainingSummary {
    var changed = try configuration(epochs: epochs)
    change(&changed)
    let configuration = changed
    let training = try TrainingRun(
      ConfigurationRequest(recipe: nil) { $0 = configuration },
      TrainingSettings(
        runFolder: path, start: start, iterations: iterations, timeLimit: timeLimit, threads: 1, statisticsEvery: 2,
        commandLine: "prelu-dist train <small>", program: "test"), world: world, listeners: listeners)
    return try training.run()
  }
}

/// Remembers all that a run tells.
final class Memory: RunListener {
  private(set) var description: TrainingDescription?
  private(set) var results: [EpochResult] = []
  private(set) var statistics: [TrainingEvent] = []
  private(set) var warnings: [String] = []

  func hear(_ event: TrainingEvent) {
    switch event {
    case .started(let description): self.description = description
    case .evaluated(let result): results.append(result)
    case .statistics: statistics.append(event)
    case .warning(let text): warnings.append(text)
    case .planned, .progress, .balanced, .saved, .notSaved, .traced, .finished: break
    }
  }
}
