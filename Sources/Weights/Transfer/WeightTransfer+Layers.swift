import Foundation
import Network
import System

/// The doubts whether layers compute here what they did in the source.
extension WeightTransfer {
  /// The largest number of layers that one sentence names.
  private static let namedLayers = 4
  /// The mean size of PReLU's coefficients from which they are doubted: with 1 the function is the identity, and
  /// learned ones are about 0.25.
  private static let largestSlope: Float = 0.8

  /// The doubts about layers, a sentence each.
  var doubtsOfLayers: [String] {
    [doubtOfFunction, doubtOfEmptySlopes, doubtOfCompanions].compactMap(\.self) + doubtsOfSlopes
  }

  private func sentence(_ parts: [String]) -> String {
    parts.prefix(Self.namedLayers).joined(separator: "; ")
      + (parts.count > Self.namedLayers ? "; … (\(parts.count) in all)" : "")
  }

  /// The source's layer that each layer with weights here is taken from.
  private var origins: [String: String] {
    Dictionary(rows.compactMap { row in row.fate == .taken ? row.from.map { (row.layer, $0) } : nil }) { first, _ in
      first
    }
  }

  // MARK: - Strides, padding, pooling and activations

  /// The doubt whether the same weights are in the same layers, where the file says what its layers are.
  private var doubtOfFunction: String? {
    guard let theirs = source.network?.layers else { return nil }
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

  // MARK: - PReLU's coefficients

  /// The doubt about coefficients that begin with one number though the source may have them by another name: Caffe
  /// calls them `relu1`, PyTorch by whatever the module's author did.
  private var doubtOfEmptySlopes: String? {
    guard source.network == nil else { return nil }
    let filled = rows.filter { $0.fate == .filled }.compactMap { row in
      network.parameters.first { $0.role == .slope && $0.layer == row.layer }
    }
    let found = source.tensors.filter { tensor in
      unused.contains(tensor.layer) && isVector(tensor)
        && filled.contains { tensor.shape.reduce(1, *) == 1 || tensor.shape.reduce(1, *) == $0.count }
    }
    guard !found.isEmpty else { return nil }
    let map =
      found.count == filled.count
      ? zip(filled, found).map { "\($0.layer): \($1.layer.shown())" }.joined(separator: ", ")
      : "\(filled[0].layer): \(found[0].layer.shown()), …"
    return "\(source.path): expected PReLU's coefficients called as their layers here, such as "
      + "\(filled[0].layer.shown()), found others that nothing is taken from: "
      + "\(sentence(found.map { $0.layer.shown() })). If they are the coefficients, say so by "
      + "weights.map: { \(map) }; if not, these layers' begin at \(settings.slopes)"
  }

  /// Whether a tensor is a vector, or a number, without a bias beside it, as PReLU's coefficients are.
  private func isVector(_ tensor: SourceTensor) -> Bool {
    tensor.blob == 0 && tensor.shape.count { $0 != 1 } <= 1
      && !source.tensors.contains { $0.layer == tensor.layer && $0.blob == 1 }
  }

  /// The doubts about coefficients that were found by their place or name and are near 1: they may scale a
  /// normalization without biases, whose weights begin at 1.
  private var doubtsOfSlopes: [String] {
    guard source.network == nil else { return [] }
    let large = rows.compactMap { row -> String? in
      guard row.fate == .taken, let from = row.from, settings.map[row.layer] == nil,
        network.parameters.contains(where: { $0.role == .slope && $0.layer == row.layer }),
        let tensor = source.tensors.first(where: { $0.layer == from && $0.blob == 0 })
      else { return nil }
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.shape.reduce(1, *))
      defer { values.deallocate() }
      values.initialize(repeating: 0)
      // Whoever takes the values says what cannot be read.
      guard (try? source.read(tensor, into: values)) != nil else { return nil }
      let mean = values.reduce(0) { $0 + abs($1) } / Float(values.count)
      return mean >= Self.largestSlope ? "\(from.shown()) (\(String(format: "%.2f", mean)) on average)" : nil
    }
    guard !large.isEmpty else { return [] }
    return [
      "\(source.path): expected PReLU's coefficients, of about 0.25, found numbers near 1 or above: "
        + "\(sentence(large)). Where they scale a normalization (RMSNorm, LayerNorm), which this program does not have, the network is "
        + "another function: take another one then"
    ]
  }

  // MARK: - Tensors beside a layer's own

  /// The doubt about tensors that are called by a layer whose weights are taken, and change what it computes: scales of
  /// quantized weights, matrices of an adapter, a bias by another name, Caffe's `Scale` without biases.
  private var doubtOfCompanions: String? {
    let taken = Set(origins.values)
    let companions = unused.filter { name in
      taken.contains { layer in
        guard name.hasPrefix(layer), let next = name.dropFirst(layer.count).first else { return false }
        return next == "." || next == "/"
          || next == "_" && source.tensors.contains { $0.layer == name && isVector($0) }
      }
    }
    guard !companions.isEmpty else { return nil }
    return "\(source.path): expected a weight and a bias of each layer, found more beside them, which nothing is taken "
      + "from: \(sentence(companions.map { $0.shown() })). Where these change a layer (scales of quantized weights, "
      + "adapters, a bias by another name), put them into its weight and bias first"
  }
}
