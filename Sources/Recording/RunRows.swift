import Evaluation
import Foundation
import Images
import Reports
import Step
import Training

extension MetricsRow {
  /// Makes the row of an epoch. A validation without images leaves its fields empty.
  init(_ result: EpochResult) {
    let isValidated = result.validation.images > 0
    self.init(
      epoch: result.epoch, iteration: result.iteration, learningRate: result.learningRate,
      trainLoss: result.trainLoss, trainTop1Error: result.trainTop1Error,
      validationTop1Error: isValidated ? result.validation.top1Error : nil,
      validationTop5Error: isValidated ? result.validation.top5Error : nil,
      imagesPerSecond: result.imagesPerSecond, seconds: result.seconds, dataWaitSeconds: result.dataSeconds)
  }
}

extension AverageErrorsRow {
  /// Makes the row of an epoch; nil where no average is kept, or nothing validates.
  init?(_ result: EpochResult) {
    guard let counts = result.averagedValidation, counts.images > 0 else { return nil }
    self.init(
      epoch: result.epoch, iteration: result.iteration, validationTop1Error: counts.top1Error,
      validationTop5Error: counts.top5Error)
  }
}

extension TimeRow {
  /// Makes the row of the time between two evaluations.
  ///
  /// - Parameter before: the time up to the earlier one.
  init(_ result: EpochResult, since before: RunTime) {
    self.init(iteration: result.iteration, seconds: zip(result.time.parts, before.parts).map { $0 - $1 })
  }
}

extension RunTime {
  /// The seconds in the order of `TimeRow.parts`.
  fileprivate var parts: [Double] {
    [steps.tower, steps.fullyConnected, steps.communication, steps.data, evaluation, checkpoint]
  }
}

extension ResultsRow {
  /// Makes the row of the test at the end of a run.
  init(_ test: TrainingSummary.Test, of description: TrainingDescription) {
    let usual = TestProtocol.center
    self.init(
      time: Date().formatted(.iso8601), checkpoints: [test.checkpoint], data: description.data.path,
      split: MeasuredSplit.test.rawValue, views: usual.views.rawValue, scales: usual.scales, mirror: usual.mirror,
      averaging: usual.averaging.rawValue, images: test.counts.images, top1: test.counts.top1, top5: test.counts.top5,
      seconds: test.seconds, ranks: description.ranks.count)
  }
}

extension RunPlace {
  /// Makes the row of a process that starts now.
  init(_ description: TrainingDescription, processor: String, software: String) {
    self.init(
      started: Date().formatted(.iso8601), iteration: description.iteration, ranks: description.ranks.count,
      threads: description.ranks.threads.ranks[0].count,
      hosts: description.ranks.hosts.map { "\($0.name) (\($0.ranks))" }.joined(separator: ", "),
      processor: processor, software: software)
  }
}
