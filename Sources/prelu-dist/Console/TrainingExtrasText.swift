import Configuration
import Foundation

/// The lines of `inspect` and of the banner that tell what a run's training has beyond the paper's; none for a training
/// like the paper's.
struct TrainingExtrasText {
  /// The name of each line and its text.
  private let parts: [(name: String, text: String)]

  init(_ configuration: Configuration) {
    let (extras, solver) = (configuration.regularization, configuration.solver)
    func number(_ value: Double) -> String { String(format: "%g", value) }
    var parts: [(name: String, text: String)] = []
    if extras.labelSmoothing > 0 { parts.append(("smoothing", "\(number(extras.labelSmoothing)) of each label")) }
    if extras.mixes {
      let kinds = [("mixup", extras.mixup), ("CutMix", extras.cutMix)].filter { $0.1 > 0 }
      let words = kinds.map { "\($0.0) with shares from B(\(number($0.1)), \(number($0.1)))" }
      parts.append(
        (
          "mixing",
          words.joined(separator: " or ") + (extras.mixProbability < 1 ? ", probability \(extras.mixProbability)" : "")
        ))
    }
    if extras.averages { parts.append(("average", "of the weights, decay \(extras.averageDecay)")) }
    let limits =
      (solver.clipValue > 0 ? ["each element to ±\(number(solver.clipValue))"] : [])
      + (solver.clipNorm > 0 ? ["the norm to \(number(solver.clipNorm))"] : [])
    if !limits.isEmpty { parts.append(("clipping", "of the gradient: " + limits.joined(separator: ", then "))) }
    self.parts = parts
  }

  /// The lines with names in a column of 15 characters, as `inspect` has them.
  var lines: [String] { parts.map { $0.name.padding(toLength: 15, withPad: " ", startingAt: 0) + $0.text } }

  /// All of it on one line; nil where there is nothing.
  var sentence: String? {
    parts.isEmpty ? nil : parts.map { "\($0.name) \($0.text)" }.joined(separator: "; ")
  }
}
