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
        notes.append(Self.lost("\(name) of \(threads) threads", "it took no longer than that of one thread"))
      }
      return max(0, seconds)
    }
    var costs = ThreadCosts(threads: threads)
    costs.wait = difference("a wait", waitSeconds)
    let start = difference("the coming together", startSeconds)
    if start > 0, start < costs.wait {
      notes.append(Self.lost("the coming together of \(threads) threads", "it took no longer than a wait"))
    }
    costs.start = max(start - costs.wait, 0)
    (costs.sharedForward, costs.sharedBackward, costs.beside) = factors(costs)
    return (costs, notes)
  }

  /// Returns the sentence on a part that could not be measured.
  private static func lost(_ part: String, _ reason: String) -> String {
    "\(part) could not be measured, because \(reason), which is noise: the predictions leave it out"
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

  /// Returns the factors of `ThreadCosts`, by the quickest of passes that were run in turn: other work of the machine
  /// takes cores away from some passes and not from others.
  private func factors(_ costs: ThreadCosts) -> (forward: Double, backward: Double, beside: Double) {
    let alone = TowerPasses(network, images: images, on: ThreadPool(threads: 1))
    let shared = TowerPasses(network, images: images, on: pool)
    let beside = TowerPasses(network, images: images, leaves: pool.threadCount, on: pool)
    var (one, team, own): ([Seconds], [Seconds], [Seconds]) = ([], [], [])
    // The first run touches all memory for the first time.
    for run in 0...runs {
      let seconds = (alone.run(images: images), shared.run(images: images), beside.run(images: images))
      guard run > 0 else { continue }
      one.append(seconds.0)
      team.append(seconds.1)
      own.append(seconds.2)
    }
    let (quickest, quickestTeam, quickestOwn) = (Self.quickest(one), Self.quickest(team), Self.quickest(own))
    func both(_ seconds: Seconds) -> Double { total(seconds, .forward) + total(seconds, .backward) }
    return (
      total(quickestTeam, .forward) / planned(quickest, .forward, costs),
      total(quickestTeam, .backward) / planned(quickest, .backward, costs), both(quickestOwn) / both(quickest)
    )
  }

  private typealias Seconds = [TowerPasses.Part: [Double]]

  /// Returns the quickest run of each part of each layer.
  private static func quickest(_ runs: [Seconds]) -> Seconds {
    runs[0].reduce(into: [:]) { result, part in
      result[part.key] = part.value.indices.map { layer in runs.map { $0[part.key]![layer] }.min()! }
    }
  }

  private func total(_ seconds: Seconds, _ part: TowerPasses.Part) -> Double { seconds[part]!.reduce(0, +) }

  /// Returns the seconds that the team's pass should take by its plan, from those of one thread.
  private func planned(_ one: Seconds, _ use: FilterUse, _ costs: ThreadCosts) -> Double {
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
