import Foundation
import Kernels
import Network
import System

/// How the threads of a rank would share a leaf: for each layer and pass the pieces, how much more the busiest thread
/// does than the mean, and how often the threads wait for one another. It follows from the shapes, so that any machine
/// can show it for any number of cores.
struct BalanceTable {
  struct Row: Encodable {
    let layer: String
    let pass: String
    let pieces: Int
    let largestOverMean: Double
    let waits: Int
    let multiplyAdds: Double
  }

  let threads: Int
  let images: Int
  let rows: [Row]

  init(_ tower: Tower, threads: Int, images: Int) {
    self.threads = threads
    self.images = images
    var rows: [Row] = []
    var whole = PassPlan(members: threads)
    func add(_ layer: String, _ pass: String, _ plan: PassPlan) {
      rows.append(
        Row(
          layer: layer, pass: pass, pieces: plan.pieces, largestOverMean: plan.imbalance, waits: plan.waits,
          multiplyAdds: plan.cost))
    }
    for (pass, use) in [("forward", FilterUse.forward), ("backward", .backward)] {
      for index in tower.layers.indices {
        let plan = tower.plan(ofLayer: index, use, images: images, members: threads)
        add(tower.layers[index].name, pass, plan)
        whole.append(plan)
      }
    }
    add("tower", "both", whole)
    self.rows = rows
  }

  var text: String {
    let width = max(5, rows.map(\.layer.count).max() ?? 0)
    func line(_ layer: String, _ pass: String, _ numbers: String) -> String {
      "  " + layer.padding(toLength: width, withPad: " ", startingAt: 0) + "  "
        + pass.padding(toLength: 8, withPad: " ", startingAt: 0) + numbers
    }
    let lines = rows.map { row in
      line(
        row.layer, row.pass,
        String(format: "%9d %16.2f %7d %10.1f", row.pieces, row.largestOverMean, row.waits, row.multiplyAdds / 1e6))
    }
    return
      ([
        "\(threads.counted("thread")) on a leaf of \(images.counted("image"))",
        line("layer", "pass", "   pieces   largest / mean   waits  10⁶ m-adds"),
      ] + lines + [
        "pieces: what the threads share out. largest / mean: the busiest thread's work over the average, at best 1.",
        "waits: how often the threads wait for one another. m-adds: multiply-adds as computed, with transforms.",
        "The fully connected layers run on rank 0 and are not shown.",
      ]).joined(separator: "\n")
  }
}
