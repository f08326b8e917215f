import Foundation
import System

/// The state of training on one line, with as much of it as fits.
package struct ProgressLine {
  package var epoch: Int
  package var epochs: Int
  package var iteration: Int
  package var iterations: Int
  /// The mean loss over the epoch so far.
  package var loss: Double
  /// The mean error over the epoch so far, in percent.
  package var error: Double
  package var learningRate: Double
  package var imagesPerSecond: Double
  package var secondsLeft: Double
  /// The share of the time that went into waiting for other ranks and moving data between them, from 0 to 1.
  package var waiting: Double
  /// The share of the epoch's time that rank 0 has waited for images, from 0 to 1.
  package var data: Double

  package init(
    epoch: Int, epochs: Int, iteration: Int, iterations: Int, loss: Double, error: Double, learningRate: Double,
    imagesPerSecond: Double, secondsLeft: Double, waiting: Double, data: Double
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.iteration = iteration
    self.iterations = iterations
    self.loss = loss
    self.error = error
    self.learningRate = learningRate
    self.imagesPerSecond = imagesPerSecond
    self.secondsLeft = secondsLeft
    self.waiting = waiting
    self.data = data
  }

  /// Returns the line, in ASCII and with at most `width` characters; without a width, in full.
  ///
  /// Where there is less room, first the words become shorter. Then the learning rate and the share of data are left
  /// out, next the share of waiting, the iteration, the speed and the error, and at last all but the epoch.
  package func text(width: Int? = nil) -> String {
    let full = line([
      "epoch \(epoch)/\(epochs)", "iteration \(iteration)/\(iterations)", "loss \(short(loss, "%.4f"))",
      "error \(short(error, "%.2f")) %", "rate \(String(format: "%g", learningRate))",
      "\(speed) images/s", "ETA \(clockText(secondsLeft))",
      "waiting \(String(format: "%.0f", 100 * waiting)) %", "data \(String(format: "%.0f", 100 * data)) %",
    ])
    guard let width else { return full }
    let parts: [(priority: Int, text: String)] = [
      (0, "ep \(epoch)/\(epochs)"), (4, "it \(iteration)/\(iterations)"), (1, "loss \(short(loss, "%.3f"))"),
      (2, "err \(short(error, "%.1f"))%"), (6, "rate \(String(format: "%g", learningRate))"),
      (3, "\(speed)/s"), (1, "ETA \(clockText(secondsLeft))"),
      (5, "wait \(String(format: "%.0f", 100 * waiting))%"), (6, "data \(String(format: "%.0f", 100 * data))%"),
    ]
    var candidates = [full]
    for limit in stride(from: 6, through: 0, by: -1) {
      candidates.append(line(parts.filter { $0.priority <= limit }.map(\.text)))
    }
    return candidates.first { $0.count <= width } ?? String(candidates.last?.prefix(max(0, width)) ?? "")
  }

  private func line(_ parts: [String]) -> String { parts.joined(separator: "  ") }

  private func short(_ value: Double, _ format: String) -> String {
    value.isFinite ? String(format: format, value) : "\(value)"
  }

  /// The images a second: a whole number, except where it is small.
  private var speed: String { String(format: imagesPerSecond < 10 ? "%.2f" : "%.0f", imagesPerSecond) }
}
