import Checkpoint
import Communication
import Configuration
import Evaluation
import Foundation
import Images
import Kernels
import Network
import Reports

/// A training run on all ranks: from a configuration or a checkpoint to a trained network in a run folder.
///
/// Every rank makes one and calls `run`; errors that any rank can foresee are thrown as the same `RankFailure` on all.
public final class TrainingRun {
  let world: World
  let settings: TrainingSettings
  let report: (TrainingEvent) -> Void
  let configuration: Configuration
  let data: TrainingData
  let network: Network
  let pool: ThreadPool
  let step: DistributedStep
  let writer: CheckpointWriter
  private let validation: Evaluation
  private(set) var stream: SampleStream
  /// Where samples take long to load; nil before the first step.
  private var feed: SampleFeed?
  var schedule: LearningRateSchedule
  /// On rank 0.
  var folder: RunFolder?
  private var metrics: MetricsFile?
  private(set) var layersTable: LayerStatisticsFile?
  let runIdentifier: String
  private let resumedFrom: String?
  private let startTime = monotonicSeconds()

  // What a checkpoint holds beside the tensors.
  var iteration = 0
  private(set) var epochsDone = 0
  private(set) var best: BestResult?
  private(set) var epochSums = EpochSums()
  private(set) var secondsTrained = 0.0

  var lastCheckpointTime = monotonicSeconds()
  /// Of the last checkpoint that is in place; known on rank 0.
  var lastCheckpointIteration = -1
  private var balance = ShareBalance()
  private let largestLeaf: Int
  private var stepSeconds = 0.0
  private var stepImages = 0

  /// - Parameter report: called on rank 0 with what a person may want to know.
  public init(
    _ request: ConfigurationRequest, _ settings: TrainingSettings, world: World,
    report: @escaping (TrainingEvent) -> Void
  ) throws {
    self.world = world
    self.settings = settings
    self.report = world.rank == 0 ? report : { _ in }
    let plan = try RunPlan(
      json: world.fromRoot(exitCode: ExitCode.of) { try RunPlan(request, settings).json() })
    let configuration = try Configuration(json: plan.configuration)
    self.configuration = configuration
    for warning in plan.warnings { self.report(.warning(warning)) }

    let (data, architecture) = try world.together(exitCode: ExitCode.of) {
      let architecture = try configuration.architecture().resolved()
      let data = try TrainingData(configuration)
      try checkFit(
        architecture, extents: data.extents, classes: data.classes, data: configuration.data.directory)
      return (data, architecture)
    }
    self.data = data
    try Self.checkSameData(data.fingerprint, world)
    if let stored = plan.dataFingerprint, !settings.acceptsOtherData {
      try world.together(exitCode: ExitCode.of) {
        try Self.checkUnchangedData(stored, of: plan.checkpoint ?? "", data.fingerprint, configuration)
      }
    }

    pool = ThreadPool(threads: settings.threads ?? max(1, min(availableCores(), world.localCores / world.localSize)))
    network = Network(architecture, convolution: settings.convolution)
    let shares = Shares(batch: configuration.training.batch, ranks: world.size)
    largestLeaf = shares.leafSize
    let seed = configuration.training.seed
    step = DistributedStep(network, world: world, shares: shares, seed: seed, on: pool)
    writer = CheckpointWriter(parameters: network.parameters, momentum: step.momentum)
    if world.rank == 0 { writer.prepare() }
    validation = try Evaluation(
      [data.member(network, data.validation, configuration)], .center,
      samples: configuration.data.subset == 0
        ? nil : randomSubset(count: data.validation.count, chosen: configuration.data.subset, seed: seed),
      world: world, on: pool)
    stream = SampleStream(seed: seed, sampleCount: data.training.count, batch: configuration.training.batch)
    schedule = LearningRateSchedule(
      configuration.schedule, baseRate: configuration.solver.learningRate,
      state: plan.state?.schedule ?? ScheduleState())
    runIdentifier = try world.broadcast(world.rank == 0 ? Self.newIdentifier() : "", root: 0)
    resumedFrom = plan.checkpoint
    if let state = plan.state {
      restore(state)
      lastCheckpointIteration = state.iteration
    }
    try loadParameters(checkpoint: plan.checkpoint)
    try openFolder(plan)
  }

