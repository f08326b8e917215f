import Communication
import Images
import Kernels
import Network
import Synchronization

/// Classifies every image of a set once, as it is, with the work spread over the ranks.
///
/// All ranks must hold the same parameters and call `evaluate` together.
public struct CenterEvaluation {
  private let inference: Inference
  private let network: Network
  private let world: World

  public init(_ network: Network, world: World, on pool: ThreadPool) {
    self.network = network
    self.world = world
    inference = Inference(network, on: pool)
  }

  /// The errors over all images, the same on every rank.
  ///
  /// Images form groups of fixed size, dealt to the ranks in turn; a group's scores have the same bits on any rank, so
  /// the counts do not depend on how many there are.
  ///
  /// - Parameter keepGoing: asked before each round of groups; `false` ends the evaluation, on all ranks together,
  ///   with nil. It may differ between ranks.
  /// - Throws: `DataError` for an image that cannot be loaded, on the rank that needs it; `MPIError`.
  public func evaluate(_ loader: any SampleSource, keepGoing: () -> Bool = { true }) throws -> ErrorCounts? {
    let count = loader.count
    let groups = (count + Inference.groupSize - 1) / Inference.groupSize
    let perRound = world.size * roundSize
    let labels = loader.labels
    let classes = network.head.classes
    let top1 = Atomic<Int>(0)
    let top5 = Atomic<Int>(0)
    let seen = Atomic<Int>(0)
    let failure = FirstFailure()
    for start in stride(from: 0, to: groups, by: perRound) {
      var stop = [Int64(keepGoing() ? 0 : 1)]
      try world.allreduceMaximum(&stop)
      guard stop[0] == 0 else { return nil }
      let own = stride(from: start + world.rank, to: min(start + perRound, groups), by: world.size).map { $0 }
      let sizes = own.map { min(Inference.groupSize, count - $0 * Inference.groupSize) }
      inference.scores(sizes: sizes) { group, index, target in
        failure.attempt { () throws(DataError) in
          try loader.loadPlain(sample: own[group] * Inference.groupSize + index, into: target)
        }
      } use: { group, scores in
        for index in 0..<sizes[group] {
          let label = Int(labels[own[group] * Inference.groupSize + index])
          let place = rank(of: label, in: scores + index * classes, classes: classes)
          if place >= 1 { top1.add(1, ordering: .relaxed) }
          if place >= 5 { top5.add(1, ordering: .relaxed) }
        }
        seen.add(sizes[group], ordering: .relaxed)
      }
      try failure.check()
    }
    var totals = [
      Int64(seen.load(ordering: .relaxed)), Int64(top1.load(ordering: .relaxed)), Int64(top5.load(ordering: .relaxed)),
    ]
    try world.allreduceSum(&totals)
    return ErrorCounts(images: Int(totals[0]), top1: Int(totals[1]), top5: Int(totals[2]))
  }

  /// Groups of each rank between two looks at the stop flag.
  private let roundSize = 32
}
