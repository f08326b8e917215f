import System

/// Why an architecture is no network that can be built.
public struct ArchitectureError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  /// The layer at fault, if one is.
  public var layer: String?
  public var problem: String

  public init(layer: String? = nil, problem: String) {
    self.layer = layer
    self.problem = problem
  }

  public var exitStatus: ExitStatus { .badData }

  public var description: String { layer.map { "layer \($0): \(problem)" } ?? problem }
}

/// A layer with its extents.
public struct ResolvedLayer: Equatable, Sendable {
  public let description: LayerDescription
  /// One image's map before the layer. A fully connected layer's inputs are channels of a 1×1 map.
  public let input: MapShape
  public let output: MapShape
  /// The numbers of weights, biases and learned activation coefficients.
  public let weightCount: Int
  public let biasCount: Int
  public let slopeCount: Int
  /// Multiplications with an addition for one image: the products with weights, nothing else.
  public let multiplyAdds: Int

  public var name: String { description.name }
  public var parameterCount: Int { weightCount + biasCount + slopeCount }
  /// Whether the layer counts for the depth: convolutions and fully connected layers do.
  public var hasWeights: Bool { weightCount > 0 }
  /// The bytes of the output of one image in float32.
  public var activationBytes: Int { output.count * 4 }
}

/// One tensor of parameters and its place in the network's flat vector of floats.
public struct ParameterDescription: Equatable, Sendable {
  public enum Role: String, Codable, Sendable { case weight, bias, slope }
  /// Which part of the network holds it: every rank has the tower, rank 0 alone the head.
  public enum Part: String, Codable, Sendable { case tower, head }

  /// The layer's group in a file, as Caffe names it: a learned activation is a layer of its own, `<layer>_prelu`.
  public let layer: String
  /// The number within the group: 0 weights or slopes, 1 biases.
  public let blob: Int
  /// Convolution (filters, channels, kernel, kernel); fully connected (outputs, inputs); bias and slopes (channels);
  /// one shared slope is a scalar, with no extents.
  public let shape: [Int]
  public let role: Role
  public let part: Part
  /// The index in `ResolvedArchitecture.layers` of the layer that it belongs to.
  public let layerIndex: Int
  /// The first element's place in floats, a multiple of `ResolvedArchitecture.alignment`.
  public let offset: Int

  public var count: Int { shape.reduce(1, *) }
  public var range: Range<Int> { offset..<offset + count }
}

/// An architecture whose extents fit, with all that follows from them.
public struct ResolvedArchitecture: Equatable, Sendable {
  /// Tensors start at multiples of so many floats: one cache line. The floats between tensors are zero.
  public static let alignment = 16

  /// What was resolved, with a layer `flatten` where maps went into a fully connected layer without pooling.
  public let architecture: Architecture
  public let layers: [ResolvedLayer]
  /// The layers that every rank runs, and those that rank 0 runs, as indices of `layers`.
  public let towerLayers: Range<Int>
  public let headLayers: Range<Int>
  /// Every tensor in the order of the network: the tower's, then the head's.
  public let parameters: [ParameterDescription]
  /// The floats of the flat vector that hold the tower's and the head's parameters.
  public let towerRange: Range<Int>
  public let headRange: Range<Int>

  public var input: MapShape { architecture.input }
  /// The values of one image that the tower hands to the head.
  public var featureCount: Int { layers[headLayers.lowerBound].input.count }
  /// The scores of one image.
  public var classes: Int { layers[headLayers.upperBound - 1].output.count }
  /// The length of the flat vector in floats, gaps included: a multiple of `alignment`.
  public var parameterVectorLength: Int { headRange.upperBound }
  public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
  /// Learned activation coefficients.
  public var slopeCount: Int { layers.reduce(0) { $0 + $1.slopeCount } }
  /// Multiply-adds for one image, convolutions and fully connected layers together.
  public var multiplyAdds: Int { layers.reduce(0) { $0 + $1.multiplyAdds } }
  /// The depth as the paper counts it.
  public var weightLayerCount: Int { layers.count(where: \.hasWeights) }
  /// The bytes of all layers' outputs of one image in float32.
  public var activationBytes: Int { layers.reduce(0) { $0 + $1.activationBytes } }
}

