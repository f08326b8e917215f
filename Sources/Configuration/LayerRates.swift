import Network
import System

extension Configuration {
  /// Returns the factors of the learning rate that differ from 1, by the names of layers.
  ///
  /// - Throws: An error for a pattern that no layer with weights has, for a layer that two of them give different
  ///   factors, and where nothing would be trained.
  func layerRates(of layers: [LayerDescription]) throws(ArchitectureError) -> [String: Float] {
    let names = layers.filter { $0.settings is any ActivatedLayerKind }.map(\.name)
    var rates: [String: Float] = [:]
    var patterns: [String: String] = [:]
    let wanted =
      training.frozen.map { (pattern: $0, rate: 0.0, key: "training.frozen") }
      + training.rates.sorted { $0.key < $1.key }.map { (pattern: $0.key, rate: $0.value, key: "training.rates") }
    for (pattern, rate, key) in wanted {
      let found = names.filter { Self.matches($0, pattern: pattern) }
      guard !found.isEmpty else {
        throw ArchitectureError(
          problem: "\(key): expected the name of a layer with weights, or a pattern such as conv1*, found "
            + "\(pattern.quoted()). There are \(names.joined(separator: ", ")).")
      }
      for name in found {
        // Where they agree there is nothing to choose.
        if let other = patterns[name], rates[name] != Float(rate) {
          throw ArchitectureError(
            layer: name,
            problem: "expected one rate from training.frozen and training.rates, found two, by \(other.shown()) and "
              + "\(pattern.shown()): take one of them out, or name layers that only one of them fits")
        }
        patterns[name] = pattern
        rates[name] = Float(rate)
      }
    }
    guard names.isEmpty || names.contains(where: { rates[$0] ?? 1 > 0 }) else {
      throw ArchitectureError(
        problem: "training.frozen: expected at least one layer to train, found all \(names.count) frozen: take one out")
    }
    return rates.filter { $0.value != 1 }
  }
}

extension Configuration {
  /// Tells whether a name has the form of a pattern, in which each `*` stands for any characters, or none.
  public static func matches(_ name: String, pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return name == pattern }
    guard name.hasPrefix(first) else { return false }
    var rest = name.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
