import Checkpoint
import Communication
import Configuration
import Datasets
import Evaluation
import Images
import Kernels
import Network
import Step
import System

/// A training run on all ranks: from a configuration or a checkpoint to a trained network in a run folder.
///
/// Every rank makes one and calls `run`; errors that any rank can foresee are thrown as the same `RankFailure` on all.
public final class TrainingRun {
  let setup: RunSetup
  let step: DistributedStep
  let samples: SampleSupply
  let checkpoints: RunCheckpoints
  let listeners: RunListeners
  private let validation: Evaluator
  private let stop: StopCondition
  var position: RunPosition
  var schedule: LearningRateSchedule
  private var balance: ShareBalance
  private var time = RunTime()
  /// The seconds of this process's steps and the images in them.
  private var speed = (seconds: 0.0, images: 0)

  // MARK: - Start

  /// - Parameter listeners: told on rank 0 what a person may want to know.
  public init(
    _ request: ConfigurationRequest, _ settings: TrainingSettings, world: World, listeners: [any RunListener]
  ) throws {
    let listeners = RunListeners(listeners, rank: world.rank)
    stop = StopCondition(timeLimit: settings.timeLimit)
    let plan = try world.fromRoot { try RunPlan(request, settings) }
    for warning in plan.warnings { listeners.warn(warning) }
    let setup = try RunSetup(plan, settings, world)
    let configuration = setup.configuration
    let shares = Shares(batch: configuration.training.batch, ranks: world.size)
    let step = DistributedStep(
      setup.network, world: world, shares: shares, seed: configuration.training.seed, on: setup.pool)
    (self.setup, self.step, self.listeners) = (setup, step, listeners)
    samples = setup.sampleSupply()
    validation = try setup.validation()
    position = plan.state.map { RunPosition($0) } ?? RunPosition()
    schedule = LearningRateSchedule(
      configuration.schedule, baseRate: configuration.solver.learningRate,
      state: plan.state?.schedule ?? ScheduleState())
    balance = ShareBalance(largestLeaf: shares.leafSize)
    try setup.loadParameters(checkpoint: plan.checkpoint, of: step)
    let folder = try setup.openFolder(plan.runFolder, at: position.iteration, of: step, listeners)
    checkpoints = RunCheckpoints(setup, step, folder: folder, lastIteration: plan.state?.iteration, listeners)
  }

  // MARK: - The loop

  /// Trains until the last epoch, the last plateau, a limit or a signal.
  public func run() throws -> TrainingSummary {
    listeners.tell(.started(try setup.description(of: step, run: checkpoints.folder, at: position.iteration)))
    if setup.checkpoint == nil { try checkpoints.save(state, isBest: false) }
    var ending: TrainingSummary.Ending?
    while ending == nil {
      if schedule.isFinished || position.epochsDone >= setup.configuration.training.epochs {
        ending = .completed(lastPlateau: schedule.isFinished)
        break
      }
      switch try trainToEndOfEpoch() {
      case .epochDone: ending = try finishEpoch()
      case .rolledBack: break
      case .ended(let reason): ending = reason
      }
    }
    try checkpoints.saveAtEnd(state, isBest: position.isBest)
    return try summarize(ending ?? .iterationLimit)
  }

  private enum Progress {
    case epochDone
    /// The run is at an earlier checkpoint again.
    case rolledBack
    case ended(TrainingSummary.Ending)
  }

  /// Takes steps until the epoch's samples are used up.
  private func trainToEndOfEpoch() throws -> Progress {
    let end = samples.iterations(inEpochs: position.epochsDone + 1)
    while position.iteration < end {
      if let limit = setup.settings.iterations, position.iteration >= limit { return .ended(.iterationLimit) }
      let start = monotonicSeconds()
      let (result, dataSeconds) = try takeStep()
      if let divergence = result.divergence {
        try recover(from: divergence)
        return .rolledBack
      }
      position.iteration += 1
      note(result, dataSeconds: dataSeconds, seconds: monotonicSeconds() - start)
      try checkpoints.settle(waiting: false)
      try balanceShares(towerSeconds: result.time.tower)
      listeners.tell(.progress(progress))
      if !result.statistics.isEmpty { listeners.tell(.statistics(iteration: position.iteration, result.statistics)) }
      let flags = RunFlags(rawValue: result.flags)
      // An epoch's end is evaluated first: the checkpoint then holds what follows from it.
      if flags.contains(.save), position.iteration < end { try checkpoints.save(state, isBest: false) }
      if flags.contains(.stop) { return .ended(.interrupted(stop.reason)) }
    }
    return .epochDone
  }