  // MARK: - Start

  /// Unique to this process's start, so that a writer left over from an earlier one is recognized.
  private static func newIdentifier() -> String {
    let time = Int(Date().timeIntervalSince1970)
    return "\(time)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
  }

  private static func checkSameData(_ fingerprint: DataFingerprint, _ world: World) throws {
    let digests = try world.allgather(fingerprint.digest)
    guard let other = digests.firstIndex(where: { $0 != digests[0] }) else { return }
    let hosts = try world.allgather(world.hostName)
    throw RankFailure(
      rank: other, host: hosts[other],
      message: "its data differ from those of rank 0 on host \(hosts[0]): all hosts need the same files",
      exitCode: ExitCode.badData, failedRanks: digests.count { $0 != digests[0] }, ranks: world.size)
  }

  private static func checkUnchangedData(
    _ stored: String, of checkpoint: String, _ now: DataFingerprint, _ configuration: Configuration
  ) throws(TrainingError) {
    guard let before = try? JSONDecoder().decode(DataFingerprint.self, from: Data(stored.utf8)) else {
      throw TrainingError(
        ExitCode.badData,
        "\(checkpoint): expected the fingerprint of the data that it was trained on, found "
          + "\(String(stored.prefix(60)).debugDescription): go on without comparing them by --force")
    }
    let differences = now.differences(from: before)
    guard !differences.isEmpty else { return }
    throw TrainingError(
      ExitCode.badData,
      "\(configuration.data.directory): the data differ from those that the run was trained on: "
        + differences.joined(separator: " ") + " Give the former data with --data, or go on all the same with --force"
    )
  }

  /// Takes over what a checkpoint says beside the tensors and the schedule.
  func restore(_ state: TrainingState) {
    (iteration, epochsDone, best) = (state.iteration, state.epoch, state.best)
    (epochSums, secondsTrained) = (state.epochSums, state.secondsTrained)
    // What was loaded ahead belongs to later iterations.
    feed = nil
  }

