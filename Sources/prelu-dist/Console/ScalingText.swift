import Benchmarks
import Foundation
import System

/// The lines of a scaling report as a person reads them.
struct ScalingText {
  private(set) var lines: [String] = []

  init(_ report: ScalingReport) {
    lines.append("")
    lines.append(
      "\(report.model)\(report.precision.suffix), mini-batch \(report.batch), one core: "
        + "\(oneDigit(report.oneCore.step)) ms a step, predicted")
    for table in report.tables { add(table, of: report) }
    for check in report.checks { add(check, of: report) }
    addMeasurements(report)
    for note in report.notes { lines.append("note: \(note)") }
  }

  private mutating func add(_ table: ScalingReport.Table, of report: ScalingReport) {
    let node = table.node
    lines.append("")
    lines.append(
      "nodes of \(node.cores.counted("core")), \(node.ranks) × \(node.threads.counted("thread")), "
        + "\(oneDigit(8e-9 * table.betweenNodes.bandwidth)) Gbit/s between them, memory of "
        + "\(oneDigit(1e-9 * table.memoryBandwidth)) GB/s; predicted, ms")
    row([
      "nodes", "ranks", "images", "forward", "gather", "fc", "scatter", "backward", "exposed", "update", "step",
      "× core", "effic.", "× node", "rank/core",
    ])
    let first = table.predictions.first?.step ?? 0
    for (prediction, single) in zip(table.predictions, table.rankACore) {
      let counts = [prediction.nodes, prediction.ranks, prediction.images].map { "\($0)" }
      let parts = [
        prediction.forward, prediction.gather, prediction.fullyConnected, prediction.scatter, prediction.backward,
        prediction.exposedReduction, prediction.update, prediction.step,
      ].map(oneDigit)
      row(
        counts + parts + [
          String(format: "%.1f", prediction.speedup), "\(oneDigit(100 * prediction.efficiency)) %",
          String(format: "%.2f", first / prediction.step), oneDigit(single.step),
        ])
    }
    for prediction in table.predictions {
      let ideal = report.oneCore.step / Double(prediction.ranks * prediction.threads)
      let losses = prediction.losses.prefix(3).filter { $0.milliseconds > 0.005 * prediction.step }
      lines.append(
        "  \(prediction.nodes.counted("node")): \(oneDigit(ideal)) ms if nothing were lost; "
          + (losses.isEmpty
            ? "nothing limits it"
            : "limited by "
              + losses.map { "\($0.reason.rawValue) (\(oneDigit($0.milliseconds)) ms)" }.joined(separator: ", ")))
    }
  }

  private mutating func add(_ check: ScalingReport.Check, of report: ScalingReport) {
    lines.append("")
    lines.append(
      "\(report.model), mini-batch \(check.batch), \(check.ranks.counted("rank")) × "
        + "\(check.threads.counted("thread")) here: "
        + String(
          format: "predicted %.1f ms, measured %.1f ms, error %+.1f %%", check.predicted, check.measured,
          check.errorPercent))
    let (p, m) = (check.prediction, check.measurement)
    row(["", "", "", "forward", "gather", "fc", "scatter", "backward", "exposed", "update"])
    for (name, parts) in [
      ("predicted", [p.forward, p.gather, p.fullyConnected, p.scatter, p.backward, p.exposedReduction, p.update]),
      ("median", [m.forward, m.gather, m.fullyConnected, m.scatter, m.backward, m.exposedReduction, m.update]),
    ] {
      row(["", "", name] + parts.map(oneDigit))
    }
  }

  private mutating func addMeasurements(_ report: ScalingReport) {
    lines.append("")
    if let costs = report.parts.threads {
      lines.append(
        String(
          format: "%d threads that share a leaf take %.3f (forward) and %.3f (backward) times what their plan says; "
            + "each with a leaf of its own %.3f times; a wait takes %.2f µs and a start %.2f µs for each of the others",
          costs.threads, costs.sharedForward, costs.sharedBackward, costs.beside, 1e6 * costs.wait, 1e6 * costs.start))
    }
    for (name, cost) in [
      ("the fully connected layers", report.parts.fullyConnected), ("their update", report.parts.headUpdate),
    ] {
      lines.append(
        String(
          format: "%@: %.1f ms on one core, %.1f of them serial, the rest %.3f times on several", name,
          1e3 * cost.oneCore, 1e3 * cost.serial, cost.factor))
    }
    for (name, link) in [
      ("within a node", report.network.withinNode), ("between nodes", report.network.betweenNodes),
    ] {
      guard let exchange = link.exchange else { continue }
      lines.append(
        String(
          format:
            "%@, while the ranks compute: latency %.1f µs, %.1f Gbit/s each way at once, "
            + "%.2f ns of a core for a byte",
          name, exchange.latency * 1e6, 8e-9 / exchange.seconds, exchange.work * 1e9))
    }
    if let contention = report.contention {
      lines.append(
        "while all ranks compute, the tower takes \(String(format: "%+.1f", 100 * (contention - 1))) % longer than on "
          + "one alone")
    }
  }

  private mutating func row(_ cells: [String]) {
    lines.append(cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }.joined())
  }
}

private func oneDigit(_ value: Double) -> String { String(format: "%.1f", value) }
