import Kernels
import System

extension Architecture {
  /// Returns the shapes, parameters and operations of every layer.
  ///
  /// If the first fully connected layer follows a map directly, a `spatialPyramidPooling` without levels called
  /// `flatten` is put between them.
  public func resolved() throws(ArchitectureError) -> ResolvedArchitecture {
    do {
      return try resolvedLayers()
    } catch {
      var placed = error
      let isAtFault: (LayerDescription) -> Bool =
        error.layer == nil ? { !$0.hasPlainName } : { $0.name == error.layer }
      // The second one of a name is the one that is refused.
      placed.setting = layers.lastIndex(where: isAtFault).map { "layers.\($0 + 1)" }
      throw placed
    }
  }

  private func resolvedLayers() throws(ArchitectureError) -> ResolvedArchitecture {
    let complete = flattened()
    try complete.checkNames()
    try complete.checkOrder()
    try input.check(of: "the input", layer: nil)
    var map = input
    var layers: [ResolvedLayer] = []
    for description in complete.layers {
      let layer = try description.resolved(input: map, rate: rates[description.name] ?? 1)
      layers.append(layer)
      map = layer.output
    }
    var multiplyAdds = 0
    for layer in layers {
      let (sum, overflow) = multiplyAdds.addingReportingOverflow(layer.multiplyAdds)
      guard !overflow else { throw ArchitectureError(layer: layer.name, problem: "too many multiply-adds to count") }
      multiplyAdds = sum
    }
    return complete.placed(layers)
  }

  private var firstOfHead: Int? { layers.firstIndex { $0.settings is any HeadLayerKind } }

  private func flattened() -> Architecture {
    guard let border = firstOfHead, !layers.contains(where: { $0.settings is any FeatureLayerKind }) else {
      return self
    }
    var complete = self
    complete.layers.insert(.spatialPyramidPooling(.init(name: "flatten", levels: [])), at: border)
    return complete
  }

  /// Checks that the names of layers and of learned activations, which name groups in files, are unique and of plain
  /// characters.
  private func checkNames() throws(ArchitectureError) {
    var seen: Set<String> = []
    for layer in layers {
      let name = layer.name
      guard layer.hasPlainName else {
        throw ArchitectureError(
          problem: "a layer's name is 1 to 100 letters, digits, '_', '-' or '.', and does not begin with '.', "
            + "since it names a group in files: found \(String(name.prefix(120)).debugDescription)")
      }
      for group in [name] + (layer.activation.isLearned ? [activationGroup(of: name)] : []) {
        guard seen.insert(group).inserted else {
          throw ArchitectureError(layer: name, problem: "the name \(group) is taken by another layer")
        }
      }
    }
  }

  /// Checks the order: layers that make maps, then one that makes features, then fully connected ones up to the scores.
  private func checkOrder() throws(ArchitectureError) {
    guard let scores = layers.last?.settings as? any HeadLayerKind else {
      throw ArchitectureError(
        layer: layers.last?.name,
        problem: "the last layer must be fully connected: its outputs are the classes' scores")
    }
    guard scores.activation == .none, scores.dropout == 0 else {
      throw ArchitectureError(
        layer: scores.name,
        problem: "the last layer gives the classes' scores and takes no activation and no dropout, "
          + "found \(scores.activation.rawValue) and \(scores.dropout)")
    }
    var features: String?
    var connected: String?
    for layer in layers {
      guard !(layer.settings is any HeadLayerKind) else {
        connected = connected ?? layer.name
        continue
      }
      if let before = connected {
        throw ArchitectureError(
          layer: layer.name,
          problem: "it comes after the fully connected layer \(before), where only such layers may follow")
      }
      if let before = features {
        throw ArchitectureError(
          layer: layer.name,
          problem: "it comes after \(before), which makes plain features: only fully connected layers may follow")
      }
      if layer.settings is any FeatureLayerKind { features = layer.name }
    }
  }

  /// Gives each tensor its place. `layers` are this architecture's.
  private func placed(_ layers: [ResolvedLayer]) -> ResolvedArchitecture {
    let border = firstOfHead ?? layers.count
    var parameters: [ParameterDescription] = []
    var end = 0
    var towerEnd = 0
    for (index, layer) in layers.enumerated() {
      if index == border { towerEnd = end }
      for tensor in layer.tensors {
        let parameter = ParameterDescription(
          layer: tensor.group, blob: tensor.blob, shape: tensor.shape, role: tensor.role,
          part: index < border ? .tower : .head, layerIndex: index, offset: end, rate: layer.rate)
        parameters.append(parameter)
        let alignment = ResolvedArchitecture.alignment
        end = parameter.range.upperBound.dividedUp(by: alignment) * alignment
      }
    }
    return ResolvedArchitecture(
      architecture: self, layers: layers, towerLayers: 0..<border, headLayers: border..<layers.count,
      parameters: parameters, towerRange: 0..<towerEnd, headRange: towerEnd..<end)
  }
}

/// The group of the coefficients of a layer's learned activation.
private func activationGroup(of layer: String) -> String { "\(layer)_prelu" }

extension LayerDescription {
  /// Whether the name can be that of a group in files.
  fileprivate var hasPlainName: Bool {
    let plain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    return plain && !name.isEmpty && name.utf8.count <= 100 && name.first != "."
  }

  fileprivate func resolved(input: Extents, rate: Float) throws(ArchitectureError) -> ResolvedLayer {
    let output = try settings.output(of: input)
    try output.check(of: "the output", layer: name)
    let weights = settings.weights(of: input)
    if let weights {
      // The weights of one channel of the output have been counted already, or are those of its one input.
      _ = try checkedProduct([weights[0], weights.dropFirst().reduce(1, *)], "weights", layer: name)
    }
    return ResolvedLayer(description: self, input: input, output: output, weights: weights, rate: rate)
  }
}

extension Extents {
  fileprivate func check(of what: String, layer: String?) throws(ArchitectureError) {
    guard min(channels, height, width) >= 1, max(height, width) <= largestExtent else {
      throw ArchitectureError(
        layer: layer,
        problem: "\(what) has one channel or more, and a height and a width from 1 to \(largestExtent), found \(self)")
    }
    _ = try checkedProduct([channels, height, width], "values of \(what)", layer: layer)
    // A map is kept in blocks of channels, the last of which is filled up.
    _ = try checkedProduct(
      [BlockedExtents(self).blocks, blockWidth, height, width], "values of \(what) in blocks of channels",
      layer: layer)
  }
}

extension ResolvedLayer {
  fileprivate var tensors: [(group: String, blob: Int, shape: [Int], role: ParameterDescription.Role)] {
    guard let weights else { return [] }
    var tensors: [(group: String, blob: Int, shape: [Int], role: ParameterDescription.Role)] = [
      (name, 0, weights, .weight), (name, 1, [output.channels], .bias),
    ]
    if description.activation.isLearned {
      let shape = description.activation == .preluShared ? [] : [output.channels]
      tensors.append((activationGroup(of: name), 0, shape, .slope))
    }
    return tensors
  }
}