  /// Rank 0 reads or draws the parameters; the others get what they need of them: the tower's.
  func loadParameters(checkpoint: String?) throws {
    try world.together(exitCode: ExitCode.of) {
      guard world.rank == 0 else { return }
      if let path = checkpoint {
        try CheckpointFile.read(path, into: tensors)
      } else {
        configuration.model.initializer.fill(
          network.parameters.values, for: network.architecture, seed: configuration.training.seed,
          initialSlope: Float(configuration.model.initialSlope), on: step.headPool)
      }
    }
    let tower = network.architecture.towerRange
    for buffer in [network.parameters, step.momentum] {
      try world.broadcast(
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer.values[tower])), root: 0)
    }
  }

  private func openFolder(_ plan: RunPlan) throws {
    try world.together(exitCode: ExitCode.of) {
      guard world.rank == 0 else { return }
      var folder = try RunFolder.create(at: plan.runFolder)
      try folder.claim(runIdentifier: runIdentifier)
      if plan.checkpoint != nil { try folder.removeCheckpoints(after: iteration) }
      metrics = MetricsFile(path: folder.file("metrics.csv"))
      layersTable = LayerStatisticsFile(path: folder.file(LayerStatisticsFile.name))
      try truncateTables()
      try folder.write(configuration.yaml(), to: "config.yaml")
      let needed = (configuration.checkpoint.keep + 1) * CheckpointFile.sizeBound(tensors)
      if let free = folder.freeBytes(), free < needed {
        report(
          .warning(
            "\(plan.runFolder): \(free >> 20) MiB are free, but the checkpoints may need \(needed >> 20) MiB: "
              + "make room, or keep fewer"))
      }
      self.folder = folder
      if let count = settings.preview {
        try ContactSheet.write(data.training, count: count, to: folder.file("preview.png"))
      }
    }
  }

  /// Cuts off what the tables say of iterations that are still to come.
  func truncateTables() throws {
    try metrics?.truncate(afterIteration: iteration)
    try layersTable?.truncate(afterIteration: iteration)
  }

  private var tensors: [CheckpointTensor] {
    checkpointTensors(network.architecture, network.parameters, step.momentum)
  }

  private func describe() throws -> TrainingDescription {
    let names = try world.allgather(world.hostName)
    var hosts: [(name: String, ranks: Int)] = []
    for name in names {
      if let index = hosts.firstIndex(where: { $0.name == name }) {
        hosts[index].ranks += 1
      } else {
        hosts.append((name, 1))
      }
    }
    let architecture = network.architecture
    return TrainingDescription(
      run: folder?.path ?? "", model: architecture.architecture.name, parameterCount: architecture.parameterCount,
      multiplyAdds: architecture.multiplyAdds, weightLayers: architecture.weightLayerCount,
      dataDirectory: configuration.data.directory, trainingImages: data.training.count,
      validationImages: data.validation.count, testImages: data.test?.count ?? 0, classes: data.classes,
      batch: configuration.training.batch, epochs: configuration.training.epochs, seed: configuration.training.seed,
      ranks: world.size, hosts: hosts, threads: pool.threadCount, leafCount: step.shares.leafCount,
      leafSize: step.shares.leafSize, isReproducible: step.shares.isReproducible,
      balancesShares: settings.shares == .auto && world.size > 1)
  }

  // MARK: - The loop

  /// Trains until the last epoch, the last plateau, a limit or a signal.
  public func run() throws -> TrainingSummary {
    let description = try describe()
    report(.started(description, resumedFrom: resumedFrom, iteration: iteration))
    var ending: TrainingSummary.Ending?
    if resumedFrom == nil { try save(isBest: false) }
    while ending == nil {
      if iteration == stream.iterations(inEpochs: epochsDone + 1) {
        guard try finishEpoch() else {
          ending = .interrupted(stopReason)
          break
        }
      }
      if schedule.isFinished || epochsDone >= configuration.training.epochs {
        try saveAtEnd()
        return try summarize(.completed(lastPlateau: schedule.isFinished))
      }
      if let limit = settings.iterations, iteration >= limit {
        ending = .iterationLimit
        break
      }
      if try runStep() { ending = .interrupted(stopReason) }
    }
    try saveAtEnd()
    return try summarize(ending ?? .iterationLimit)
  }

  private var timeIsUp: Bool {
    guard let limit = settings.timeLimit else { return false }
    return monotonicSeconds() - startTime >= limit
  }

  private var stopReason: String {
    if let name = StopSignals.name { return "signal \(name)" }
    return timeIsUp ? "the time limit" : "a signal to another rank"
  }

  private var checkpointIsDue: Bool {
    let cadence = configuration.checkpoint
    if cadence.everyIterations > 0, (iteration + 1) % cadence.everyIterations == 0 { return true }
    return cadence.everyMinutes > 0 && monotonicSeconds() - lastCheckpointTime >= cadence.everyMinutes * 60
  }

  /// One step on all ranks. Returns whether to stop.
  private func runStep() throws -> Bool {
    world.activity = Activity("iteration", iteration + 1)
    let start = monotonicSeconds()
    let (dataBefore, towerBefore) = (step.time.data, step.time.tower)
    let slots = step.shares.slots(ofRank: world.rank)
    // Rank 0 needs every slot's label, the others only their own images.
    let known = world.rank == 0 ? 0..<configuration.training.batch : slots
    let samples = stream.samples(iteration: iteration, slots: known)
    let labels = world.rank == 0 ? samples.map { data.training.labels[$0.sample] } : []
    try takeSamples(slots)
    let failure = FirstFailure()
    let sgd = SGD(
      learningRate: Float(schedule.learningRate), momentum: Float(configuration.solver.momentum),
      weightDecay: Float(configuration.solver.weightDecay))
    step.statistics = statisticsAreDue ? LayerStatistics(network) : nil
    let result = try step.run(
      iteration: iteration, sgd: sgd, labels: labels, stop: StopSignals.isRequested || timeIsUp,
      save: world.rank == 0 && checkpointIsDue
    ) { slot, target in
      if let feed { return feed.copy(iteration: iteration, slot: slot, into: target) }
      let (epoch, sample) = samples[slot - known.lowerBound]
      failure.attempt { () throws(DataError) in try data.training.load(sample: sample, epoch: epoch, into: target) }
    }
    try failure.check()
    if let divergence = result.divergence {
      try recover(from: divergence)
      return false
    }
    if world.rank == 0, stepImages == 0, !step.borrowsCores {
      report(
        .warning(
          "the system does not let rank 0's fully connected layers run on the cores of this host's other ranks: they "
            + "take longer than they need to"))
    }
    iteration += 1
    let seconds = monotonicSeconds() - start
    let images = configuration.training.batch
    epochSums.lossSum += result.lossSum
    epochSums.errorCount += result.errors
    epochSums.sampleCount += images
    epochSums.seconds += seconds
    epochSums.dataSeconds += step.time.data - dataBefore
    secondsTrained += seconds
    stepSeconds += seconds
    stepImages += images
    try settleSave(waiting: false)
    try balanceShares(towerSeconds: step.time.tower - towerBefore)
    reportProgress()
    appendStatistics()
    // An epoch's end is evaluated first: the checkpoint then holds what follows from it.
    if result.save, iteration != stream.iterations(inEpochs: epochsDone + 1) { try save(isBest: false) }
    return result.stop
  }

  /// Where it is wanted and worth it: gives the ranks other shares of the next mini-batches.
  private func balanceShares(towerSeconds: Double) throws {
    guard settings.shares == .auto, world.size > 1, let seconds = balance.note(towerSeconds) else { return }
    let images = step.shares.imagesOfRanks
    guard let better = ShareBalance.images(instead: images, seconds: try world.allgather(seconds)) else { return }
    step.adopt(Shares(images: better, leafSize: largestLeaf))
    // It was to load the samples of the former slots.
    feed = nil
    report(.balanced(better))
  }

  /// Waits until the feed has this rank's samples, where there is one.
  private func takeSamples(_ slots: Range<Int>) throws {
    guard data.training.isCostly else { return }
    if feed == nil {
      let last = stream.iterations(inEpochs: configuration.training.epochs)
      feed = SampleFeed(
        data.training, stream: stream, slots: slots, from: iteration, to: min(last, settings.iterations ?? last),
        threads: settings.loadingThreads ?? max(1, pool.threadCount / 4))
    }
    try step.time.measure(\.data) { try feed?.take(iteration: iteration) }
  }

  private func reportProgress() {
    guard world.rank == 0 else { return }
    let total = stream.iterations(inEpochs: configuration.training.epochs)
    let last = min(total, settings.iterations ?? total)
    let rate = Double(stepImages) / max(stepSeconds, 1e-9)
    let count = Double(max(epochSums.sampleCount, 1))
    report(
      .progress(
        TrainingProgress(
          epoch: epochsDone + 1, epochs: configuration.training.epochs, iteration: iteration, iterations: total,
          loss: epochSums.lossSum / count, top1Error: 100 * Double(epochSums.errorCount) / count,
          learningRate: schedule.learningRate, imagesPerSecond: rate,
          dataShare: epochSums.dataSeconds / max(epochSums.seconds, 1e-9),
          secondsLeft: Double((last - iteration) * configuration.training.batch) / rate,
          waiting: step.time.waitingShare)))
  }

  /// Evaluates, moves the schedule, writes the epoch's row, saves. Returns `false` where a signal came in between: the
  /// epoch's end is then still to be done, and is done first when the run goes on.
  private func finishEpoch() throws -> Bool {
    let start = monotonicSeconds()
    world.activity = Activity("the evaluation after iteration", iteration)
    try shareHead()
    guard
      let counts = try validation.run(keepGoing: { !StopSignals.isRequested })?.total
    else { return false }
    let seconds = monotonicSeconds() - start
    step.time.evaluation += seconds
    secondsTrained += seconds
    // What is told of an evaluation belongs to its own checkpoint.
    try settleSave(waiting: true)
    epochsDone += 1
    // Where nothing validates, the newest is the best.
    let isBest = counts.images == 0 || counts.top1Error < best?.validationTop1Error ?? .infinity
    if isBest { best = BestResult(validationTop1Error: counts.top1Error, iteration: iteration) }
    let rate = schedule.learningRate
    let dropped = schedule.evaluated(validationTop1Error: counts.top1Error, epochsDone: epochsDone)
    let count = Double(max(epochSums.sampleCount, 1))
    let result = EpochResult(
      epoch: epochsDone, iteration: iteration, learningRate: rate, trainLoss: epochSums.lossSum / count,
      trainTop1Error: 100 * Double(epochSums.errorCount) / count, validation: counts,
      imagesPerSecond: Double(epochSums.sampleCount) / max(epochSums.seconds, 1e-9), seconds: secondsTrained,
      dataSeconds: epochSums.dataSeconds,
      time: step.time, isBest: isBest, droppedTo: dropped ? schedule.learningRate : nil)
    epochSums = EpochSums()
    report(.evaluated(result))
    appendRow(result)
    try save(isBest: isBest)
    return true
  }

  /// Gives all ranks rank 0's head, for evaluation.
  private func shareHead() throws {
    let head = network.architecture.headRange
    let values = UnsafeMutableBufferPointer(rebasing: network.parameters.values[head])
    try world.broadcast(UnsafeMutableRawBufferPointer(values), root: 0)
  }

  /// The row comes before the checkpoint: a kill in between costs a row that is written again, not one that is lost.
  private func appendRow(_ result: EpochResult) {
    do {
      try metrics?.append(
        MetricsRow(
          epoch: result.epoch, iteration: result.iteration, learningRate: result.learningRate,
          trainLoss: result.trainLoss, trainTop1Error: result.trainTop1Error,
          validationTop1Error: result.validation.images == 0 ? nil : result.validation.top1Error,
          validationTop5Error: result.validation.images == 0 ? nil : result.validation.top5Error,
          imagesPerSecond: result.imagesPerSecond, seconds: result.seconds,
          dataWaitSeconds: result.dataSeconds))
    } catch {
      report(.warning("\(error)"))
    }
  }

  // MARK: - End

  private func summarize(_ ending: TrainingSummary.Ending) throws -> TrainingSummary {
    var summary = TrainingSummary(
      ending: ending, iteration: iteration, epochs: epochsDone, bestIteration: best?.iteration,
      bestValidationError: data.validation.count == 0 ? nil : best?.validationTop1Error, test: nil,
      run: folder?.path ?? "",
      secondsTrained: secondsTrained, time: step.time)
    if case .completed = ending, best != nil, let test = data.test {
      summary.test = try testBest(test)
      summary.time = step.time
    }
    report(.finished(summary))
    return summary
  }

  /// The test errors of the best checkpoint, which becomes the network's parameters.
  private func testBest(_ images: any TestImages) throws -> ErrorCounts? {
    let start = monotonicSeconds()
    try world.together(exitCode: ExitCode.of) {
      if let folder { try CheckpointFile.read(folder.bestPath(), into: tensors) }
    }
    let all = network.parameters.values
    try world.broadcast(UnsafeMutableRawBufferPointer(all), root: 0)
    let test = try Evaluation([data.member(network, images, configuration)], .center, world: world, on: pool)
    let counts = try test.run(keepGoing: { !StopSignals.isRequested })?.total
    step.time.evaluation += monotonicSeconds() - start
    return counts
  }
}