  /// Takes one step on all ranks. Returns what came of it, and the seconds that this rank has waited for its samples.
  private func takeStep() throws -> (result: StepResult, dataSeconds: Double) {
    let (world, iteration) = (setup.world, position.iteration)
    world.activity = Activity("iteration", iteration + 1)
    let start = monotonicSeconds()
    // Rank 0 needs every slot's label, the others only their own images.
    let mine = try samples.take(
      iteration: iteration, slots: step.shares.slots(ofRank: world.rank), labelsAll: world.rank == 0)
    let waited = monotonicSeconds() - start
    var flags: RunFlags = stop.isMet ? .stop : []
    if checkpoints.isDue(at: iteration + 1) { flags.insert(.save) }
    let solver = setup.configuration.solver
    let order = StepOrder(
      iteration: iteration,
      sgd: SGD(
        learningRate: Float(schedule.learningRate), momentum: Float(solver.momentum),
        weightDecay: Float(solver.weightDecay)),
      labels: mine.labels, flags: flags.rawValue, notesStatistics: statisticsAreDue)
    let result = try step.run(order, load: mine.load)
    try mine.check()
    time.steps += result.time
    time.steps.data += waited
    return (result, result.time.data + waited)
  }

  /// Whether the step that is about to run is to be noted: the first of all, and every N-th.
  private var statisticsAreDue: Bool {
    guard let every = setup.settings.statisticsEvery else { return false }
    return position.iteration == 0 || (position.iteration + 1) % every == 0
  }

  private func note(_ result: StepResult, dataSeconds: Double, seconds: Double) {
    let images = setup.configuration.training.batch
    if speed.images == 0, setup.world.rank == 0, !step.borrowsCores {
      listeners.warn(
        "the system does not let rank 0's fully connected layers run on the cores of this host's other ranks: they "
          + "take longer than they need to")
    }
    position.epochSums.add(
      lossSum: result.lossSum, errors: result.errors, samples: images, seconds: seconds, dataSeconds: dataSeconds)
    position.secondsTrained += seconds
    speed.seconds += seconds
    speed.images += images
  }

  /// Gives the ranks other shares of the next mini-batches, where that is wanted and worth it.
  private func balanceShares(towerSeconds: Double) throws {
    let world = setup.world
    guard setup.settings.shares == .auto, world.size > 1, let seconds = balance.note(towerSeconds) else { return }
    guard let better = balance.improvedShares(over: step.shares, seconds: try world.allgather(seconds)) else { return }
    step.adopt(better)
    listeners.tell(.balanced(better.imagesOfRanks))
  }

  /// Evaluates, moves the schedule, saves.
  ///
  /// - Returns: nil where training goes on. Where a signal came in between, the epoch's end is still to be done, and is
  ///   done first when the run goes on.
  private func finishEpoch() throws -> TrainingSummary.Ending? {
    let start = monotonicSeconds()
    setup.world.activity = Activity("the evaluation after iteration", position.iteration)
    try setup.shareHead()
    guard let counts = try validation.run(keepGoing: { !StopSignals.isRequested })?.total else {
      return .interrupted(stop.reason)
    }
    let seconds = monotonicSeconds() - start
    time.evaluation += seconds
    position.secondsTrained += seconds
    // What is told of an evaluation belongs to its own checkpoint.
    try checkpoints.settle(waiting: true)
    position.epochsDone += 1
    // Where nothing validates, the newest is the best.
    let isBest = counts.images == 0 || counts.top1Error < position.best?.validationTop1Error ?? .infinity
    if isBest { position.best = BestResult(validationTop1Error: counts.top1Error, iteration: position.iteration) }
    let rate = schedule.learningRate
    let hasDropped = schedule.evaluated(
      validationTop1Error: counts.top1Error, epochsDone: position.epochsDone)
    listeners.tell(.evaluated(epochResult(counts, rate: rate, isBest: isBest, hasDropped: hasDropped)))
    position.epochSums = EpochSums()
    try checkpoints.save(state, isBest: isBest)
    return nil
  }

