import Checkpoint
import Communication
import Configuration
import Datasets
import Evaluation
import Images
import Network
import Step
import System
import Tracing
import Weights

/// A training run on all ranks: from a configuration or a checkpoint to a trained network in a run folder.
///
/// Every rank makes one and calls `run`. Errors that any rank can foresee are thrown as the same `RankFailure` on all.
public final class TrainingRun {
  let setup: RunSetup
  let step: DistributedStep
  let samples: SampleSupply
  let checkpoints: RunCheckpoints
  let listeners: RunListeners
  /// The weights that a new run has taken from a file, on rank 0; nil where it took none.
  let firstWeights: WeightReport?
  private let validation: Evaluator
  /// The network with the moving average of the parameters, and its evaluator; nil where none is kept.
  private let averaged: (network: Network, validation: Evaluator)?
  private let stop: StopCondition
  var position: RunPosition
  var schedule: LearningRateSchedule
  private var balance: ShareBalance
  private let trace: StepTrace?
  private(set) var meter = RunMeter()
  /// The seconds that the last step took; nil before the first one of this process.
  private var stepSeconds: Double?
  /// The seconds from which on a step is so long that the ranks' agreement after it is nothing beside it.
  private static let longStep = 1.0

  // MARK: - Start

  /// - Parameter listeners: hear on rank 0 how the run goes.
  public init(
    _ request: ConfigurationRequest, _ settings: TrainingSettings, world: World, listeners: [any RunListener]
  ) throws {
    let listeners = RunListeners(listeners, rank: world.rank)
    stop = StopCondition(timeLimit: settings.timeLimit)
    if let request = settings.trace { try StepTrace.check(request, world: world) }
    let plan = try world.fromRoot {
      let plan = try RunPlan(request, settings)
      try settings.trace?.check(run: plan.runFolder)
      return plan
    }
    try Self.tell(plan, settings, world, listeners)
    for checkpoint in plan.passedOver { listeners.warn("passed over: \(checkpoint)") }
    for note in plan.notes { listeners.warn(note) }
    let setup = try RunSetup(plan, settings, world)
    for warning in setup.threads.warnings { listeners.warn("\(warning)") }
    let configuration = setup.configuration
    let step = setup.makeStep()
    (self.setup, self.step, self.listeners) = (setup, step, listeners)
    let writer = CheckpointWriter(setup.vectors(of: step))
    samples = setup.sampleSupply()
    validation = try setup.validation(of: setup.network)
    averaged = try setup.averagedNetwork(of: step).map { ($0, try setup.validation(of: $0)) }
    for demand in try setup.checkMemory(of: step, samples, validation) where demand.isTight {
      listeners.warn(demand.text)
    }
    // The memory is touched while the parameters are drawn or read.
    if world.rank == 0 { writer.prepare() }
    position = plan.state.map { RunPosition($0) } ?? RunPosition()
    schedule = LearningRateSchedule(
      configuration.schedule, warmUp: configuration.warmUp, baseRate: configuration.solver.learningRate,
      length: RunLength(
        samples: samples.epochLength, batch: configuration.training.batch, epochs: configuration.training.epochs),
      state: plan.state?.schedule ?? ScheduleState())
    balance = ShareBalance(largestLeaf: step.shares.leafSize)
    trace = settings.trace.map { StepTrace($0, threads: setup.threadCount(step), world: world) }
    firstWeights = try setup.loadParameters(checkpoint: plan.checkpoint, notes: plan.notes, of: step)
    for warning in firstWeights?.warnings ?? [] { listeners.warn(warning) }
    let folder = try setup.openFolder(plan, of: step, weights: firstWeights, listeners)
    checkpoints = RunCheckpoints(setup, step, writer, folder: folder, lastIteration: plan.state?.iteration, listeners)
  }

  // MARK: - The loop

  /// Trains until the last epoch, the last plateau, a limit or a signal. All ranks call it.
  public func run() throws -> TrainingSummary {
    // A sheet of samples is not the beginning of a run: a checkpoint would keep the folder from being trained in.
    if setup.isPreview { return try summarize(.previewed) }
    listeners.tell(.started(description))
    if setup.checkpoint == nil { try checkpoints.save(state, isBest: false) }
    let ending = try train()
    try checkpoints.saveAtEnd(state, isBest: position.isBest)
    if let outcome = try trace?.finish() { tell(outcome) }
    return try summarize(ending)
  }

