import Communication
import Foundation
import Kernels
import System
import Training

/// Shows a person the progress of training: a banner, a progress line, a line for each evaluation, and a summary.
final class TrainingReporter: RunListener {
  private let quiet: Bool
  private let terminal: Terminal?
  private let line: LiveLine
  private let started = monotonicSeconds()
  /// The numbers of ranks and of classes, which the start of the run tells.
  private var (ranks, classes) = (1, 0)
  /// Whether the run keeps a moving average of the weights, which the start of the run tells.
  private var averages = false

  init(quiet: Bool, terminal: Terminal?) {
    self.quiet = quiet
    self.terminal = terminal
    line = LiveLine(terminal)
  }

  func prepare(folder: OwnFolder, iteration: Int) throws {
    guard let failure = Console.transcript.open(in: folder, commandLine: ProcessArguments.line) else { return }
    warn("\(failure); training continues without its log")
  }

  func hear(_ event: TrainingEvent) {
    if case .warning(let message) = event { return warn(message) }
    guard !quiet else { return }
    switch event {
    case .warning: break
    case .planned(let plan): show(plan)
    case .started(let description): show(description)
    case .progress(let progress): show(progress)
    case .balanced(let images):
      line.clear()
      Console.say("shares " + images.map(String.init).joined(separator: ", ") + " images from here on")
    case .evaluated(let result): show(result)
    case .saved, .notSaved, .statistics: break
    case .traced(let path):
      line.clear()
      Console.say(TraceOptions.announcement(of: path))
    case .finished(let summary): show(summary)
    }
  }

  func warn(_ message: String) {
    line.clear()
    Console.complain("warning: \(message)")
  }

  /// Returns words that a terminal shows in green (SGR 32).
  private func emphasized(_ text: String) -> String {
    guard let terminal, terminal.hasColor else { return text }
    return Self.green + text + Self.plain
  }

  private static let green = "\u{1B}[32m"
  private static let plain = "\u{1B}[0m"

  private func show(_ plan: TrainingPlan) {
    let configuration = plan.configuration
    let training = configuration.training
    let hosts = plan.hosts.map { "\($0.name) \($0.ranks)" }.joined(separator: ", ")
    Console.say(PreluDist.software)
    Console.say("ranks  \(plan.threads) (\(hosts))")
    if let cores = plan.unusedCores {
      Console.say(
        "       bound to \(cores.used) of \(cores.reachable) cores: mpirun --bind-to none frees the others for them, "
          + "or start one rank a NUMA domain")
    }
    Console.say(
      "run    \(plan.run): recipe \(configuration.recipe), \(training.epochs.counted("epoch")) of mini-batches of "
        + "\(training.batch), seed \(training.seed)")
    Console.say(
      "rate   "
        + configuration.schedule.text(
          baseRate: configuration.solver.learningRate, epochs: training.epochs, warmUp: configuration.warmUp))
    if let extras = TrainingExtrasText(configuration).sentence { Console.say("also   " + extras) }
    if training.precision == .bfloat16 {
      Console.say("prec.  operands rounded to bfloat16, sums in float32: \(TileEngine.chosen.summary)")
    }
    if let resumedFrom = plan.resumedFrom { Console.say("resumed from \(resumedFrom)") }
  }

  private func show(_ d: TrainingDescription) {
    let (model, data) = (d.model, d.data)
    (ranks, classes) = (d.ranks.count, model.classNames.count)
    averages = d.configuration.regularization.averages
    Console.say(
      "model  \(model.name): \(model.weightLayers.counted("weight layer")), "
        + "\(model.parameterCount.grouped) parameters, \(model.multiplyAdds.grouped) multiply-adds an image")
    Console.say(
      "data   \(data.path): \(data.trainingImages.grouped) to train on, "
        + "\(data.validationImages.grouped) to validate, "
        + (data.testImages == 0 ? "" : "\(data.testImages.grouped) to test, ")
        + model.classNames.count.counted("class", grouped: true))
    if !data.emptyClasses.isEmpty {
      let names = data.emptyClasses.prefix(5).map { $0.shown() } + (data.emptyClasses.count > 5 ? ["…"] : [])
      Console.complain(
        "warning: \(data.path): \(data.emptyClasses.count.counted("class", grouped: true)) "
          + "\(data.emptyClasses.count.verb("has", "have")) no image to train on: \(names.joined(separator: ", "))")
    }
    Console.say("bits   " + bits(d.ranks, d.configuration.training.precision))
    for (index, line) in d.firstWeights.enumerated() { Console.say((index == 0 ? "from   " : "       ") + line) }
  }

