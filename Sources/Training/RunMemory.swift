import Communication
import Configuration
import Datasets
import Evaluation
import Kernels
import Network
import Step
import System

/// The memory that a run takes, told before it is touched: large buffers take none before that.
enum RunMemory {
  /// Returns the bytes that this rank's buffers will take in addition to what it has, after they were all asked for.
  ///
  /// - Parameters:
  ///   - largeBytes: the bytes of the large buffers of the network and of the step.
  ///   - ahead: the bytes of the samples that are loaded ahead.
  ///   - evaluation: the bytes that evaluations take; 0 where there is nothing to measure on.
  static func bytes(
    largeBytes: Int, _ step: DistributedStep, ahead: Int, evaluation: Int, rank: Int
  ) -> Int {
    let (parameters, head) = (step.network.parameters.count, step.network.architecture.headRange.count)
    // Rank 0 copies parameters, momentum and average for each checkpoint. The others have the parameters of the fully
    // connected layers for evaluations only.
    let copies = rank == 0 ? (step.average == nil ? 2 : 3) * parameters : 0
    let unused = rank > 0 && evaluation == 0 && FloatBuffer.isLarge(parameters) ? head : 0
    return largeBytes - step.untouchedBytes + (copies - unused) * MemoryLayout<Float>.stride + ahead + evaluation
  }

  /// Returns the bytes that this rank would take for training by a configuration, on whatever data. All ranks call it.
  ///
  /// - Parameter threads: the number of threads of each rank; nil for what the environment and the rank's cores say.
  static func bytes(of configuration: Configuration, threads: Int?, world: World) throws -> Int {
    let plan = try world.threadPlan(asked: threads)
    let pool = ThreadPool(threads: plan.ranks[world.rank].count, spins: false)
    let before = FloatBuffer.largeBytes
    let network = Network(
      try configuration.architecture().resolved(), precision: configuration.training.precision)
    let training = configuration.training
    let shares = Shares(batch: training.batch, ranks: world.size, leaves: training.leaves)
    let step = DistributedStep(network, world: world, shares: shares, StepSettings(configuration), on: pool)
    let input = network.architecture.input
    let isCostly = configuration.data.kind == .pack
    let slots = shares.slots(ofRank: world.rank).count
    return bytes(
      largeBytes: FloatBuffer.largeBytes - before, step,
      ahead: isCostly ? SampleSupply.bytesAhead(images: slots, input) : 0,
      evaluation: Predictor.byteCount([network], .center, threads: pool.threadCount), rank: world.rank)
  }
}

extension World {
  /// Returns what training by a configuration would take of the memory of each host, and what is left there. All ranks
  /// call it.
  ///
  /// - Parameter threads: the number of threads of each rank; nil for what the environment and the rank's cores say.
  public func memoryDemands(of configuration: Configuration, threads: Int?) throws -> [MemoryDemand] {
    try memoryDemands(bytes: RunMemory.bytes(of: configuration, threads: threads, world: self))
  }
}