  private func train() throws -> TrainingSummary.Ending {
    while true {
      // This comes first, because a run that was stopped before an epoch's evaluation goes on with it.
      if isEndOfEpoch, try !finishEpoch() { return .interrupted(stop.reason) }
      if schedule.isFinished || position.epochsDone >= setup.configuration.training.epochs {
        return .completed(lastPlateau: schedule.isFinished)
      }
      if let limit = setup.settings.iterations, position.iteration >= limit { return .iterationLimit(limit) }

      try beginTrace()
      let (result, seconds) = try takeStep()
      if let divergence = result.divergence {
        try recover(from: divergence)
        continue
      }
      note(result, seconds: seconds)
      try checkpoints.settle(waiting: false)
      try balanceShares(towerSeconds: result.time.tower)
      listeners.tell(.progress(progress(after: result)))
      if !result.statistics.isEmpty { listeners.tell(.statistics(iteration: position.iteration, result.statistics)) }
      var flags = RunFlags(rawValue: result.flags)
      if flags.contains(.asksAgain), try setup.world.any(stop.isMet) { flags.insert(.stop) }
      // The checkpoint of an epoch's end is saved after the evaluation, so that it holds what follows from it.
      if flags.contains(.save), !isEndOfEpoch { try checkpoints.save(state, isBest: false) }
      if flags.contains(.stop) { return .interrupted(stop.reason) }
    }
  }

  /// Whether the samples of an epoch are used up whose evaluation is still to come.
  private var isEndOfEpoch: Bool { position.iteration == samples.iterations(inEpochs: position.epochsDone + 1) }

  /// Starts or ends the trace where it is time to.
  private func beginTrace() throws {
    guard let trace else { return }
    setup.world.activity = Activity("the trace before iteration", position.iteration + 1)
    let isFollowed = position.iteration + 1 < lastIteration
    if let outcome = try trace.begin(iteration: position.iteration, isFollowed: isFollowed) { tell(outcome) }
  }

  private func tell(_ outcome: StepTrace.Outcome) {
    if let warning = outcome.warning { listeners.warn(warning) }
    if case .written(let path, _, _) = outcome { listeners.tell(.traced(path: path)) }
  }

  /// Takes the samples and one step with them.
  ///
  /// - Returns: the outcome, whose time for data includes the wait for the samples, and the seconds that all of it
  ///   took.
  private func takeStep() throws -> (result: StepResult, seconds: Double) {
    let (world, iteration) = (setup.world, position.iteration)
    world.activity = Activity("iteration", iteration + 1)
    let start = monotonicSeconds()
    // Rank 0 needs every slot's label, the others only their own images.
    let mine = try Trace.span("wait for samples", .part) {
      try samples.take(
        iteration: iteration, slots: step.shares.slots(ofRank: world.rank), labelsAll: world.rank == 0)
    }
    let waited = monotonicSeconds() - start
    var flags: RunFlags = stop.isMet ? .stop : []
    if checkpoints.isDue(at: iteration + 1) { flags.insert(.save) }
    // Nobody knows how long the first step takes.
    if world.rank == 0, stepSeconds ?? .infinity >= Self.longStep { flags.insert(.asksAgain) }
    let solver = setup.configuration.solver
    let sgd = SGD(
      learningRate: Float(schedule.learningRate(at: iteration)), momentum: Float(solver.momentum),
      weightDecay: Float(solver.weightDecay))
    var order = setup.order(iteration: iteration, sgd, mine)
    (order.flags, order.notesStatistics) = (flags.rawValue, statisticsAreDue)
    var result = try step.run(order, load: mine.load)
    try mine.check()
    result.time.data += waited
    meter.add(result.time)
    let seconds = monotonicSeconds() - start
    stepSeconds = seconds
    return (result, seconds)
  }

  /// Whether to note the statistics of the step that is about to run: the first of all, and every N-th.
  private var statisticsAreDue: Bool {
    guard let every = setup.settings.statisticsEvery else { return false }
    return position.iteration == 0 || (position.iteration + 1) % every == 0
  }

  private func note(_ result: StepResult, seconds: Double) {
    if meter.images == 0, !step.borrowsCores {
      listeners.warn(
        "the system does not let rank 0's fully connected layers run on the cores of this host's other ranks: they "
          + "take longer than they need to")
    }
    position.add(result, samples: setup.configuration.training.batch, seconds: seconds)
    meter.add(images: setup.configuration.training.batch, in: seconds)
  }

  /// Gives the ranks other shares of the next mini-batches, where that is wanted and worth it.
  private func balanceShares(towerSeconds: Double) throws {
    let world = setup.world
    guard setup.settings.shares == .auto, world.size > 1, let seconds = balance.note(towerSeconds) else { return }
    guard let better = balance.improvedShares(over: step.shares, seconds: try world.allgather(seconds)) else { return }
    step.adopt(better)
    listeners.tell(.balanced(better.imagesOfRanks))
  }

