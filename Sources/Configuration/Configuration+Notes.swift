import Foundation
import System

/// Remarks on settings that are allowed and may not be meant.
extension Configuration {
  /// Returns a sentence on each setting of a recipe that options have left out or replaced without a word of it: its
  /// words on weights of its own, and lists.
  ///
  /// - Parameters:
  ///   - recipe: the recipe's settings.
  ///   - options: the options that were given, by the settings that they set.
  package func losses(from recipe: Configuration, options: [String: String]) -> [String] {
    var sentences: [String] = []
    let lost = weights.settings(lostFrom: recipe.weights).filter { options["weights.\($0)"] == nil }
    if weights.source != recipe.weights.source, !recipe.weights.source.isEmpty, !lost.isEmpty {
      sentences.append(
        "\(lost.map { "weights.\($0)" }.joined(separator: ", ")): the recipe says this of its own source, "
          + "\(recipe.weights.source.shown()), and it is left out for \(weights.source.shown()): give it in a recipe "
          + "with that source if it holds there")
    }
    for (key, former, now) in [
      ("weights.anew", recipe.weights.anew, weights.anew), ("training.frozen", recipe.training.frozen, training.frozen),
    ] {
      let gone = former.filter { !now.contains($0) }
      guard let option = options[key], !gone.isEmpty else { continue }
      func list(_ names: [String]) -> String { names.map { $0.shown() }.joined(separator: ", ") }
      let needed = gone.map { "\(option) \($0.isWord ? "'\($0)'" : $0.quoted())" }.joined(separator: " ")
      let (that, it) = gone.count == 1 ? ("that", "it") : ("those", "them")
      sentences.append(
        "\(option): \(list(now)) \(now.count.verb("takes", "take")) the place of the recipe's \(key), \(list(former)): "
          + "give \(that) as well, \(needed), to keep \(it)")
    }
    return sentences
  }

  /// The doubts whether means and deviations are in pixels of 0 to 255, a sentence each. PyTorch's networks are
  /// published with those of pixels of 0 to 1.
  package var doubtsOfInputs: [String] {
    func doubt(_ key: String, _ values: [Double]) -> String? {
      guard values.contains(where: { $0 > 0 }), values.allSatisfy({ $0 < 1 }) else { return nil }
      func list(_ values: [Double]) -> String { values.map { String(format: "%.6g", $0) }.joined(separator: ", ") }
      return "\(key): expected numbers in pixels of 0 to 255, found \(list(values)), as for pixels of 0 to 1: give "
        + "[\(list(values.map { 255 * $0 }))] if that is meant"
    }
    return [doubt("data.mean", data.mean), doubt("weights.deviation", weights.deviation)].compactMap(\.self)
  }

  /// Refuses what is said of weights where there are none to begin with.
  package func checkWeightsHaveSource() throws(Refusal) {
    guard weights.source.isEmpty, let key = Weights().settings(lostFrom: weights).first else { return }
    throw Refusal(
      .badData,
      "weights.\(key): expected weights to begin with, found none: give --weights or weights.source, or leave "
        + "weights.\(key) out")
  }
}

extension Configuration.Weights {
  /// The names of the settings that others have and these have not, without the source and its digest.
  fileprivate func settings(lostFrom others: Self) -> [String] {
    let unset = Self()
    let settings: [(name: String, isLost: Bool)] = [
      ("map", others.map != unset.map && map != others.map), ("anew", others.anew != unset.anew && anew != others.anew),
      ("slopes", others.slopes != unset.slopes && slopes != others.slopes),
      ("channels", others.channels != unset.channels && channels != others.channels),
      ("deviation", others.deviation != unset.deviation && deviation != others.deviation),
    ]
    return settings.filter(\.isLost).map(\.name)
  }
}
