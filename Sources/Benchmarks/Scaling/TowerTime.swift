import Kernels
import Network
import Step
import System

/// The division of a layer's pass over a leaf among the threads of a rank, as the pass itself would be cut.
public struct TeamBalance: Equatable, Sendable {
  /// The busiest thread's work over the mean.
  public var largestOverMean: Double
  /// The number of times that the threads wait for one another.
  public var waits: Int

  public init(largestOverMean: Double = 1, waits: Int = 0) {
    self.largestOverMean = largestOverMean
    self.waits = waits
  }
}

/// The divisions of a tower's passes.
public protocol TowerBalance: Sendable {
  func leaf(layer: Int, _ use: FilterUse, images: Int, threads: Int) -> TeamBalance
  func filters(layer: Int, threads: Int) -> TeamBalance
}

extension Tower: TowerBalance {
  public func leaf(layer: Int, _ use: FilterUse, images: Int, threads: Int) -> TeamBalance {
    let plan = layers[layer].plan(use, images: images, members: threads)
    return TeamBalance(largestOverMean: plan.imbalance, waits: plan.waits)
  }

  public func filters(layer: Int, threads: Int) -> TeamBalance {
    let pieces = layers[layer].filterPieces
    guard pieces > 0 else { return TeamBalance() }
    let largest = pieces.dividedUp(by: threads)
    return TeamBalance(largestOverMean: Double(largest * threads) / Double(pieces), waits: 1)
  }
}

/// The seconds of a rank's tower, and what makes them more than the work of its images on one thread over the number
/// of its threads.
struct TowerTime: Equatable {
  /// The passes over the rank's leaves on one thread, over the number of threads.
  var images = 0.0
  /// The transforms of the filters on one thread, over the number of threads.
  var filters = 0.0
  /// The idle time of the threads that have less than the busiest one.
  var balance = 0.0
  /// The time in which the threads come together and wait for one another.
  var waits = 0.0
  /// The time that cores take longer beside other busy cores.
  var contention = 0.0

  var total: Double { images + filters + balance + waits + contention }

  static func += (sum: inout TowerTime, other: TowerTime) {
    sum.images += other.images
    sum.filters += other.filters
    sum.balance += other.balance
    sum.waits += other.waits
    sum.contention += other.contention
  }
}

/// Computes the time of a rank's tower with a number of threads.
struct TowerModel {
  let parts: StepParts
  let balance: any TowerBalance
  let threads: Int
  /// The factor by which a rank's tower takes longer beside other ranks on the same node.
  let contention: Double

  /// Returns the time of one layer over leaves of these numbers of images, with the transform of its filters.
  func time(layer index: Int, _ use: FilterUse, leaves: [Int]) -> TowerTime {
    let layer = parts.layers[index]
    let cost = use == .forward ? layer.forward : layer.backward
    var time = filters(index, use)
    for round in LeafRounds(leaves: leaves.count, threads: threads).rounds {
      let seconds = round.leaves.map { cost.seconds(images: leaves[$0]) }
      let share = seconds.reduce(0, +) / Double(threads)
      time.images += share
      if round.isShared {
        let team = balance.leaf(layer: index, use, images: leaves[round.leaves.lowerBound], threads: threads)
        time.balance += share * (team.largestOverMean - 1)
        time.contention += share * team.largestOverMean * (shared(use) * contention - 1)
        time.waits += Double(team.waits) * wait
      } else {
        let largest = seconds.max() ?? 0
        time.balance += largest - share
        let beside = round.leaves.count > 1 ? parts.threads?.beside ?? 1 : 1
        time.contention += largest * (beside * contention - 1)
      }
    }
    time.waits += start
    return time
  }

  /// Returns the time of adding the leaves' gradients of a layer, and of copying the sum to where the gradient lies.
  func sum(layer index: Int, leaves: Int) -> Double {
    guard leaves > 1 else { return 0 }
    let floats = Double(parts.layers[index].parameters)
    return contention * floats * (parts.add * Double(leaves - 1) / Double(threads) + parts.copy)
  }

  private func filters(_ index: Int, _ use: FilterUse) -> TowerTime {
    let layer = parts.layers[index]
    let seconds = use == .forward ? layer.forwardFilters : layer.backwardFilters
    guard seconds > 0 else { return TowerTime() }
    let share = seconds / Double(threads)
    guard threads > 1 else { return TowerTime(filters: share, contention: share * (contention - 1)) }
    let team = balance.filters(layer: index, threads: threads)
    return TowerTime(
      filters: share, balance: share * (team.largestOverMean - 1), waits: start,
      contention: share * team.largestOverMean * (shared(use) * contention - 1))
  }

  private func shared(_ use: FilterUse) -> Double {
    guard threads > 1, let costs = parts.threads else { return 1 }
    return use == .forward ? costs.sharedForward : costs.sharedBackward
  }

  /// The cost of a wait grows with the team: each member counts its pieces in one place, and looks at every other
  /// member's.
  private var wait: Double { (parts.threads?.wait ?? 0) * Double(threads - 1) }
  private var start: Double { (parts.threads?.start ?? 0) * Double(threads - 1) }
}