  // MARK: - What is told and saved

  /// The state that a checkpoint of this moment holds.
  var state: TrainingState {
    let training = setup.configuration.training
    return TrainingState(
      iteration: position.iteration, epoch: position.epochsDone,
      iterationInEpoch: position.iteration - samples.iterations(inEpochs: position.epochsDone),
      samplesSeen: position.iteration * training.batch, seed: training.seed, learningRate: schedule.learningRate,
      schedule: schedule.state, best: position.best, epochSums: position.epochSums,
      secondsTrained: position.secondsTrained, worldSize: setup.world.size, batch: training.batch,
      runIdentifier: setup.runIdentifier)
  }

  private var progress: TrainingProgress {
    let training = setup.configuration.training
    let total = samples.iterations(inEpochs: training.epochs)
    let last = min(total, setup.settings.iterations ?? total)
    let rate = Double(speed.images) / max(speed.seconds, 1e-9)
    let sums = position.epochSums
    return TrainingProgress(
      epoch: position.epochsDone + 1, epochs: training.epochs, iteration: position.iteration, iterations: total,
      loss: sums.meanLoss, top1Error: sums.top1Error, learningRate: schedule.learningRate, imagesPerSecond: rate,
      dataShare: sums.dataSeconds / max(sums.seconds, 1e-9),
      secondsLeft: Double((last - position.iteration) * training.batch) / rate,
      communicationShare: time.steps.communicationShare)
  }

  private func epochResult(_ counts: ErrorCounts, rate: Double, isBest: Bool, hasDropped: Bool) -> EpochResult {
    let sums = position.epochSums
    return EpochResult(
      epoch: position.epochsDone, iteration: position.iteration, learningRate: rate, trainLoss: sums.meanLoss,
      trainTop1Error: sums.top1Error, validation: counts,
      imagesPerSecond: Double(sums.sampleCount) / max(sums.seconds, 1e-9), seconds: position.secondsTrained,
      dataSeconds: sums.dataSeconds, time: timeSoFar, isBest: isBest,
      droppedTo: hasDropped ? schedule.learningRate : nil,
      slopes: setup.world.rank == 0 ? setup.network.slopes : [],
      firstFilters: setup.world.rank == 0 ? setup.network.firstFilters : nil)
  }

  private var timeSoFar: RunTime {
    var time = time
    time.checkpoint = checkpoints.seconds
    return time
  }

  // MARK: - The end

  private func summarize(_ ending: TrainingSummary.Ending) throws -> TrainingSummary {
    var test: ErrorCounts?
    if case .completed = ending, position.best != nil, let images = setup.data.test {
      let start = monotonicSeconds()
      test = try testBest(images)
      time.evaluation += monotonicSeconds() - start
    }
    let summary = TrainingSummary(
      ending: ending, iteration: position.iteration, epochs: position.epochsDone,
      bestIteration: position.best?.iteration,
      bestValidationError: setup.data.validation.count == 0 ? nil : position.best?.validationTop1Error, test: test,
      run: checkpoints.folder?.path ?? "", secondsTrained: position.secondsTrained, time: timeSoFar)
    listeners.tell(.finished(summary))
    return summary
  }

  /// Measures the best checkpoint, whose parameters the network takes, on the test split.
  private func testBest(_ images: any TestImages) throws -> ErrorCounts? {
    try setup.world.agree {
      if let folder = checkpoints.folder {
        try CheckpointFile.read(folder.bestPath(), into: setup.tensors(momentum: step.momentum))
      }
    }
    try setup.world.broadcast(UnsafeMutableRawBufferPointer(setup.network.parameters.values), root: 0)
    return try setup.evaluator(of: images).run(keepGoing: { !StopSignals.isRequested })?.total
  }
}
