import Checkpoint
import Communication
import Configuration
import Evaluation
import Network
import Step

/// The figures that listeners are told. Nothing here needs the other ranks.
extension TrainingRun {
  /// Tells what is planned, before the data are opened. All ranks call it.
  static func tell(
    _ plan: RunPlan, _ settings: TrainingSettings, _ world: World, _ listeners: RunListeners
  ) throws {
    let configuration = try Configuration(json: plan.configuration)
    let threads = try world.threadPlan(asked: settings.threads)
    // A sheet of samples is no run.
    guard !settings.isPreview(of: plan.checkpoint) else { return }
    listeners.tell(
      .planned(
        TrainingPlan(
          run: plan.runFolder, resumedFrom: plan.checkpoint, configuration: configuration,
          hosts: world.hosts.map { ($0.name, $0.ranks.count) }, threads: threads, unusedCores: world.unusedCores)))
  }

  /// The network, the data and the ranks of the run that begins.
  var description: TrainingDescription {
    let (architecture, data, settings, world) = (setup.network.architecture, setup.data, setup.settings, setup.world)
    let present = Set(data.training.labels)
    let empty = data.classNames.indices.filter { !present.contains(Int32($0)) }
    return TrainingDescription(
      run: checkpoints.folder?.path ?? "", resumedFrom: setup.checkpoint, iteration: position.iteration,
      configuration: setup.configuration, commandLine: settings.commandLine, program: settings.program,
      firstWeights: firstWeights?.summary ?? [],
      model: TrainingDescription.Model(
        name: architecture.name, parameterCount: architecture.parameterCount,
        multiplyAdds: architecture.multiplyAdds, weightLayers: architecture.weightLayerCount,
        classNames: data.classNames),
      data: TrainingDescription.DataSet(
        path: setup.configuration.data.directory, trainingImages: data.training.count,
        validationImages: data.validation.count, testImages: data.test?.count ?? 0,
        emptyClasses: empty.map { data.classNames[$0] }),
      ranks: TrainingDescription.Ranks(
        count: world.size, hosts: world.hosts.map { ($0.name, $0.ranks.count) }, threads: setup.threads,
        shares: step.shares, balancesShares: settings.shares == .auto && world.size > 1))
  }

  /// The iteration after which the run ends at the latest.
  var lastIteration: Int {
    let total = samples.iterations(inEpochs: setup.configuration.training.epochs)
    return min(total, setup.settings.iterations ?? total)
  }

  /// - Parameter result: the step that was just done.
  func progress(after result: StepResult) -> TrainingProgress {
    let training = setup.configuration.training
    let last = lastIteration
    let sums = position.epochSums
    return TrainingProgress(
      epoch: position.epochsDone + 1, epochs: training.epochs, iteration: position.iteration, iterations: last,
      loss: sums.meanLoss, top1Error: sums.top1Error, learningRate: schedule.learningRate(at: position.iteration - 1),
      imagesPerSecond: meter.imagesPerSecond, dataShare: sums.dataSeconds / max(sums.seconds, 1e-9),
      secondsLeft: Double((last - position.iteration) * training.batch) / meter.imagesPerSecond,
      communicationShare: meter.time.steps.communicationShare,
      step: .init(samples: training.batch, lossSum: result.lossSum, errors: result.errors))
  }

  /// - Parameter rate: the learning rate of the last step.
  func epochResult(_ counts: EpochCounts, rate: Double, isBest: Bool, hasDropped: Bool) -> EpochResult {
    let sums = position.epochSums
    return EpochResult(
      epoch: position.epochsDone, iteration: position.iteration, learningRate: rate, trainLoss: sums.meanLoss,
      trainTop1Error: sums.top1Error, validation: counts.plain, averagedValidation: counts.averaged,
      imagesPerSecond: Double(sums.sampleCount) / max(sums.seconds, 1e-9), seconds: position.secondsTrained,
      dataSeconds: sums.dataSeconds, time: timeSoFar, isBest: isBest,
      droppedTo: hasDropped ? schedule.learningRate(at: position.iteration) : nil, slopes: setup.network.slopes,
      firstFilters: setup.network.firstFilters)
  }

  /// The time of this process so far, on this rank.
  var timeSoFar: RunTime {
    var time = meter.time
    time.checkpoint = checkpoints.seconds
    return time
  }
}
