/// Everything that training needs to go on, apart from the tensors. Random numbers need no state: they are counted.
public struct TrainingState: Codable, Equatable, Sendable {
  /// The number of updates done.
  public var iteration: Int
  /// The epoch that the next sample belongs to, from 0.
  public var epoch: Int
  /// The number of updates done since that epoch began.
  public var iterationInEpoch: Int
  /// The number of samples used so far, over all epochs.
  public var samplesSeen: Int
  public var seed: UInt64
  public var learningRate: Double
  public var schedule: ScheduleState
  /// The best evaluation so far; nil before the first.
  public var best: BestResult?
  /// The sums of the unfinished epoch, so that a resumed run reports what an undisturbed one does.
  public var epochSums: EpochSums
  /// The seconds that the run has trained, over all its processes one after the other.
  public var secondsTrained: Double
  /// The number of ranks; for information only, any number may go on.
  public var worldSize: Int
  /// The number of samples in an update, over all ranks.
  public var batch: Int
  public var runIdentifier: String

  public init(
    iteration: Int, epoch: Int, iterationInEpoch: Int, samplesSeen: Int, seed: UInt64, learningRate: Double,
    schedule: ScheduleState, best: BestResult?, epochSums: EpochSums, secondsTrained: Double, worldSize: Int,
    batch: Int, runIdentifier: String
  ) {
    self.iteration = iteration
    self.epoch = epoch
    self.iterationInEpoch = iterationInEpoch
    self.samplesSeen = samplesSeen
    self.seed = seed
    self.learningRate = learningRate
    self.schedule = schedule
    self.best = best
    self.epochSums = epochSums
    self.secondsTrained = secondsTrained
    self.worldSize = worldSize
    self.batch = batch
    self.runIdentifier = runIdentifier
  }
}

extension TrainingState {
  /// The first number that no training writes, such as a count below 0; nil if all are sound.
  var impossibleNumber: String? {
    // Products of counts with a mini-batch must fit in an Int.
    let counts = [
      ("iteration", iteration, 0), ("epoch", epoch, 0), ("iterationInEpoch", iterationInEpoch, 0),
      ("samplesSeen", samplesSeen, 0), ("worldSize", worldSize, 1), ("batch", batch, 1),
      ("schedule.learningRateDrops", schedule.learningRateDrops, 0),
      ("schedule.evaluationsSinceBest", schedule.evaluationsSinceBest, 0),
      ("schedule.rollbacks", schedule.rollbacks, 0),
      ("best.iteration", best?.iteration ?? 0, 0), ("epochSums.errorCount", epochSums.errorCount, 0),
      ("epochSums.sampleCount", epochSums.sampleCount, 0),
    ]
    for (name, value, least) in counts where !(least...Self.largestCount).contains(value) {
      return "expected \(name) of \(least) to \(Self.largestCount), found \(value)"
    }
    // An epoch has a step or more.
    for (name, value) in [("epoch", epoch), ("iterationInEpoch", iterationInEpoch)] where value > iteration {
      return "expected \(name) of 0 to the \(iteration) of iteration, found \(value)"
    }
    let numbers = [
      ("learningRate", learningRate), ("secondsTrained", secondsTrained), ("epochSums.seconds", epochSums.seconds),
      ("epochSums.dataSeconds", epochSums.dataSeconds),
    ]
    for (name, value) in numbers where !(value >= 0 && value.isFinite) {
      return "expected \(name) of 0 or more, found \(value)"
    }
    return nil
  }

  private static let largestCount = 1 << 40
}

/// The point that the learning rate's schedule has come to.
public struct ScheduleState: Codable, Equatable, Sendable {
  public var learningRateDrops: Int
  /// The validation error, in percent, that the next plateau is measured from.
  public var plateauBest: Double?
  public var evaluationsSinceBest: Int
  /// Whether the schedule has ended the training.
  public var finished: Bool
  /// The number of times that training diverged and went on from a checkpoint with a tenth of the rate.
  public var rollbacks: Int

  public init(
    learningRateDrops: Int = 0, plateauBest: Double? = nil, evaluationsSinceBest: Int = 0, finished: Bool = false,
    rollbacks: Int = 0
  ) {
    self.learningRateDrops = learningRateDrops
    self.plateauBest = plateauBest
    self.evaluationsSinceBest = evaluationsSinceBest
    self.finished = finished
    self.rollbacks = rollbacks
  }
}

/// The best evaluation so far.
public struct BestResult: Codable, Equatable, Sendable {
  /// The validation error in percent.
  public var validationTop1Error: Double
  public var iteration: Int

  public init(validationTop1Error: Double, iteration: Int) {
    self.validationTop1Error = validationTop1Error
    self.iteration = iteration
  }
}

/// The running sums of an epoch's training figures.
public struct EpochSums: Codable, Equatable, Sendable {
  /// The sum of the samples' losses.
  public var lossSum: Double
  /// The number of samples whose first guess was wrong.
  public var errorCount: Int
  public var sampleCount: Int
  public var seconds: Double
  /// The part of `seconds` that rank 0 has waited for data.
  public var dataSeconds: Double

  public init(
    lossSum: Double = 0, errorCount: Int = 0, sampleCount: Int = 0, seconds: Double = 0, dataSeconds: Double = 0
  ) {
    self.lossSum = lossSum
    self.errorCount = errorCount
    self.sampleCount = sampleCount
    self.seconds = seconds
    self.dataSeconds = dataSeconds
  }

  /// Adds a step.
  public mutating func add(lossSum: Double, errors: Int, samples: Int, seconds: Double, dataSeconds: Double) {
    self.lossSum += lossSum
    errorCount += errors
    sampleCount += samples
    self.seconds += seconds
    self.dataSeconds += dataSeconds
  }

  /// The mean loss of the samples so far; 0 before the first.
  public var meanLoss: Double { lossSum / Double(max(sampleCount, 1)) }
  /// The top-1 error of the samples so far in percent; 0 before the first.
  public var top1Error: Double { 100 * Double(errorCount) / Double(max(sampleCount, 1)) }
}