  private func bits(_ ranks: TrainingDescription.Ranks, _ precision: Precision) -> String {
    if ranks.balancesShares {
      return "depend on the shares, which follow the ranks' speed: runs agree with one another to rounding"
    }
    let leaves = ranks.shares.wantedLeaves
    let tree = leaves.counted("leaf", "leaves")
    let processors =
      precision == .float32 ? "on any processor with AVX2 and FMA" : "on processors that multiply in the same way"
    return ranks.shares.isReproducible
      ? "the same with \(Shares.rankCounts(leaves: leaves)) \(leaves.verb("rank", "ranks")) and any number of threads "
        + "(\(tree)), \(processors)"
      : "\(ranks.count.counted("rank")) \(ranks.count.verb("holds", "hold")) no whole subtrees of the "
        + "\(tree): the result "
        + "agrees with other rank counts to "
        + "rounding"
  }

  /// Returns a number of images a second: a whole one, except where it is small.
  private func rate(_ value: Double) -> String { String(format: value < 10 ? "%.2f" : "%.0f", value) }

  /// Shows the progress line: on a terminal five times a second; elsewhere every 15 seconds at first, and every minute
  /// after ten minutes, so that the log of a day stays readable.
  private func show(_ p: TrainingProgress) {
    line.show(pauses: (terminal: 0.2, elsewhere: monotonicSeconds() - started < 600 ? 15 : 60)) { width in
      ProgressLine(
        epoch: p.epoch, epochs: p.epochs, iteration: p.iteration, iterations: p.iterations, loss: p.loss,
        error: p.top1Error, learningRate: p.learningRate, imagesPerSecond: p.imagesPerSecond,
        secondsLeft: p.secondsLeft, waiting: p.communicationShare, data: p.dataShare
      ).text(width: width)
    }
  }

  private func show(_ r: EpochResult) {
    line.clear()
    var line = String(format: "epoch %d: loss %.4f, training error %.2f %%, ", r.epoch, r.trainLoss, r.trainTop1Error)
    if r.validation.images > 0 {
      line += "validation error \(r.validation.text(classes: classes)), "
      if let averaged = r.averagedValidation { line += "of the average \(averaged.text(classes: classes)), " }
    }
    line += "\(rate(r.imagesPerSecond)) images/s"
    if r.isBest, r.validation.images > 0 { line += ", " + emphasized("best so far") }
    if let rate = r.droppedTo { line += String(format: "; learning rate now %g", rate) }
    Console.say(colored: line, plain: line.replacing(Self.green, with: "").replacing(Self.plain, with: ""))
  }

  private func show(_ s: TrainingSummary) {
    line.clear()
    switch s.ending {
    case .completed(let lastPlateau):
      Console.say(
        "done: \(s.epochs.counted("epoch")), \(s.iteration.counted("iteration"))"
          + (lastPlateau ? ", last plateau reached" : ""))
    case .previewed:
      // There was no training to sum up.
      return Console.say("preview written to \(s.run)/preview.png; nothing was trained")
    case .iterationLimit(let limit) where s.iteration > limit:
      Console.say(
        "nothing was trained: the run has done \(s.iteration.counted("iteration")) already, and --iterations \(limit) "
          + "counts those of the whole run")
    case .iterationLimit:
      Console.say("stopped after \(s.iteration.counted("iteration")), as asked; checkpoint saved")
    case .interrupted(let reason):
      Console.say("stopped by \(reason) after \(s.iteration.counted("iteration")); checkpoint saved")
      let launcher = ranks == 1 ? "" : "mpirun -np \(ranks) "
      Console.say("continue with: \(launcher)prelu-dist train --resume \(s.run)")
    }
    if let iteration = s.bestIteration, let error = s.bestValidationError {
      Console.say(
        String(format: "best checkpoint: iteration %d, validation error %.2f %%", iteration, error)
          + (s.bestIsThere ? "" : "; its file is not there any more"))
    }
    if let tested = s.test {
      let test = tested.counts
      Console.say(
        "test error of the \(tested.isBest ? "best" : "newest") checkpoint\(averages ? "'s average" : ""): "
          + "\(test.text(classes: classes)), "
          + (test.topFiveTells(classes: classes) ? "\(test.top1) and \(test.top5)" : "\(test.top1)")
          + " of \(test.images.counted("image"))")
    }
    let t = s.time
    let total = max(t.total, 1e-9)
    func share(_ name: String, _ value: Double) -> String { String(format: "%@ %.1f %%", name, 100 * value / total) }
    Console.say(
      "time on rank 0: \(clockText(total)): "
        + [
          share("tower", t.steps.tower), share("fc", t.steps.fullyConnected),
          share("communication", t.steps.communication), share("data", t.steps.data), share("evaluation", t.evaluation),
          share("checkpoints", t.checkpoint),
        ].joined(separator: ", "))
    Console.say("run folder: \(s.run)")
  }
}
