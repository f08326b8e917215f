import Randomness

/// Divides the training files' images: `validation` of them are kept back, and the rest are for training.
///
/// The choice is a fixed permutation of the images, the same for every run's seed, so that runs can be compared. Both
/// parts keep the files' order. No class gives its last image, as long as others have more than one.
public func split(
  training: LabeledImages, validation: Int
) -> (training: LabeledImages, validation: LabeledImages) {
  let (kept, held) = splitIndices(labels: training.labels, held: validation)
  return (training.subset(kept), training.subset(held))
}

/// Returns `chosen` of 0 ..< `count`, ascending, drawn by `seed`, or all if there are no more than that.
public func randomSubset(count: Int, chosen: Int, seed: UInt64) -> [Int] {
  precondition(chosen >= 0, "a subset of \(chosen)")
  guard chosen < count else { return Array(0..<count) }
  var stream = RandomStream(seed: seed, purpose: .subset, owner: 0)
  return stream.permutation(count)[..<chosen].map { Int($0) }.sorted()
}

/// Returns the images with these labels divided as `split` does: the training indices, and `held` others, both
/// ascending.
public func splitIndices(labels: [Int32], held: Int) -> (kept: [Int], held: [Int]) {
  let count = labels.count
  precondition(
    0 <= held && held < count, "\(held) validation images cannot be split from \(count): one at least has to train")
  var stream = RandomStream(seed: 0, purpose: .validationSplit, owner: 0)
  var order = stream.permutation(count).map { Int($0) }
  var kept: [Int32: Int] = [:]
  for image in order[held...] { kept[labels[image], default: 0] += 1 }
  // A class without an image to train on takes one back, for the next image of a class that has several.
  var next = held
  for place in 0..<held where kept[labels[order[place]], default: 0] == 0 {
    while next < count, kept[labels[order[next]], default: 0] < 2 { next += 1 }
    guard next < count else { break }
    kept[labels[order[next]], default: 0] -= 1
    kept[labels[order[place]], default: 0] += 1
    order.swapAt(place, next)
    next += 1
  }
  return (order[held...].sorted(), order[..<held].sorted())
}
