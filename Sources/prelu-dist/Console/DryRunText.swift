import Benchmarks
import Foundation
import System
import Training

/// A run that was only looked at, in words.
struct DryRunText {
  private let run: DryRun
  private let forecast: RunForecast?

  init(_ run: DryRun, _ forecast: RunForecast?) { (self.run, self.forecast) = (run, forecast) }

  var lines: [String] {
    [model] + extras + data + weights + [steps] + time + others + doubts + memory
      + [disk, "nothing was trained and no file written"]
  }

  private var model: String {
    "model  \(run.architecture.name), \(run.architecture.parameterCount.counted("parameter", grouped: true))"
  }

  private var extras: [String] {
    TrainingExtrasText(run.configuration).sentence.map { ["also   " + $0] } ?? []
  }

  private var data: [String] {
    let counts = run.classCounts
    let parts = [
      "\(counts.reduce(0, +).grouped) to train on", "\(run.validationImages.grouped) to validate",
      "\(run.testImages.grouped) to test",
    ]
    return [
      "data   \(run.configuration.data.directory): \(parts.joined(separator: ", ")), "
        + run.classNames.count.counted("class", grouped: true),
      "class  " + Self.classText(counts),
    ]
  }

  /// Returns how many images the classes have, in words.
  /// - Parameter counts: The number of images to train on of each class.
  private static func classText(_ counts: [Int]) -> String {
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let images = (least == most ? "" : "\(least.grouped) to ") + most.counted("image", grouped: true)
    let empty = counts.count { $0 == 0 }
    return "\(counts.count == 1 ? "the only one has" : "each has") \(images) to train on"
      + (empty == 0 ? "" : "; \(empty.counted("class", grouped: true)) without any")
  }

  private var weights: [String] {
    (run.firstWeights?.summary ?? []).enumerated().map { ($0 == 0 ? "from   " : "       ") + $1 }
  }

  private var steps: String {
    let training = run.configuration.training
    return "steps  \(run.stepsInEpoch.grouped) an epoch of mini-batches of \(training.batch); "
      + "\(run.stepsLeft.counted("step", grouped: true)) to do at most"
      + (run.resumedFrom.map { ", going on from \($0)" } ?? "")
  }

  private var time: [String] {
    guard !run.stepSeconds.isEmpty else { return [] }
    let (one, ranks) = (run.secondsOfStep, run.memory.count)
    return [
      "time   \(Self.secondsText(one)) s a step with \(ranks.counted("rank")), measured in "
        + "\(run.stepSeconds.count.counted("step")); \(clockText(one * Double(run.stepsLeft))) without evaluations"
    ]
  }

  /// A sentence on measurements that are not to be relied on.
  private var doubts: [String] {
    guard let least = run.stepSeconds.min(), let most = run.stepSeconds.max(), most > Self.unevenness * least else {
      return []
    }
    return [
      "uneven the measured steps took \(Self.secondsText(least)) to \(Self.secondsText(most)) s: the hosts are busy "
        + "with something else, or the steps too short to measure; repeat this on idle hosts"
    ]
  }

  /// The ratio of the longest to the shortest measured step from which the times are not to be relied on.
  private static let unevenness = 1.25

  /// Returns seconds with at least two digits that count.
  private static func secondsText(_ seconds: Double) -> String {
    String(format: seconds < 0.0995 ? "%.5f" : "%.3f", seconds)
  }

  /// The time on other numbers of ranks.
  private var others: [String] {
    guard let forecast else { return [] }
    let (node, network) = (forecast.node, forecast.network)
    let head = String(
      format: "ranks  on others, predicted from that: of %@, %@ on a host of %@, %.1f Gbit/s between hosts",
      node.threads.counted("thread"), node.ranks.grouped, node.cores.counted("core"),
      8e-9 * network.betweenNodes.bandwidth)
    return [head]
      + forecast.steps.map { step in
        String(
          format: "%@ on %@: %@ s a step, %@%@", step.ranks.grouped.leftPadded(to: 11), step.nodes.counted("host"),
          Self.secondsText(step.seconds), clockText(step.seconds * Double(run.stepsLeft)),
          step.isMeasured ? " (measured)" : "")
      }
  }

  private var memory: [String] {
    let hosts = Dictionary(grouping: run.memory, by: \.host).sorted { $0.key < $1.key }
    let demands = Dictionary(run.demands.map { ($0.host, $0) }, uniquingKeysWith: { first, _ in first })
    return hosts.map { host, ranks in
      let each = ranks.map(\.bytes)
      let range =
        ranks.count == 1
        ? "" : ", \(byteText(each.min() ?? 0)) to \(byteText(each.max() ?? 0)) for each of \(ranks.count) ranks"
      let expected = demands[host].map { ", of \(byteText($0.peak)) that were expected" } ?? ""
      let rest = demands[host]?.left.map { "; \(byteText($0.available)) were left before" } ?? ""
      return "memory \(byteText(each.reduce(0, +))) on host \(host)\(range)\(expected)\(rest)"
    }
  }

  private var disk: String {
    let free = run.freeBytes.map { "; \(byteText($0)) are free" } ?? ""
    return "disk   \(byteText(run.checkpointBytes)) for checkpoints in \(run.run)\(free)"
  }
}

extension String {
  /// Returns the text with blanks before it, as wide as a column.
  fileprivate func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
