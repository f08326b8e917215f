import Foundation
import Network
import System

/// The doubts whether layers compute here what they did in the source.
extension WeightTransfer {
  /// The largest number of layers that one sentence names.
  private static let namedLayers = 4

  /// The doubts about layers, a sentence each.
  var doubtsOfLayers: [String] {
    [doubtOfFunction, doubtOfDroppedSlopes, doubtOfTwins, doubtOfDrawnLayers].compactMap(\.self) + doubtsOfStrays
  }

  /// Lists a few of some parts.
  func sentence(_ parts: [String]) -> String {
    parts.prefix(Self.namedLayers).joined(separator: "; ")
      + (parts.count > Self.namedLayers ? "; … (\(parts.count) in all)" : "")
  }

  /// The source's layer that each layer with weights here is taken from.
  var origins: [String: String] {
    Dictionary(rows.compactMap { row in row.fate == .taken ? row.from.map { (row.layer, $0) } : nil }) { first, _ in
      first
    }
  }

  // MARK: - Strides, padding, pooling and activations

  /// The doubt whether the same weights are in the same layers, where the file says what its layers are.
  private var doubtOfFunction: String? {
    guard let theirs = source.network?.layers else {
      return source.saysUnknownLayers
        ? "\(source.path): expected layers of this program in the file's texts, found some that it does not have: "
          + "strides, padding, pooling and activations are not compared" : nil
    }
    var differences: [String] = []
    // The layers with weights before the one that is looked at, where they go together.
    var last: (here: Int, there: Int)? = (-1, -1)
    for (here, layer) in network.layers.enumerated() where layer.hasWeights {
      guard let from = origins[layer.name], let there = theirs.firstIndex(where: { $0.hasWeights && $0.name == from })
      else {
        last = nil
        continue
      }
      if let last, last.there < there {
        let (own, other) = (network.layers[last.here + 1..<here], theirs[last.there + 1..<there])
        if own.count != other.count || !zip(own, other).allSatisfy(Self.poolAlike) {
          differences.append("before \(layer.name) \(Self.summary(own)) here, \(Self.summary(other)) there")
        }
      }
      if !Self.computeAlike(layer, theirs[there]) {
        differences.append(
          "\(layer.name) is a \(layer.description.settings.summary) here, a "
            + "\(theirs[there].description.settings.summary) there")
      }
      last = (here, there)
    }
    guard !differences.isEmpty else { return nil }
    return "\(source.path): expected the layers that the weights were trained in, found others: "
      + "\(sentence(differences)). The network is another function at first: give its layers the source's settings, or "
      + "let the training adapt them"
  }

  private static func summary(_ layers: ArraySlice<ResolvedLayer>) -> String {
    layers.isEmpty ? "nothing" : layers.map(\.description.settings.summary).joined(separator: " and ")
  }

  /// Whether layers of the same weights compute the same. A learned activation takes on any other, and a row tells of
  /// learned coefficients that have no place.
  private static func computeAlike(_ own: ResolvedLayer, _ other: ResolvedLayer) -> Bool {
    let (slope, otherSlope) = (own.description.activation.fixedSlope, other.description.activation.fixedSlope)
    return own.description.settings.window == other.description.settings.window
      && (slope == nil || otherSlope == nil || slope == otherSlope)
  }

  /// Whether layers without weights compute the same, whatever they are called. Two windows that cover the whole map
  /// do, though the maps differ.
  private static func poolAlike(_ own: ResolvedLayer, _ other: ResolvedLayer) -> Bool {
    func unnamed(_ layer: ResolvedLayer) -> LayerDescription {
      var description = layer.description
      description.settings.name = ""
      return description
    }
    func isWhole(_ layer: ResolvedLayer) -> Bool { layer.output.height == 1 && layer.output.width == 1 }
    return unnamed(own) == unnamed(other)
      || type(of: own.description.settings) == type(of: other.description.settings)
        && own.description.settings.window != nil && isWhole(own) && isWhole(other)
  }

  // MARK: - Layers without their own

  /// The doubt about coefficients of the source for which there is no place.
  private var doubtOfDroppedSlopes: String? {
    let dropped = rows.filter { $0.fate == .dropped }.map(\.layer)
    guard !dropped.isEmpty else { return nil }
    return "\(source.path): expected activations with coefficients, as the source has them, found others after "
      + "\(sentence(dropped)): the network is another function at first. Give --activation prelu to take them"
  }

  /// The doubt about layers that take the same weights while others are left.
  private var doubtOfTwins: String? {
    let layers = Dictionary(grouping: origins.keys.sorted()) { origins[$0] ?? "" }
    let twins = layers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
    guard !twins.isEmpty else { return nil }
    let shown = twins.map { "\($0.value.joined(separator: " and ")) from \($0.key.shown())" }
    return "\(source.path): expected weights of its own for each layer, found some that several take: "
      + "\(sentence(shown)). Correct weights.map, unless that is meant"
  }

  /// The doubt about layers that begin anew and stay so.
  private var doubtOfDrawnLayers: String? {
    let drawn = rows.filter { row in
      row.fate == .anew && network.layers.contains { $0.name == row.layer && $0.rate == 0 }
    }
    guard !drawn.isEmpty else { return nil }
    return "training.frozen: expected layers whose weights are taken, found some that begin anew and stay as they are "
      + "drawn: \(sentence(drawn.map(\.layer))). Leave them out of --freeze, unless that is meant"
  }
}
