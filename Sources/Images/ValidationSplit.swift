import Randomness

/// Divides the training files' images: `validation` of them are kept back, the rest trains.
///
/// The choice is a fixed permutation of the images, the same for every run's seed, so that runs can be compared. Both
/// parts keep the files' order.
public func split(
  training: LabeledImages, validation: Int
) -> (training: LabeledImages, validation: LabeledImages) {
  precondition(
    0 <= validation && validation < training.count,
    "\(validation) validation images cannot be split from \(training.count): one at least has to train")
  var stream = RandomStream(seed: 0, purpose: .validationSplit, owner: 0)
  let order = stream.permutation(training.count).map { Int($0) }
  return (training.subset(order[validation...].sorted()), training.subset(order[..<validation].sorted()))
}
