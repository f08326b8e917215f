import Checkpoint
import Glibc
import Kernels
import Network
import System
import Training

/// The times of saving a checkpoint: how long training waits for it, and how long it takes behind training's back.
public struct CheckpointTimings: Codable, Sendable {
  public var model: String
  /// The size of the file.
  public var bytes: Int
  /// The seconds that the first save holds training up: it may have to wait for the memory of the copy.
  public var firstStallSeconds: Double
  /// The median of the seconds that a later save holds training up.
  public var stallSeconds: Double
  /// The median of the seconds until such a checkpoint is written, synced, read back, verified and in its place.
  public var writtenSeconds: Double

  private enum CodingKeys: String, CodingKey {
    case model, bytes
    case firstStallSeconds = "first_stall_seconds"
    case stallSeconds = "stall_seconds"
    case writtenSeconds = "written_seconds"
  }
}

public enum CheckpointBenchmark {
  /// Times the saves of a network of random numbers, done as training does them, and removes what it wrote.
  ///
  /// - Parameters:
  ///   - folder: an existing folder of the file system to measure.
  ///   - runs: the number of saves after the first one. Each waits until the one before is in its place.
  /// - Throws: `FileError`, or `Refusal` where there is no such folder.
  public static func run(
    _ architecture: ResolvedArchitecture, folder: String, threads: Int, runs: Int
  ) throws -> CheckpointTimings {
    guard FileSystem.isFolder(folder) else {
      throw Refusal(.missingInput, "\(folder): there is no such folder")
    }
    let network = Network(architecture)
    let momentum = FloatBuffer(network.parameters.count)
    let writer = CheckpointWriter(TrainedVectors(parameters: network.parameters, momentum: momentum))
    writer.prepare()
    Initializer(rule: .he(.forward), fullyConnected: .rule)
      .fill(network.parameters.values, for: architecture, seed: 3)
    momentum.base.update(from: network.parameters.base, count: momentum.count)
    let pool = ThreadPool(threads: threads)

    var run = try RunFolder.create(at: "\(folder)/bench-checkpoint-\(getpid())")
    defer { remove(run) }
    try run.claim(runIdentifier: "bench")
    var stalls: [Double] = []
    var times: [Double] = []
    var bytes = 0
    for save in 0...runs {
      let (folder, state) = (run, state(iteration: save))
      let start = monotonicSeconds()
      writer.start(iteration: save, isBest: false, on: pool) { copies in
        try folder.save(
          tensors: checkpointTensors(architecture, copies), state: state, configuration: "{}",
          dataFingerprint: "{}", provenance: Provenance(program: "bench", commandLine: ""), keep: 1)
      }
      stalls.append(monotonicSeconds() - start)
      bytes = try writer.outcome(waiting: true)?.result.get().bytes ?? bytes
      times.append(monotonicSeconds() - start)
    }
    return CheckpointTimings(
      model: architecture.name, bytes: bytes, firstStallSeconds: stalls[0],
      stallSeconds: stalls.dropFirst().median(), writtenSeconds: times.dropFirst().median())
  }

  private static func state(iteration: Int) -> TrainingState {
    TrainingState(
      iteration: iteration, epoch: 0, iterationInEpoch: iteration, samplesSeen: 0, seed: 1, learningRate: 0.01,
      schedule: ScheduleState(), best: nil, epochSums: EpochSums(), secondsTrained: 0, worldSize: 1, batch: 1,
      runIdentifier: "bench")
  }

  private static func remove(_ run: RunFolder) {
    for checkpoint in (try? run.checkpoints()) ?? [] { try? FileSystem.remove(checkpoint.path) }
    for name in ["latest", "best", "owner.json"] { try? FileSystem.remove(run.file(name)) }
    FileSystem.removeFolder(run.path)
  }
}