  /// Evaluates, moves the schedule and saves.
  ///
  /// - Returns: false where a signal came during the evaluation; the epoch's end is then still to come.
  private func finishEpoch() throws -> Bool {
    let start = monotonicSeconds()
    setup.world.activity = Activity("the evaluation after iteration", position.iteration)
    let found = try Trace.span("evaluation", .evaluation) { try evaluate() }
    guard let counts = found else { return false }
    let seconds = monotonicSeconds() - start
    meter.addEvaluation(seconds)
    position.secondsTrained += seconds
    // Listeners hear of an evaluation only after all that was saved before it.
    try checkpoints.settle(waiting: true)
    let rate = schedule.learningRate(at: position.iteration - 1)
    let isBest = position.finishEpoch(counts.ofResult)
    let hasDropped = schedule.evaluated(
      validationTop1Error: counts.ofResult.top1Error, epochsDone: position.epochsDone)
    listeners.tell(.evaluated(epochResult(counts, rate: rate, isBest: isBest, hasDropped: hasDropped)))
    position.epochSums = EpochSums()
    try checkpoints.save(state, isBest: isBest)
    return true
  }

  /// Measures the network, and beside it the moving average of its parameters where one is kept.
  ///
  /// - Returns: nil where a signal came.
  private func evaluate() throws -> EpochCounts? {
    func counts(_ network: Network, _ validation: Evaluator) throws -> ErrorCounts? {
      try setup.shareHead(of: network)
      return try Trace.withoutPhases { try validation.run(keepGoing: { !StopSignals.isRequested })?.total }
    }
    guard let plain = try counts(setup.network, validation) else { return nil }
    guard let averaged else { return EpochCounts(plain: plain, averaged: nil) }
    try step.gatherAverage()
    guard let average = try counts(averaged.network, averaged.validation) else { return nil }
    return EpochCounts(plain: plain, averaged: average)
  }

  /// The state that a checkpoint of this moment holds.
  var state: TrainingState {
    let training = setup.configuration.training
    return TrainingState(
      iteration: position.iteration, epoch: position.epochsDone,
      iterationInEpoch: position.iteration - samples.iterations(inEpochs: position.epochsDone),
      samplesSeen: position.iteration * training.batch, seed: training.seed,
      learningRate: schedule.learningRate(at: position.iteration),
      schedule: schedule.state, best: position.best, epochSums: position.epochSums,
      secondsTrained: position.secondsTrained, worldSize: setup.world.size, batch: training.batch,
      runIdentifier: setup.runIdentifier)
  }

  // MARK: - The end

  private func summarize(_ ending: TrainingSummary.Ending) throws -> TrainingSummary {
    var test: TrainingSummary.Test?
    if case .completed = ending, position.best != nil, let images = setup.data.test {
      let start = monotonicSeconds()
      test = try testBest(images)
      meter.addEvaluation(monotonicSeconds() - start)
    }
    let summary = TrainingSummary(
      ending: ending, iteration: position.iteration, epochs: position.epochsDone,
      bestIteration: position.best?.iteration, bestIsThere: bestIsThere,
      bestValidationError: setup.data.validation.count == 0 ? nil : position.best?.validationTop1Error, test: test,
      run: checkpoints.folder?.path ?? "", secondsTrained: position.secondsTrained, time: timeSoFar)
    listeners.tell(.finished(summary))
    return summary
  }

  /// Measures the best checkpoint, whose vectors the step takes, on the test split: the moving average of its
  /// parameters where one is kept.
  private func testBest(_ images: any TestImages) throws -> TrainingSummary.Test? {
    let start = monotonicSeconds()
    let (checkpoint, isBest) = try setup.world.agree { () throws -> (String, Bool) in
      guard let folder = checkpoints.folder else { return ("", true) }
      let (path, isBest) = try bestOrNewest(in: folder)
      try CheckpointFile.read(path, into: setup.tensors(of: step))
      return (path, isBest)
    }
    let network = averaged?.network ?? setup.network
    try setup.world.broadcast(UnsafeMutableRawBufferPointer(network.parameters.values), root: 0)
    let evaluator = try setup.evaluator(of: images, network)
    guard let counts = try evaluator.run(keepGoing: { !StopSignals.isRequested })?.total else { return nil }
    return TrainingSummary.Test(
      counts: counts, checkpoint: checkpoint, isBest: isBest, seconds: monotonicSeconds() - start)
  }

  /// Whether the best checkpoint is in the run's folder, on rank 0: somebody may have removed it.
  private var bestIsThere: Bool {
    guard let folder = checkpoints.folder, let best = position.best else { return true }
    return FileSystem.isRegularFile(folder.checkpointPath(best.iteration))
  }

  private func bestOrNewest(in folder: RunFolder) throws(FileError) -> (path: String, isBest: Bool) {
    do throws(FileError) {
      if let best = try folder.best() {
        _ = try CheckpointFile.digest(ofFile: best.path)
        return (best.path, true)
      }
    } catch {
      guard [.missing, .damaged, .wrongKind].contains(error.kind) else { throw error }
      listeners.warn("\(error.path): \(error.problem): the newest is measured on the test images instead")
    }
    return (try folder.newestWhole().path, false)
  }
}
