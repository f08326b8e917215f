import Foundation
import System
import Training

/// A run that was only looked at, in words.
struct DryRunText {
  private let run: DryRun

  init(_ run: DryRun) { self.run = run }

  var lines: [String] { [model] + data + [steps] + time + memory + [disk, "nothing was trained and no file written"] }

  private var model: String {
    "model  \(run.modelName), \(run.parameterCount.counted("parameter", grouped: true))"
  }

  private var data: [String] {
    let counts = run.classCounts
    let parts = [
      "\(counts.reduce(0, +).grouped) to train on", "\(run.validationImages.grouped) to validate",
      "\(run.testImages.grouped) to test",
    ]
    let empty = counts.count { $0 == 0 }
    return [
      "data   \(run.configuration.data.directory): \(parts.joined(separator: ", ")), "
        + run.classNames.count.counted("class", grouped: true),
      "class  of \((counts.min() ?? 0).grouped) to \((counts.max() ?? 0).grouped) images to train on"
        + (empty == 0 ? "" : "; \(empty.counted("class", grouped: true)) without any"),
    ]
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
      String(
        format: "time   %.3f s a step with %@, measured in %@; %@ without evaluations; prelu-dist bench scaling "
          + "predicts other numbers of ranks", one, ranks.counted("rank"), run.stepSeconds.count.counted("step"),
        clockText(one * Double(run.stepsLeft)))
    ]
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
