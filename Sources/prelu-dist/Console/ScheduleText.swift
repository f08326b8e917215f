import Configuration
import Foundation
import System

extension Configuration.Schedule {
  /// Returns the course of the learning rate over a run, as the banner tells it.
  ///
  /// Epochs are not scaled to the length of a run: a shorter or longer run of the same settings has the same weights up
  /// to its end, and one that was finished can be continued. Drops that a run does not live to see are named instead.
  func text(baseRate: Double, epochs: Int) -> String {
    let rate = String(format: "%g", baseRate)
    switch self {
    case .plateau(let plateau):
      guard plateau.drops > 0 else { return "\(rate) until the validation error stops improving, which ends the run" }
      return "\(rate), divided by \(String(format: "%g", plateau.factor)) where the validation error stops improving, "
        + "at most \(plateau.drops.counted("time"))"
    case .steps(let steps):
      let (seen, unseen) = (steps.epochs.filter { $0 < epochs }, steps.epochs.filter { $0 >= epochs })
      let course =
        seen.isEmpty
        ? "\(rate) throughout"
        : "\(rate), divided by \(String(format: "%g", steps.factor)) after \(Self.list(seen))"
      guard !unseen.isEmpty else { return course }
      return "\(course); the \(unseen.count.verb("drop", "drops")) after \(Self.list(unseen)) "
        + "\(unseen.count.verb("comes", "come")) too late for a run of \(epochs.counted("epoch"))"
    }
  }

  /// Returns "epoch 9", or "epochs 9, 12 and 14".
  private static func list(_ epochs: [Int]) -> String {
    let words = epochs.map { "\($0)" }
    guard let last = words.last, words.count > 1 else { return "epoch \(words.first ?? "")" }
    return "epochs \(words.dropLast().joined(separator: ", ")) and \(last)"
  }
}
