import Kernels
import Network
import System

/// Measures what several threads of a rank cost beyond a perfect division of the work.
struct ThreadProbe {
  private let network: Network
  private let images: Int
  private let runs: Int
  private let pool: ThreadPool

  /// - Parameter pool: a thread for each core.
  init(_ network: Network, images: Int, runs: Int, on pool: ThreadPool) {
    (self.network, self.images, self.runs, self.pool) = (network, images, runs, pool)
  }

  /// Returns the costs, and what was odd about the measurement.
  func costs() -> (costs: ThreadCosts, notes: [String]) {
    var notes: [String] = []
    let threads = pool.threadCount
    let others = Double(threads - 1)
    let one = ThreadPool(threads: 1)
    /// Returns a cost with the threads minus that of one thread, for each of the others.
    func difference(_ name: String, _ cost: (ThreadPool) -> Double) -> Double {
      let seconds = (cost(pool) - cost(one)) / others
      if seconds < 0 {
        notes.append("\(name) with \(threads) threads took no longer than with one, which is noise: taken as 0")
      }
      return max(0, seconds)
    }
    var costs = ThreadCosts(threads: threads)
    costs.wait = difference("a wait", waitSeconds)
    costs.start = max(difference("calling threads together", startSeconds) - costs.wait, 0)
    (costs.sharedForward, costs.sharedBackward, costs.beside) = factors(costs)
    return (costs, notes)
  }

  private static let repetitions = 2000

  /// Returns the seconds of a phase with a piece for each member, and of the wait for its end.
  private func waitSeconds(_ pool: ThreadPool) -> Double {
    medianSeconds(runs: runs) {
      pool.run { member in
        for _ in 0..<Self.repetitions {
          member.share(pool.threadCount) { _ in }
          member.wait()
        }
      }
    } / Double(Self.repetitions)
  }

  /// Returns the seconds of a team's coming together for one phase.
  private func startSeconds(_ pool: ThreadPool) -> Double {
    medianSeconds(runs: runs) {
      for _ in 0..<Self.repetitions { pool.run { member in member.share(pool.threadCount) { _ in } } }
    } / Double(Self.repetitions)
  }

  /// Returns the factors of `ThreadCosts`: medians of the ratios of passes that were run one right after the other, so
  /// that they saw the same machine.
  private func factors(_ costs: ThreadCosts) -> (forward: Double, backward: Double, beside: Double) {
    let alone = TowerPasses(network, images: images, on: ThreadPool(threads: 1))
    let shared = TowerPasses(network, images: images, on: pool)
    let beside = TowerPasses(network, images: images, leaves: pool.threadCount, on: pool)
    var ratios: [(forward: Double, backward: Double, beside: Double)] = []
    // The first run touches all memory for the first time.
    for run in 0...runs {
      let one = alone.run(images: images)
      let team = shared.run(images: images)
      let own = beside.run(images: images)
      guard run > 0 else { continue }
      func total(_ seconds: [TowerPasses.Part: [Double]], _ part: TowerPasses.Part) -> Double {
        seconds[part]!.reduce(0, +)
      }
      ratios.append(
        (
          total(team, .forward) / planned(one, .forward, costs),
          total(team, .backward) / planned(one, .backward, costs),
          (total(own, .forward) + total(own, .backward)) / (total(one, .forward) + total(one, .backward))
        ))
    }
    return (ratios.map(\.forward).median(), ratios.map(\.backward).median(), ratios.map(\.beside).median())
  }

  /// Returns the seconds that the team's pass should take by its plan, from those of one thread.
  private func planned(
    _ one: [TowerPasses.Part: [Double]], _ use: FilterUse, _ costs: ThreadCosts
  ) -> Double {
    let layers = one[use == .forward ? .forward : .backward]!.enumerated().map { index, seconds in
      StepParts.Layer(
        name: "", parameters: 0, forwardFilters: 0, backwardFilters: 0,
        forward: LeafCost([.init(images: images, seconds: seconds)]),
        backward: LeafCost([.init(images: images, seconds: seconds)]))
    }
    var parts = StepParts(
      batch: images, featureCount: 0, layers: layers, towerUpdate: CoreCost(oneCore: 0),
      fullyConnected: CoreCost(oneCore: 0), headUpdate: CoreCost(oneCore: 0), copy: 0, add: 0)
    parts.threads = ThreadCosts(threads: costs.threads, wait: costs.wait, start: costs.start)
    let model = TowerModel(parts: parts, balance: network.tower, threads: pool.threadCount, contention: 1)
    return layers.indices.reduce(0) { $0 + model.time(layer: $1, use, leaves: [images]).total }
  }
}
