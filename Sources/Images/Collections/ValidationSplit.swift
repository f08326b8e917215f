import Randomness

/// Divides the training files' images: `validation` of them are kept back, and the rest are for training.
///
/// The choice is a fixed permutation of the images, the same for every run's seed, so that runs can be compared. Both
/// parts keep the files' order.
public func split(
  training: LabeledImages, validation: Int
) -> (training: LabeledImages, validation: LabeledImages) {
  let (kept, held) = splitIndices(count: training.count, held: validation)
  return (training.subset(kept), training.subset(held))
}

/// Returns `chosen` of 0 ..< `count`, ascending, drawn by `seed`, or all if there are no more than that.
public func randomSubset(count: Int, chosen: Int, seed: UInt64) -> [Int] {
  precondition(chosen >= 0, "a subset of \(chosen)")
  guard chosen < count else { return Array(0..<count) }
  var stream = RandomStream(seed: seed, purpose: .subset, owner: 0)
  return stream.permutation(count)[..<chosen].map { Int($0) }.sorted()
}

/// Returns 0 ..< `count` divided as `split` does: the training indices, and `held` others, both ascending.
public func splitIndices(count: Int, held: Int) -> (kept: [Int], held: [Int]) {
  precondition(
    0 <= held && held < count, "\(held) validation images cannot be split from \(count): one at least has to train")
  var stream = RandomStream(seed: 0, purpose: .validationSplit, owner: 0)
  let order = stream.permutation(count).map { Int($0) }
  return (order[held...].sorted(), order[..<held].sorted())
}
