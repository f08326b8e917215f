import Network

/// The names that layers have in networks that others publish.
///
/// torchvision numbers the steps of `features` and `classifier`, activations and pooling among them; timm writes the
/// fully connected layers as convolutions `pre_logits.fc1`, `pre_logits.fc2` and `head.fc`; Caffe's VGG networks count
/// `fc6`, `fc7`, `fc8`. In each, the layers stand in the order of the network, so convolutions go with convolutions and
/// fully connected layers with fully connected ones, by their order.
enum PublishedNames {
  /// Returns the names in the source of the network's layers, by their names here; empty where the source has none of
  /// these forms.
  static func find(in tensors: [SourceTensor], for network: ResolvedArchitecture) -> [String: String] {
    let weights = tensors.filter { $0.blob == 0 }
    let names = Set(weights.map(\.layer))
    let convolutions = numbered(weights, prefix: "features.").filter { $0.shape.count == 4 }.map(\.layer)
    let classifier = numbered(weights, prefix: "classifier.").map(\.layer)
    let forms: [(convolutions: [String], connected: [String])] = [
      (convolutions, classifier),
      (convolutions, ["pre_logits.fc1", "pre_logits.fc2", "head.fc"]),
      ([], ["fc6", "fc7", "fc8"]),
    ]
    let own = network.layers.filter(\.hasWeights)
    let ownConvolutions = own.filter { $0.weights?.count == 4 }.map(\.name)
    let ownConnected = own.filter { $0.weights?.count == 2 }.map(\.name)
    for form in forms where !form.connected.isEmpty && names.isSuperset(of: form.connected) {
      guard form.connected.count == ownConnected.count,
        form.convolutions.isEmpty || form.convolutions.count == ownConvolutions.count
      else { continue }
      return Dictionary(
        zip(ownConvolutions, form.convolutions).map { ($0, $1) } + zip(ownConnected, form.connected).map { ($0, $1) },
        uniquingKeysWith: { first, _ in first })
    }
    return [:]
  }

  /// The tensors whose layers are called by the prefix and a number, in the order of the numbers.
  private static func numbered(_ tensors: [SourceTensor], prefix: String) -> [SourceTensor] {
    tensors.compactMap { tensor in
      guard tensor.layer.hasPrefix(prefix), let number = Int(tensor.layer.dropFirst(prefix.count)) else { return nil }
      return (number, tensor)
    }.sorted { (left: (Int, SourceTensor), right: (Int, SourceTensor)) in left.0 < right.0 }.map(\.1)
  }
}