extension Architecture {
  /// The shapes, parameters and operations of every layer.
  ///
  /// Where the first fully connected layer follows a map directly, a `spatialPyramidPooling` without levels called
  /// `flatten` is put between them.
  public func resolved() throws(ArchitectureError) -> ResolvedArchitecture {
    let complete = flattened()
    try complete.checkNames()
    try complete.checkOrder()
    try input.check(of: "the input", layer: nil)
    var map = input
    var layers: [ResolvedLayer] = []
    for description in complete.layers {
      let layer = try description.resolved(input: map)
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

  private var firstFullyConnected: Int? {
    layers.firstIndex { if case .fullyConnected = $0 { true } else { false } }
  }

  private func flattened() -> Architecture {
    let pools = layers.contains { if case .spatialPyramidPooling = $0 { true } else { false } }
    guard let border = firstFullyConnected, !pools else { return self }
    var complete = self
    complete.layers.insert(.spatialPyramidPooling(.init(name: "flatten", levels: [])), at: border)
    return complete
  }

  /// Layers' names, and those of learned activations, name groups in files: each once, and of plain characters.
  private func checkNames() throws(ArchitectureError) {
    var seen: Set<String> = []
    for layer in layers {
      let name = layer.name
      let plain = name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
      guard plain, !name.isEmpty, name.utf8.count <= 100, name.first != "." else {
        throw ArchitectureError(
          problem: "a layer's name is 1 to 100 letters, digits, '_', '-' or '.', the first no '.', "
            + "since it names a group in files: found \(String(name.prefix(120)).debugDescription)")
      }
      for group in [name] + (layer.activation.isLearned ? [activationGroup(of: name)] : []) {
        guard seen.insert(group).inserted else {
          throw ArchitectureError(layer: name, problem: "the name \(group) is taken by another layer")
        }
      }
    }
  }

  /// Convolutions and pooling, then one spatial pyramid pooling, then fully connected layers up to the scores.
  private func checkOrder() throws(ArchitectureError) {
    guard case .fullyConnected(let scores) = layers.last else {
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
    var pooled: String?
    var connected: String?
    for layer in layers {
      switch layer {
      case .fullyConnected:
        connected = connected ?? layer.name
      case .convolution, .maxPooling, .spatialPyramidPooling:
        if let before = connected {
          throw ArchitectureError(
            layer: layer.name,
            problem: "it comes after the fully connected layer \(before), where only such layers may follow")
        }
        if let before = pooled {
          throw ArchitectureError(
            layer: layer.name,
            problem:
              "it comes after the spatial pyramid pooling \(before), where only fully connected layers may follow")
        }
        if case .spatialPyramidPooling = layer { pooled = layer.name }
      }
    }
  }

  /// Gives each tensor its place. `layers` are this architecture's.
  private func placed(_ layers: [ResolvedLayer]) -> ResolvedArchitecture {
    let border = firstFullyConnected ?? layers.count
    var parameters: [ParameterDescription] = []
    var end = 0
    var towerEnd = 0
    for (index, layer) in layers.enumerated() {
      if index == border { towerEnd = end }
      for tensor in layer.tensors {
        let parameter = ParameterDescription(
          layer: tensor.group, blob: tensor.blob, shape: tensor.shape, role: tensor.role,
          part: index < border ? .tower : .head, layerIndex: index, offset: end)
        parameters.append(parameter)
        let alignment = ResolvedArchitecture.alignment
        end = (parameter.range.upperBound + alignment - 1) / alignment * alignment
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
  /// The function after the layer; `none` after pooling.
  public var activation: Activation {
    switch self {
    case .convolution(let layer): layer.activation
    case .fullyConnected(let layer): layer.activation
    case .maxPooling, .spatialPyramidPooling: .none
    }
  }

  fileprivate func resolved(input: MapShape) throws(ArchitectureError) -> ResolvedLayer {
    switch self {
    case .convolution(let layer):
      try checkExtent(layer.filters, "filters", from: 1)
      try checkExtent(layer.kernel, "the kernel", from: 1)
      try checkExtent(layer.stride, "the stride", from: 1)
      try checkExtent(layer.padding, "the padding", from: 0)
      guard layer.padding < layer.kernel else {
        throw ArchitectureError(
          layer: name, problem: "the padding \(layer.padding) is not below the kernel's size \(layer.kernel)")
      }
      let output = MapShape(
        channels: layer.filters,
        height: try windows(over: input, \.height, size: layer.kernel, stride: layer.stride, padding: layer.padding),
        width: try windows(over: input, \.width, size: layer.kernel, stride: layer.stride, padding: layer.padding))
      let filter = try product([input.channels, layer.kernel, layer.kernel], "weights of one filter")
      return try resolved(input: input, output: output, weights: [layer.filters, filter])
    case .maxPooling(let layer):
      try checkExtent(layer.size, "the window", from: 1)
      try checkExtent(layer.stride, "the stride", from: 1)
      let output = MapShape(
        channels: input.channels,
        height: try windows(over: input, \.height, size: layer.size, stride: layer.stride, padding: 0),
        width: try windows(over: input, \.width, size: layer.size, stride: layer.stride, padding: 0))
      return try resolved(input: input, output: output, weights: nil)
    case .spatialPyramidPooling(let layer):
      var bins = layer.levels.isEmpty ? input.height * input.width : 0
      for level in layer.levels {
        try checkExtent(level, "a level", from: 1)
        bins += try product([level, level], "bins")
      }
      let features = try product([input.channels, bins], "features")
      return try resolved(
        input: input, output: MapShape(channels: features, height: 1, width: 1), weights: nil)
    case .fullyConnected(let layer):
      try checkExtent(layer.outputs, "outputs", from: 1)
      guard (0..<1).contains(layer.dropout) else {
        throw ArchitectureError(
          layer: name, problem: "the dropout is a share from 0 to below 1, found \(layer.dropout)")
      }
      return try resolved(
        input: input, output: MapShape(channels: layer.outputs, height: 1, width: 1),
        weights: [layer.outputs, input.count])
    }
  }

  /// `weights`: the outputs' channels and the weights of each.
  private func resolved(
    input: MapShape, output: MapShape, weights: [Int]?
  ) throws(ArchitectureError) -> ResolvedLayer {
    try output.check(of: "the output", layer: name)
    // Both are below 2³¹, so their product fits.
    let count = if let weights { try product(weights, "weights") } else { 0 }
    return ResolvedLayer(
      description: self, input: input, output: output, weightCount: count,
      biasCount: weights == nil ? 0 : output.channels,
      slopeCount: activation.parameterCount(channels: output.channels),
      multiplyAdds: count * output.height * output.width)
  }

  /// How many windows lie side by side: ⌊(extent + 2·padding − size) / stride⌋ + 1.
  private func windows(
    over input: MapShape, _ extent: KeyPath<MapShape, Int>, size: Int, stride: Int, padding: Int
  ) throws(ArchitectureError) -> Int {
    let room = input[keyPath: extent] + 2 * padding - size
    guard room >= 0 else {
      let padded = padding > 0 ? " with padding \(padding)" : ""
      throw ArchitectureError(
        layer: name, problem: "its \(size)×\(size) window does not fit a \(input.height)×\(input.width) map\(padded)")
    }
    return room / stride + 1
  }

  private func checkExtent(_ value: Int, _ what: String, from least: Int) throws(ArchitectureError) {
    guard (least...largestExtent).contains(value) else {
      throw ArchitectureError(layer: name, problem: "\(what): \(value) is not in \(least) … \(largestExtent)")
    }
  }

  private func product(_ factors: [Int], _ what: String) throws(ArchitectureError) -> Int {
    try checkedProduct(factors, what, layer: name)
  }
}

extension MapShape {
  fileprivate func check(of what: String, layer: String?) throws(ArchitectureError) {
    guard min(channels, height, width) >= 1, max(height, width) <= largestExtent else {
      throw ArchitectureError(
        layer: layer, problem: "\(what) has extents from 1 to \(largestExtent), found \(self)")
    }
    _ = try checkedProduct([channels, height, width], "values of \(what)", layer: layer)
  }
}

/// Above it nothing is a network; below it sums and products of two extents cannot overflow.
private let largestExtent = 1 << 20

/// The product, unless it exceeds what BLAS and MPI can count.
private func checkedProduct(_ factors: [Int], _ what: String, layer: String?) throws(ArchitectureError) -> Int {
  var product = 1
  for factor in factors {
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    guard !overflow, next <= Int(Int32.max) else {
      let factors = factors.map(String.init).joined(separator: "·")
      throw ArchitectureError(layer: layer, problem: "\(factors) \(what) are more than 2³¹ − 1, the most it can be")
    }
    product = next
  }
  return product
}

extension ResolvedLayer {
  fileprivate var tensors: [(group: String, blob: Int, shape: [Int], role: ParameterDescription.Role)] {
    var tensors: [(group: String, blob: Int, shape: [Int], role: ParameterDescription.Role)] = []
    switch description {
    case .convolution(let layer):
      tensors.append((name, 0, [layer.filters, input.channels, layer.kernel, layer.kernel], .weight))
    case .fullyConnected(let layer):
      tensors.append((name, 0, [layer.outputs, input.count], .weight))
    case .maxPooling, .spatialPyramidPooling:
      return []
    }
    tensors.append((name, 1, [output.channels], .bias))
    if description.activation.isLearned {
      let shape = description.activation == .preluShared ? [] : [output.channels]
      tensors.append((activationGroup(of: name), 0, shape, .slope))
    }
    return tensors
  }
}
