import Checkpoint
import Communication
import Configuration
import Datasets
import Foundation
import Images
import Kernels
import Network
import Step
import System

/// The setup of a run, which does not change: its ranks, settings, data and network.
struct RunSetup {
  let world: World
  let settings: TrainingSettings
  let configuration: Configuration
  let data: TrainingData
  let network: Network
  /// The numbers of threads of all ranks.
  let threads: ThreadPlan
  /// The threads of this rank.
  let pool: ThreadPool
  /// A name that only this start of the run has, so that a writer left over from an earlier one is recognized.
  let runIdentifier: String
  /// The checkpoint that the run goes on from; nil for a new run.
  let checkpoint: String?

  /// Opens the data and builds the network. All ranks call it.
  init(_ plan: RunPlan, _ settings: TrainingSettings, _ world: World) throws {
    self.world = world
    self.settings = settings
    checkpoint = plan.checkpoint
    let configuration = try Configuration(json: plan.configuration)
    self.configuration = configuration
    world.activity = Activity("the opening of the data")
    let (data, architecture) = try world.agree {
      let architecture = try configuration.architecture().resolved()
      let data = try TrainingData(configuration)
      try data.check(architecture, of: configuration)
      return (data, architecture)
    }
    self.data = data
    world.activity = Activity("the start")
    try Self.checkSameData(data.fingerprint, world)
    if let stored = plan.dataFingerprint, !settings.acceptsOtherData {
      try world.agree {
        try Self.checkUnchangedData(stored, of: plan.checkpoint ?? "", data.fingerprint, configuration)
      }
    }
    let plan = try world.threadPlan(asked: settings.threads)
    let own = plan.ranks[world.rank]
    pool = ThreadPool(threads: own.count, spins: !own.takeTurns)
    threads = try world.started(plan, count: pool.threadCount, shortfall: pool.shortfall)
    network = Network(
      architecture, convolution: settings.convolution, precision: configuration.training.precision)
    runIdentifier = try world.broadcast(world.rank == 0 ? Self.newIdentifier() : "", root: 0)
  }

  private static func newIdentifier() -> String {
    let time = Int(Date().timeIntervalSince1970)
    return "\(time)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
  }

  private static func checkSameData(_ fingerprint: DataFingerprint, _ world: World) throws {
    let digests = try world.allgather(fingerprint.digest)
    guard let other = digests.firstIndex(where: { $0 != digests[0] }) else { return }
    throw RankFailure(
      rank: other, host: world.hostNames[other],
      message: "its data differ from those of rank 0 on host \(world.hostNames[0]): all hosts need the same files",
      exitStatus: .badData, failedRanks: digests.count { $0 != digests[0] }, ranks: world.size)
  }

  private static func checkUnchangedData(
    _ stored: String, of checkpoint: String, _ now: DataFingerprint, _ configuration: Configuration
  ) throws(Refusal) {
    guard let before = try? JSONDecoder().decode(DataFingerprint.self, from: Data(stored.utf8)) else {
      throw Refusal(
        .badData,
        "\(checkpoint): expected the fingerprint of the data that it was trained on, found "
          + "\(String(stored.prefix(60)).debugDescription): use --force to continue without comparing them")
    }
    let differences = now.differences(from: before)
    guard !differences.isEmpty else { return }
    throw Refusal(
      .badData,
      "\(configuration.data.directory): the data differ from those that the run was trained on: "
        + differences.joined(separator: " ")
        + " Give the former data with --data, or continue all the same with --force"
    )
  }

  /// Whether only a sheet of samples was asked for.
  var isPreview: Bool { settings.isPreview(of: checkpoint) }

  /// Returns the vectors of a step that checkpoints keep, where they lie.
  func vectors(of step: DistributedStep) -> TrainedVectors {
    TrainedVectors(parameters: network.parameters, momentum: step.momentum, average: step.average)
  }

  /// Returns a checkpoint's tensors where they lie.
  func tensors(of step: DistributedStep) -> [CheckpointTensor] {
    checkpointTensors(network.architecture, vectors(of: step))
  }

  /// Makes the step on all ranks, with even shares.
  func makeStep() -> DistributedStep {
    let training = configuration.training
    return DistributedStep(
      network, world: world,
      shares: Shares(batch: training.batch, ranks: world.size, leaves: training.leaves), StepSettings(configuration),
      on: pool)
  }

  /// The description of the network's inputs for checkpoints.
  var inputDescription: InputDescription {
    let extents = data.extents
    return InputDescription(
      meanShape: [extents.channels, extents.height, extents.width], mean: data.training.mean.values,
      classNames: data.classNames)
  }

  /// Returns the data's fingerprint for checkpoints, as JSON.
  func fingerprintText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(data.fingerprint), as: UTF8.self)
  }
}
