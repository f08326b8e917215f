import Randomness
import System

/// The assignment of samples to the slots of each iteration: the concatenation of one seeded permutation of the samples
/// per epoch, cut into mini-batches across the epochs' borders, so that no sample is dropped.
///
/// It is a pure function of seed, sample count, batch and iteration; the permutations in use are kept for speed.
public struct SampleStream: Sendable {
  public let seed: UInt64
  public let sampleCount: Int
  /// The number of slots in an iteration.
  public let batch: Int
  private var permutations: [Int: [Int32]] = [:]

  public init(seed: UInt64, sampleCount: Int, batch: Int) {
    precondition(sampleCount > 0 && batch > 0, "a batch of \(batch) from \(sampleCount) samples")
    self.seed = seed
    self.sampleCount = sampleCount
    self.batch = batch
  }

  /// Returns the epoch and the sample of each of `slots`, a part of 0 ..< `batch`, in `iteration`. All count from 0.
  public mutating func samples(iteration: Int, slots: Range<Int>) -> [(epoch: Int, sample: Int)] {
    precondition(
      iteration >= 0 && slots.lowerBound >= 0 && slots.upperBound <= batch,
      "slots \(slots) of iteration \(iteration) are not in 0 ..< \(batch)")
    let start = iteration * batch
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
