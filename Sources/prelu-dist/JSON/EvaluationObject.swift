import Evaluation
import Images

/// The object that `evaluate --json` prints.
struct EvaluationObject: Encodable {
  let checkpoint: String
  /// The paths of all checkpoints; nil, and left out, for one.
  let checkpoints: [String]?
  let iteration: Int
  let split: String
  let images: Int
  let views: String
  let scales: [Int]
  let mirror: Bool
  let average: String
  let top1Errors: Int
  let top5Errors: Int
  let top1Error: Double
  let top5Error: Double
  let balancedAccuracy: Double
  let macro: Means
  let weighted: Means

  /// The means of the classes' measures.
  struct Means: Encodable {
    let precision: Double
    let recall: Double
    let f1: Double

    init(_ values: ClassMeasures.Values) { (precision, recall, f1) = (values.precision, values.recall, values.f1) }
  }

  private enum CodingKeys: String, CodingKey {
    case checkpoint, checkpoints, iteration, split, images, scales, mirror, average
    case views = "protocol"
    case top1Errors = "top1_errors"
    case top5Errors = "top5_errors"
    case top1Error = "top1_error"
    case top5Error = "top5_error"
    case balancedAccuracy = "balanced_accuracy"
    case macro, weighted
  }

  init(_ result: EvaluationResult, _ trained: [TrainedNetwork], _ split: MeasuredSplit, _ options: TestOptions) {
    checkpoint = trained[0].path
    checkpoints = trained.count > 1 ? trained.map(\.path) : nil
    iteration = trained[0].iteration
    self.split = split.rawValue
    images = result.total.images
    views = options.views.rawValue
    scales = options.test.scales
    mirror = options.test.mirror
    average = options.average.rawValue
    (top1Errors, top5Errors) = (result.total.top1, result.total.top5)
    (top1Error, top5Error) = (result.total.top1Error, result.total.top5Error)
    let measures = result.measures
    balancedAccuracy = measures.balancedAccuracy
    (macro, weighted) = (Means(measures.macro), Means(measures.weighted))
  }
}
