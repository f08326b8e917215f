import Configuration
import Foundation
import System

extension Configuration.Schedule {
  /// Returns the course of the learning rate over a run, as the banner tells it.
  ///
  /// Epochs are not scaled to the length of a run: a shorter or longer run of the same settings has the same weights up
  /// to its end, and one that was finished can be continued. Drops that a run does not live to see are named instead.
  func text(baseRate: Double, epochs: Int, warmUp: Configuration.WarmUp) -> String {
    guard warmUp.epochs > 0 else { return course(baseRate: baseRate, epochs: epochs) }
    let share = String(format: "%g", warmUp.start)
    let length = warmUp.epochs == 1 ? "epoch" : String(format: "%g epochs", warmUp.epochs)
    return "\(course(baseRate: baseRate, epochs: epochs)); in the first \(length) it rises from \(share) of that"
  }

  private func course(baseRate: Double, epochs: Int) -> String {
    let rate = String(format: "%g", baseRate)
    switch self {
    case .plateau(let plateau):
      guard plateau.drops > 0 else { return "\(rate) until the validation error stops improving, which ends the run" }
      return "\(rate), divided by \(String(format: "%g", plateau.factor)) where the validation error stops improving, "
        + "at most \(plateau.drops.counted("time"))"
    case .cosine(let cosine):
      return "\(rate), falling along a cosine \(Self.fall(to: cosine.end, in: cosine.epochs ?? epochs))"
    case .polynomial(let polynomial):
      let power = polynomial.power == 1 ? "a line" : String(format: "a polynomial of power %g", polynomial.power)
      return "\(rate), falling along \(power) \(Self.fall(to: polynomial.end, in: polynomial.epochs ?? epochs))"
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

  private static func fall(to end: Double, in epochs: Int) -> String {
    String(format: "to %g", end) + " in \(epochs.counted("epoch"))"
  }

  /// Returns "epoch 9", or "epochs 9, 12 and 14".
  private static func list(_ epochs: [Int]) -> String {
    let words = epochs.map { "\($0)" }
    guard let last = words.last, words.count > 1 else { return "epoch \(words.first ?? "")" }
    return "epochs \(words.dropLast().joined(separator: ", ")) and \(last)"
  }
}
