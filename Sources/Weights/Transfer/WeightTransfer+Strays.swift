import Foundation
import Network
import System

/// The doubts about tensors that nothing is taken from, or that are taken for what they may not be.
extension WeightTransfer {
  /// The mean size of PReLU's coefficients from which they are doubted: with 1 the function is the identity, and
  /// learned ones are about 0.25.
  private static let largestSlope: Float = 0.8

  /// The doubts about such tensors, a sentence each.
  var doubtsOfStrays: [String] {
    [doubtOfVectors, doubtOfCompanions, doubtOfNormalizedInputs].compactMap(\.self) + doubtsOfSlopes
  }

  // MARK: - PReLU's coefficients

  /// The doubt about vectors that may be PReLU's coefficients by another name: Caffe calls them `relu1`, PyTorch by
  /// whatever the module's author did. They are left where the layers' begin with a number, or where there are none.
  private var doubtOfVectors: String? {
    let filled = rows.filter { $0.fate == .filled }.compactMap { row in
      network.parameters.first { $0.role == .slope && $0.layer == row.layer }
    }
    let found = strayVectors
    guard !found.isEmpty else { return nil }
    let names = sentence(found.map { $0.layer.shown() })
    guard let first = filled.first else {
      return "\(source.path): expected a weight and a bias of each layer, found vectors that may be PReLU's "
        + "coefficients, which nothing is taken from: \(names). If they are, the network is another function: give "
        + "--activation prelu, and name them in weights.map"
    }
    let map =
      found.count == filled.count
      ? zip(filled, found).map { "\($0.layer): \($1.layer.shown())" }.joined(separator: ", ")
      : "\(first.layer): \(found[0].layer.shown()), …"
    return "\(source.path): expected PReLU's coefficients called as their layers here, such as \(first.layer.shown()), "
      + "found others that nothing is taken from: \(names). If they are the coefficients, say so by weights.map: { "
      + "\(map) }; if not, these layers' begin at \(settings.slopes)"
  }

  /// The vectors that nothing is taken from, of as many numbers as coefficients may have, but those called scales.
  private var strayVectors: [SourceTensor] {
    guard source.network == nil else { return [] }
    let filled = Set(rows.filter { $0.fate == .filled }.map(\.layer))
    let slopes = network.parameters.filter { $0.role == .slope }
    let counts =
      slopes.isEmpty
      ? network.layers.compactMap { $0.weights?.first } : slopes.filter { filled.contains($0.layer) }.map(\.count)
    return source.tensors.filter { tensor in
      unused.contains(tensor.layer) && isVector(tensor) && !tensor.layer.lowercased().contains("scale")
        && !counts.isEmpty && ([1] + counts).contains(tensor.shape.reduce(1, *))
    }
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
        + "\(sentence(large)). Where they scale a normalization (RMSNorm, LayerNorm), which this program does not "
        + "have, the network is another function: take another one then"
    ]
  }

  // MARK: - Tensors beside a layer's own

  /// The doubt about tensors that are called by a layer whose weights are taken, and change what it computes: scales of
  /// quantized weights, matrices of an adapter, a bias by another name, Caffe's `Scale` without biases.
  private var doubtOfCompanions: String? {
    let taken = Set(origins.values)
    // Coefficients have doubts and rows of their own.
    let others = Set(strayVectors.map(\.layer))
    let companions = unused.filter { name in
      !name.hasSuffix("_prelu") && !others.contains(name) && taken.contains { layer in isCompanion(name, of: layer) }
    }
    guard !companions.isEmpty else { return nil }
    return "\(source.path): expected a weight and a bias of each layer, found more beside them, which nothing is taken "
      + "from: \(sentence(companions.map { $0.shown() })). Where these change a layer (scales of quantized weights, "
      + "adapters, a bias by another name), put them into its weight and bias first"
  }

  /// Whether a name is a layer's with more behind it. `conv1_2` may be another layer: only vectors, and tensors that
  /// are neither weights nor biases, belong to what stands before a low line.
  private func isCompanion(_ name: String, of layer: String) -> Bool {
    guard name.hasPrefix(layer), let next = name.dropFirst(layer.count).first else { return false }
    return next == "." || next == "/"
      || next == "_" && (source.others.contains(name) || source.tensors.contains { $0.layer == name && isVector($0) })
  }

  /// The doubt about a mean and a deviation that the source keeps for its inputs, as a module does whose first step
  /// makes them.
  private var doubtOfNormalizedInputs: String? {
    guard settings.deviation.isEmpty, channelMeans.isEmpty else { return nil }
    let words: Set = ["mean", "std", "stdev", "deviation", "pixel_mean", "pixel_std", "image_mean", "image_std"]
    let found = source.others.filter { name in
      words.contains(String(name.split(separator: ".").last ?? "").lowercased())
    }
    guard source.scale == nil, !found.isEmpty else { return nil }
    return "\(source.path): expected weights for inputs as they are here, found \(sentence(found.map { $0.shown() })), "
      + "by which the source may make its own: if so, the first layer is another function. Give them as data.mean and "
      + "weights.deviation, in pixels of 0 to 255"
  }
}
