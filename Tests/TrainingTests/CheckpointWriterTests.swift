import Checkpoint
import Dispatch
import Kernels
import Network
import System
import TestSupport
import Testing
import Training

/// A checkpoint written behind the computation.
@Suite struct CheckpointWriterTests {
  private let architecture: ResolvedArchitecture
  private let network: Network
  private let momentum: FloatBuffer
  private let average: FloatBuffer
  private var vectors: TrainedVectors {
    TrainedVectors(parameters: network.parameters, momentum: momentum, average: average)
  }
  private let pool = ThreadPool(threads: 2)

  init() throws {
    architecture = try ArchitectureCatalog.architecture(named: "fashion-6", width: 4).resolved()
    network = Network(architecture)
    momentum = FloatBuffer(network.parameters.count)
    average = FloatBuffer(network.parameters.count)
    fill(0)
  }

  /// Every value tells its place and the step.
  private func fill(_ step: Int) {
    for index in 0..<momentum.count {
      network.parameters.base[index] = Float(index + step)
      momentum.base[index] = -Float(index + step)
      average.base[index] = Float(index - step)
    }
  }

  private func state(_ iteration: Int) -> TrainingState {
    TrainingState(
      iteration: iteration, epoch: 0, iterationInEpoch: iteration, samplesSeen: 0, seed: 1, learningRate: 0.01,
      schedule: ScheduleState(), best: BestResult(validationTop1Error: 1, iteration: iteration),
      epochSums: EpochSums(), secondsTrained: 0, worldSize: 1, batch: 1,
      runIdentifier: "test")
  }

  /// - Parameter gate: what the write waits for; nil: nothing.
  private func start(
    _ writer: CheckpointWriter, _ iteration: Int, _ folder: RunFolder, after gate: DispatchSemaphore? = nil
  ) {
    let (architecture, state) = (architecture, state(iteration))
    writer.start(iteration: iteration, isBest: true, on: pool) { copies in
      gate?.wait()
      return try folder.save(
        tensors: checkpointTensors(architecture, copies), state: state, configuration: "{}",
        dataFingerprint: "{}", provenance: Provenance(program: "test", commandLine: ""), keep: 2)
    }
  }

  @Test func whatIsWrittenIsWhatWasThereAtTheStart() throws {
    let scratch = try ScratchFolder()
    var folder = try RunFolder.create(at: scratch.path + "/run")
    try folder.claim(runIdentifier: "test")
    let writer = CheckpointWriter(vectors)
    #expect(writer.outcome(waiting: true) == nil)
    // Twice: the copies' memory is used again.
    for iteration in 1...2 {
      let gate = DispatchSemaphore(value: 0)
      fill(1000 * iteration)
      start(writer, iteration, folder, after: gate)
      #expect(writer.outcome(waiting: false) == nil)
      #expect(try folder.checkpoints().count == iteration - 1)
      fill(7)
      gate.signal()
      let outcome = try #require(writer.outcome(waiting: true))
      #expect(outcome.iteration == iteration && outcome.isBest)
      let saved = try outcome.result.get()
      #expect(writer.outcome(waiting: true) == nil, "an outcome is told once")

      try CheckpointFile.read(saved.path, into: checkpointTensors(architecture, vectors))
      let written = architecture.parameters.flatMap(\.range)
      #expect(written.allSatisfy { network.parameters.base[$0] == Float($0 + 1000 * iteration) })
      #expect(written.allSatisfy { momentum.base[$0] == -Float($0 + 1000 * iteration) })
      #expect(written.allSatisfy { average.base[$0] == Float($0 - 1000 * iteration) })
      #expect(try folder.best()?.path == saved.path)
    }
  }

  @Test func aWriteThatFailsIsTold() throws {
    let scratch = try ScratchFolder()
    var folder = try RunFolder.create(at: scratch.path + "/run")
    try folder.claim(runIdentifier: "first")
    var other = folder
    try other.claim(runIdentifier: "second")
    let writer = CheckpointWriter(vectors)
    start(writer, 3, folder)
    let outcome = try #require(writer.outcome(waiting: true))
    #expect(throws: FileError.self) { try outcome.result.get() }
    #expect(try folder.checkpoints().isEmpty)
    // And the next one is tried.
    start(writer, 4, other)
    #expect(try writer.outcome(waiting: true)?.result.get().iteration == 4)
  }

  @Test func whoEndsEarlyWaits() throws {
    let scratch = try ScratchFolder()
    var folder = try RunFolder.create(at: scratch.path + "/run")
    try folder.claim(runIdentifier: "test")
    var writer: CheckpointWriter? = CheckpointWriter(vectors)
    let gate = DispatchSemaphore(value: 0)
    start(writer!, 5, folder, after: gate)
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { gate.signal() }
    writer = nil
    #expect(try folder.checkpoints().map(\.iteration) == [5])
  }
}
