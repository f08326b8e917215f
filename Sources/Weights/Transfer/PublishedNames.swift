import Network

/// The names that layers have in networks that others publish.
///
/// torchvision numbers the steps of `features` and `classifier`, activations and pooling among them, and a plain
/// `nn.Sequential` all of its steps; timm writes the fully connected layers as convolutions `pre_logits.fc1`,
/// `pre_logits.fc2` and `head.fc`; Caffe's VGG networks count `fc6`, `fc7`, `fc8`. In each, the layers stand in the
/// order of the network, so convolutions go with convolutions and fully connected layers with fully connected ones, by
/// their order. A source may have one of the two only.
enum PublishedNames {
  /// Returns the names in the source of the network's layers, by their names here; those of the kind of layers of which
  /// the source has another number, or that it calls otherwise, are missing.
  static func find(in tensors: [SourceTensor], for network: ResolvedArchitecture) -> [String: String] {
    let weights = tensors.filter { $0.blob == 0 }
    let names = Set(weights.map(\.layer))
    let steps = numbered(weights, prefix: "")
    func ofMaps(_ tensors: [SourceTensor]) -> [String] { tensors.filter { $0.shape.count == 4 }.map(\.layer) }
    let convolutions = [ofMaps(numbered(weights, prefix: "features.")), ofMaps(steps)]
    // What a network is cut off before has no last layer.
    let known = [["pre_logits.fc1", "pre_logits.fc2", "head.fc"], ["fc6", "fc7", "fc8"]]
      .filter { names.isSuperset(of: $0.dropLast()) }
    let connected =
      [numbered(weights, prefix: "classifier.").map(\.layer)] + known
      + [steps.filter { $0.shape.count == 2 }.map(\.layer)]
    let own = network.layers.filter(\.hasWeights)
    var found: [String: String] = [:]
    for (extents, candidates) in [(4, convolutions), (2, connected)] {
      let layers = own.filter { $0.weights?.count == extents }.map(\.name)
      guard !layers.isEmpty, let theirs = candidates.first(where: { $0.count == layers.count }) else { continue }
      for (layer, name) in zip(layers, theirs) { found[layer] = name }
    }
    return found
  }

  /// The tensors whose layers are called by the prefix and a number, in the order of the numbers.
  private static func numbered(_ tensors: [SourceTensor], prefix: String) -> [SourceTensor] {
    tensors.compactMap { tensor in
      guard tensor.layer.hasPrefix(prefix), let number = Int(tensor.layer.dropFirst(prefix.count)) else { return nil }
      return (number, tensor)
    }.sorted { (left: (Int, SourceTensor), right: (Int, SourceTensor)) in left.0 < right.0 }.map(\.1)
  }
}
