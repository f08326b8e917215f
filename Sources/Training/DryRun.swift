import Checkpoint
import Communication
import Configuration
import Datasets
import Kernels
import Network
import Step
import System
import Weights

/// A run that is only looked at: everything is opened and a few steps are measured, but no file is written and nothing
/// of the steps is kept.
public struct DryRun: Sendable {
  public let run: String
  /// The checkpoint that the run would go on from; nil for a new run.
  public let resumedFrom: String?
  public let configuration: Configuration
  public let architecture: ResolvedArchitecture
  /// The method of all convolutions; nil for the choice by shape.
  public let convolution: ConvolutionMethod?
  /// The number of threads of this rank.
  public let threads: Int
  public let classNames: [String]
  /// The number of training images of each class.
  public let classCounts: [Int]
  public let validationImages: Int
  public let testImages: Int
  /// The number of steps in an epoch, rounded up, and of those that the run still has to do at most.
  public let stepsInEpoch: Int
  public let stepsLeft: Int
  /// The seconds of each measured step, of which the first one is left out because it warms up.
  public let stepSeconds: [Double]
  /// The largest memory in bytes that each rank has used so far, with the rank's host.
  public let memory: [(host: String, bytes: Int)]
  /// The weights that a new run would take from a file, on rank 0; nil where it would take none.
  public let firstWeights: WeightReport?
  /// The memory that each host is asked for and has left.
  public let demands: [MemoryDemand]
  /// The bytes that the checkpoints of the run may take on the disk.
  public let checkpointBytes: Int
  /// The bytes that are free there; nil where the file system does not say.
  public let freeBytes: Int?

  /// The median seconds of a step.
  public var secondsOfStep: Double { stepSeconds.median() }

  /// The number of measured steps.
  private static let measured = 5
  /// The number of images that each thread measures the network on.
  private static let measuredImages = 64

  /// Opens everything and measures. All ranks call it, and get the same result but for `memory` and `firstWeights`,
  /// which rank 0 has.
  ///
  /// - Parameter willMeasure: is told the number of steps and of their images before any is measured, on all ranks.
  /// - Throws: what a run would throw at its start.
  public init(
    _ request: ConfigurationRequest, _ settings: TrainingSettings, world: World,
    willMeasure: (_ steps: Int, _ batch: Int) -> Void = { _, _ in }
  ) throws {
    let plan = try world.fromRoot {
      let plan = try RunPlan(request, settings)
      try RunFolder.checkCreatable(at: plan.runFolder)
      return plan
    }
    let setup = try RunSetup(plan, settings, world)
    let training = setup.configuration.training
    let step = setup.makeStep()
    let writer = CheckpointWriter(setup.vectors(of: step))
    let samples = setup.sampleSupply()
    demands = try setup.checkMemory(of: step, samples, try setup.validation(of: setup.network))
    if world.rank == 0 { writer.prepare() }
    firstWeights = try setup.loadParameters(checkpoint: plan.checkpoint, of: step)
    let done = plan.state?.iteration ?? 0
    let last = samples.iterations(inEpochs: training.epochs)
    let limit = min(last, settings.iterations ?? last)
    // The steps do not learn: the parameters stay finite whatever the rate would do.
    let still = SGD(learningRate: 0, momentum: 0, weightDecay: 0)
    let count = min(limit, Self.measured + 1)
    if count > 0 { willMeasure(count, training.batch) }
    var seconds: [Double] = []
    for iteration in 0..<max(0, count) {
      let start = monotonicSeconds()
      let mine = try samples.take(
        iteration: iteration, slots: step.shares.slots(ofRank: world.rank), labelsAll: world.rank == 0)
      _ = try step.run(setup.order(iteration: iteration, still, mine), load: mine.load)
      try mine.check()
      if iteration > 0 || limit == 1 { seconds.append(monotonicSeconds() - start) }
    }
    if setup.data.validation.count > 0 {
      // A few images are enough to touch the memory that evaluations take.
      let some = min(setup.data.validation.count, Self.measuredImages * world.size * setup.pool.threadCount)
      try setup.shareHead(of: setup.network)
      _ = try setup.evaluator(of: setup.data.validation, setup.network, samples: Array(0..<some)).run()
    }
    run = plan.runFolder
    resumedFrom = plan.checkpoint
    configuration = setup.configuration
    architecture = setup.network.architecture
    convolution = settings.convolution
    threads = setup.pool.threadCount
    classNames = setup.data.classNames
    classCounts = setup.data.training.labels.reduce(into: [Int](repeating: 0, count: setup.data.classNames.count)) {
      $0[Int($1)] += 1
    }
    validationImages = setup.data.validation.count
    testImages = setup.data.test?.count ?? 0
    stepsInEpoch = samples.iterations(inEpochs: 1)
    stepsLeft = max(0, limit - done)
    stepSeconds = try world.broadcast(seconds, root: 0)
    memory = zip(world.hostNames, try world.allgather(ProcessMemory.largest)).map { ($0, $1) }
    checkpointBytes =
      (setup.configuration.checkpoint.keep + 1) * CheckpointFile.sizeBound(setup.tensors(of: step))
    freeBytes = FileSystem.freeBytes(FileSystem.folder(of: plan.runFolder))
  }
}
