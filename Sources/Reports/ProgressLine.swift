import Foundation
import System

/// The state of training on one line, with as much of it as there is room for.
public struct ProgressLine: Sendable {
  public var epoch: Int
  public var epochs: Int
  public var iteration: Int
  public var iterations: Int
  /// The mean loss over the epoch so far.
  public var loss: Double
  /// The top-1 error over the epoch so far, in per cent.
  public var error: Double
  public var learningRate: Double
  public var imagesPerSecond: Double
  public var secondsLeft: Double
  /// The share of the time that went into waiting for other ranks and moving data between them, from 0 to 1.
  public var waiting: Double
  /// The share of the epoch's time that rank 0 has waited for images, from 0 to 1.
  public var data: Double

  public init(
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

  /// Returns the line in at most `width` characters of ASCII; without a width in full.
  ///
  /// Where there is less room the words get shorter first. Then the learning rate and the share of data are left out,
  /// then the share of waiting, the iteration, the speed, the error, and at last all but the epoch.
  public func text(width: Int? = nil) -> String {
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

  /// The speed in whole images, or with two digits after the point where there are few.
  private var speed: String { String(format: imagesPerSecond < 10 ? "%.2f" : "%.0f", imagesPerSecond) }
}
