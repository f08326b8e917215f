import Randomness
import System

/// The rule by which samples follow one another in training.
public enum Sampling: String, CaseIterable, Sendable {
  /// Every sample once an epoch, in random order.
  case shuffled
  /// Every class equally often: in each run of as many samples as there are classes, each class gives one.
  case balanced
}

/// The assignment of samples to the slots of each iteration: the concatenation of one seeded permutation of the samples
/// per epoch, cut into mini-batches across the epochs' borders, so that no sample is dropped. With balanced sampling,
/// each class has a stream of permutations of its own.
///
/// It is a pure function of seed, labels, batch and iteration; the permutations in use are kept for speed.
public struct SampleStream: Sendable {
  public let seed: UInt64
  public let sampleCount: Int
  /// The number of slots in an iteration.
  public let batch: Int
  private var permutations: [Int: [Int32]] = [:]
  private var balanced: BalancedSamples?

  /// - Parameter labels: The samples' classes.
  public init(seed: UInt64, labels: [Int32], batch: Int, sampling: Sampling) {
    self.init(seed: seed, sampleCount: labels.count, batch: batch)
    if sampling == .balanced { balanced = BalancedSamples(seed: seed, labels: labels) }
  }

  public init(seed: UInt64, sampleCount: Int, batch: Int) {
    precondition(sampleCount > 0 && batch > 0, "a batch of \(batch) from \(sampleCount) samples")
    self.seed = seed
    self.sampleCount = sampleCount
    self.batch = batch
  }

  /// Returns the epoch and the sample of each of `slots`, a part of 0 ..< `batch`, in `iteration`. All count from 0.
  /// With balanced sampling, the epoch is the number of times that the sample was there before.
  public mutating func samples(iteration: Int, slots: Range<Int>) -> [(epoch: Int, sample: Int)] {
    precondition(
      iteration >= 0 && slots.lowerBound >= 0 && slots.upperBound <= batch,
      "slots \(slots) of iteration \(iteration) are not in 0 ..< \(batch)")
    let start = iteration * batch
    if balanced != nil { return slots.map { slot in balanced!.sample(start + slot) } }
    let epochs = start / sampleCount...(start + batch - 1) / sampleCount
    permutations = permutations.filter { epochs.contains($0.key) }
    return slots.map { slot in
      let (epoch, position) = (start + slot).quotientAndRemainder(dividingBy: sampleCount)
      return (epoch, permuted(position, in: epoch))
    }
  }

  /// Returns the epoch of the first slot of `iteration`.
  public func epoch(ofIteration iteration: Int) -> Int {
    iteration * batch / sampleCount
  }

  /// Returns the number of iterations after which each sample has been seen `epochs` times. The last one may reach
  /// beyond.
  public func iterations(inEpochs epochs: Int) -> Int {
    (epochs * sampleCount).dividedUp(by: batch)
  }

  private mutating func permuted(_ position: Int, in epoch: Int) -> Int {
    if let permutation = permutations[epoch] { return Int(permutation[position]) }
    var stream = RandomStream(seed: seed, purpose: .permutation, owner: UInt64(epoch))
    let permutation = stream.permutation(sampleCount)
    permutations[epoch] = permutation
    return Int(permutation[position])
  }
}
