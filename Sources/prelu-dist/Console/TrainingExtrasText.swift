import Configuration
import Foundation

/// The lines of `inspect` and of the banner that tell what a run's training has beyond the paper's, such as layers that
/// are frozen; none for a training like the paper's.
struct TrainingExtrasText {
  /// The name of each line and its text.
  private let parts: [(name: String, text: String)]
  /// The layers with a rate of their own, and the rate in words; empty where they are frozen.
  private var rates: [(name: String, layers: [String])] = []

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
    guard let network = try? configuration.architecture().resolved() else { return }
    let layers = network.layers.filter(\.hasWeights)
    let frozen = layers.filter { $0.rate == 0 }.map(\.name)
    if !frozen.isEmpty { rates.append((name: "frozen", layers: frozen)) }
    let others = layers.filter { $0.rate != 0 && $0.rate != 1 }.map { "\($0.name) ×\($0.rate)" }
    if !others.isEmpty { rates.append((name: "rates", layers: others)) }
  }

  /// The lines with names in a column of 15 characters, as `inspect` has them.
  var lines: [String] {
    parts(list: { $0.joined(separator: ", ") }).map {
      $0.name.padding(toLength: 15, withPad: " ", startingAt: 0) + $0.text
    }
  }

  /// All of it on one line, of many layers the first and the last; nil where there is nothing.
  var sentence: String? {
    let all = parts(list: Self.few)
    return all.isEmpty ? nil : all.map { "\($0.name) \($0.text)" }.joined(separator: "; ")
  }

  private func parts(list: ([String]) -> String) -> [(name: String, text: String)] {
    parts + rates.map { (name: $0.name, text: list($0.layers)) }
  }

  private static func few(_ layers: [String]) -> String {
    guard layers.count > 4, let last = layers.last else { return layers.joined(separator: ", ") }
    return "\(layers[0]), \(layers[1]), … \(last): \(layers.count)"
  }
}
