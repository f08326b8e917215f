import Checkpoint
import Communication
import Foundation
import Kernels
import Network
import System
import Training

/// How long training waits for a checkpoint, and how long the checkpoint takes behind it.
public enum CheckpointBenchmark {
  public struct Result: Sendable {
    /// Of the file.
    public var bytes: Int
    /// Seconds that the first save holds training up, which may have to wait for the copy's memory.
    public var firstStall: Double
    /// The median of the saves after it.
    public var stall: Double
    /// Seconds until such a checkpoint is written, synced, read back, verified and in its place; the median.
    public var written: Double
  }

  /// Saves a network of random numbers as training does, each time waiting for the end, and removes what it wrote.
  ///
  /// - Parameters:
  ///   - folder: where to; must be there.
  ///   - saves: how many, after the first.
  /// - Throws: `FileError`, or `Refusal` where there is no such folder.
  public static func run(
    _ architecture: ResolvedArchitecture, folder: String, threads: Int, saves: Int
  ) throws -> Result {
    guard FileSystem.isFolder(folder) else {
      throw Refusal(.missingInput, "\(folder): there is no such folder")
    }
    let network = Network(architecture)
    let momentum = FloatBuffer(network.parameters.count)
    let writer = CheckpointWriter(parameters: network.parameters, momentum: momentum)
    writer.prepare()
    Initializer(rule: .he(.forward), fullyConnected: .rule)
      .fill(network.parameters.values, for: architecture, seed: 3)
    momentum.base.update(from: network.parameters.base, count: momentum.count)
    let pool = ThreadPool(threads: threads)

    let path = "\(folder)/bench-checkpoint-\(getpid())"
    var run = try RunFolder.create(at: path)
    defer {
      for checkpoint in (try? run.checkpoints()) ?? [] { try? FileSystem.remove(checkpoint.path) }
      for name in ["latest", "best", "owner.json"] { try? FileSystem.remove(run.file(name)) }
      FileSystem.removeFolder(path)
    }
    try run.claim(runIdentifier: "bench")
    var stalls: [Double] = []
    var times: [Double] = []
    var bytes = 0
    for save in 0...saves {
      let state = TrainingState(
        iteration: save, epoch: 0, iterationInEpoch: save, samplesSeen: 0, seed: 1, learningRate: 0.01,
        schedule: ScheduleState(), best: nil, epochSums: EpochSums(), secondsTrained: 0, worldSize: 1, batch: 1,
        runIdentifier: "bench")
      let folder = run
      let start = monotonicSeconds()
      writer.start(iteration: save, isBest: false, on: pool) { parameters, momentum in
        try folder.save(
          tensors: checkpointTensors(architecture, parameters, momentum), state: state, configuration: "{}",
          dataFingerprint: "{}", provenance: Provenance(program: "bench", commandLine: ""), isBest: false, keep: 1)
      }
      stalls.append(monotonicSeconds() - start)
      bytes = try writer.outcome(waiting: true)?.result.get().bytes ?? bytes
      times.append(monotonicSeconds() - start)
    }
    return Result(
      bytes: bytes, firstStall: stalls[0], stall: stalls.dropFirst().median(), written: times.dropFirst().median())
  }
}
