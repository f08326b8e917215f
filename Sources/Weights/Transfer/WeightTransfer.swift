import Configuration
import Network
import System

/// The plan of which tensors of a source become which parameters of a network, made and checked before any is changed.
public struct WeightTransfer {
  /// The fate of one parameter.
  enum Step {
    case take(SourceTensor)
    /// The input's channels or scale differ: the first convolution's weights are changed.
    case fold(SourceTensor, InputFold)
    /// One number for all, of a coefficient that a whole layer shares.
    case spread(SourceTensor)
    case fill(Float)
    case leave
  }

  /// The fate of a layer's parameters, for a person.
  public struct Row: Codable, Equatable, Sendable {
    /// `dropped` are coefficients of the source for which the network has no place: it is another function then.
    public enum Fate: String, Codable, Sendable { case taken, anew, filled, dropped }
    /// The layer's group here, such as `conv1` or `conv1_prelu`.
    public let layer: String
    public let fate: Fate
    /// The layer in the source that they are from; nil if they are from none.
    public let from: String?
    /// The reason why they are not taken as they are, in a few words; empty where there is nothing to say.
    public let why: String

    public init(layer: String, fate: Fate, from: String?, why: String) {
      (self.layer, self.fate, self.from, self.why) = (layer, fate, from, why)
    }
  }

  public private(set) var rows: [Row] = []
  /// The layers of the source that nothing is taken from.
  public private(set) var unused: [String] = []

  let source: WeightSource
  let network: ResolvedArchitecture
  let settings: Configuration.Weights
  /// The mean of each channel that the network's inputs are less; empty where that is a mean image.
  let channelMeans: [Double]
  let published: [String: String]
  /// The numbers by which the source's inputs were divided; empty if they are taken to be as this network's.
  private let deviation: [Double]
  private var steps: [(parameter: ParameterDescription, step: Step)] = []

  /// - Parameters:
  ///   - classNames: the classes of the network's scores.
  ///   - scale: the factor of the network's inputs.
  ///   - channelMeans: the mean of each channel that is subtracted from them; empty where that is a mean image.
  /// - Throws: `Refusal` for a digest, a name or a shape that is not as it must be.
  public init(
    _ source: WeightSource, to network: ResolvedArchitecture, _ settings: Configuration.Weights, classNames: [String],
    scale: Double, channelMeans: [Double]
  ) throws(Refusal) {
    (self.source, self.network, self.settings) = (source, network, settings)
    self.channelMeans = channelMeans
    // Whoever says what was subtracted from the source's inputs, or in which order they stood, has said all of them:
    // what is not mentioned was not done.
    let isDescribed = !channelMeans.isEmpty || settings.channels == .bgr
    let known: [Double] = if let scale = source.scale { [1 / scale] } else { isDescribed ? [1] : [] }
    deviation = settings.deviation.isEmpty ? known : settings.deviation
    published = PublishedNames.find(in: source.tensors, for: network)
    guard settings.digest.isEmpty || settings.digest.lowercased() == source.digest else {
      throw Refusal(
        .badData,
        "\(source.path): expected weights of the digest \(settings.digest), found \(source.digest): give the file that "
          + "weights.digest was taken of, or leave that out")
    }
    try checkNames()
    for (index, layer) in network.layers.enumerated() where layer.hasWeights {
      try plan(layer, index, classNames: classNames, scale: scale)
    }
    let used = Set(rows.compactMap(\.from))
    let names = source.tensors.map(\.layer) + source.others
    unused = names.reduce(into: []) { names, name in
      if !used.contains(name), names.last != name { names.append(name) }
    }
  }

  /// Writes the planned parameters; the others stay as they are.
  ///
  /// - Parameter parameters: The network's whole vector.
  /// - Throws: `FileError` for values that cannot be read or are not finite; the parameters are then a mixture.
  public func apply(to parameters: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    for (parameter, step) in steps {
      let values = UnsafeMutableBufferPointer(rebasing: parameters[parameter.range])
      switch step {
      case .leave: break
      case .fill(let value): values.update(repeating: value)
      case .take(let tensor): try source.read(tensor, into: values)
      case .spread(let tensor):
        try source.read(tensor, into: UnsafeMutableBufferPointer(rebasing: values.prefix(1)))
        values.update(repeating: values[0])
      case .fold(let tensor, let fold):
        let read = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.shape.reduce(1, *))
        defer { read.deallocate() }
        read.initialize(repeating: 0)
        try source.read(tensor, into: read)
        fold.apply(
          UnsafeBufferPointer(read), filters: parameter.shape[0], kernel: parameter.shape[2], into: values)
        if let place = values.firstIndex(where: { !$0.isFinite }) {
          throw FileError(
            .damaged, path: source.path,
            problem:
              "value \(place) of \(tensor.name.shown()) is \(values[place]) once it is changed for inputs of another "
              + "scale, expected a finite number", advice: "Correct weights.deviation, or take other weights")
        }
      }
    }
  }

  // MARK: - The plan

  /// Checks that the names in `map` and `anew` are those of layers here.
  private func checkNames() throws(Refusal) {
    let groups = network.parameters.map(\.layer)
    func refusal(_ key: String, _ kind: String, _ name: String) -> Refusal {
      let known = network.layers.filter(\.hasWeights).map(\.name)
      let meant = nearMiss(name, among: groups).map { " Did you mean \($0)?" } ?? ""
      return Refusal(
        .badData,
        "\(key): expected the name of a layer with weights\(kind), found \(name.quoted()).\(meant) "
          + "There are \(known.joined(separator: ", ")).")
    }
    if let name = settings.map.keys.sorted().first(where: { !groups.contains($0) }) {
      throw refusal("weights.map", "", name)
    }
    for pattern in settings.anew where !groups.contains(where: { Configuration.matches($0, pattern: pattern) }) {
      throw refusal("weights.anew", ", or a pattern such as fc*", pattern)
    }
  }

  /// Whether a layer, or its coefficients, are to begin anew as the settings say.
  private func isAnew(_ layer: String) -> Bool {
    settings.anew.contains { Configuration.matches(layer, pattern: $0) }
  }

  private mutating func plan(
    _ layer: ResolvedLayer, _ index: Int, classNames: [String], scale: Double
  ) throws(Refusal) {
    let parameters = network.parameters.filter { $0.layerIndex == index }
    guard let weight = parameters.first(where: { $0.role == .weight }) else { return }
    let theirs = name(of: layer.name)
    if var why = try reasonToBeginAnew(weight, theirs, classNames) {
      if layer.rate == 0 { why += "; frozen, so it stays as it is drawn" }
      for parameter in parameters { steps.append((parameter, .leave)) }
      rows.append(Row(layer: layer.name, fate: .anew, from: nil, why: why))
      return
    }
    let tensor = try found(weight, theirs)
    var why = ""
    switch try matched(tensor, weight, isFirst: index == 0, scale: scale) {
    case nil:
      steps.append((weight, .take(tensor)))
      if rows.isEmpty, deviation.isEmpty { why = "nothing is said of the inputs there: taken to be as here" }
    case let fold?:
      steps.append((weight, .fold(tensor, fold)))
      why = "for inputs of another scale or other channels"
    }
    for parameter in parameters where parameter.role == .bias {
      // A layer without a bias is one whose bias is 0.
      guard let bias = self.tensor(theirs, blob: 1) else {
        steps.append((parameter, .fill(0)))
        why = [why, "no bias there: 0"].filter { !$0.isEmpty }.joined(separator: "; ")
        continue
      }
      try check(bias, fits: parameter)
      steps.append((parameter, .take(bias)))
    }
    let isUnnamed = source.classNames == nil || classNames.allSatisfy { Int($0) != nil }
    if weight.layerIndex == network.layers.count - 1, isUnnamed {
      let known =
        source.classNames == nil ? "nothing is said of the classes there" : "classes are numbers here and there"
      why = [why, "\(known): --anew \(layer.name) if they are others"].filter { !$0.isEmpty }.joined(separator: "; ")
    }
    rows.append(Row(layer: layer.name, fate: .taken, from: theirs, why: why))
    for parameter in parameters where parameter.role == .slope { try plan(slopes: parameter, of: theirs) }
    guard !parameters.contains(where: { $0.role == .slope }),
      let slopes = slopes([layer.name + "_prelu", theirs + "_prelu"]) ?? successor(of: theirs)
    else { return }
    rows.append(
      Row(
        layer: layer.name, fate: .dropped, from: slopes.layer,
        why: "PReLU's coefficients there, none here: another function"))
  }

  /// The coefficients that are called by one of some names.
  private func slopes(_ names: [String]) -> SourceTensor? {
    source.tensors.first { names.contains($0.layer) && $0.blob == 0 }
  }

  /// The coefficients in the step after a layer of PyTorch's `nn.Sequential`, whose steps are called by numbers:
  /// those of `features.0` are `features.1`. A step with a bias is none of PReLU.
  private func successor(of layer: String) -> SourceTensor? {
    let parts = layer.split(separator: ".", omittingEmptySubsequences: false)
    guard let last = parts.last, let number = Int(last), number < Int.max, String(number) == last else { return nil }
    let name = (parts.dropLast() + ["\(number + 1)"]).joined(separator: ".")
    guard let tensor = tensor(name, blob: 0), tensor.shape.count == 1, self.tensor(name, blob: 1) == nil else {
      return nil
    }
    return tensor
  }

  private mutating func plan(slopes parameter: ParameterDescription, of theirLayer: String) throws(Refusal) {
    if isAnew(parameter.layer) {
      steps.append((parameter, .leave))
      return rows.append(Row(layer: parameter.layer, fate: .anew, from: nil, why: "as asked"))
    }
    let named = settings.map[parameter.layer]
    let names = named.map { [$0] } ?? [parameter.layer, "\(theirLayer)_prelu"]
    guard let tensor = slopes(names) ?? (named == nil ? successor(of: theirLayer) : nil) else {
      if let named { throw missing(parameter.layer, named) }
      let (slope, why) = fixedSlope(of: theirLayer)
      steps.append((parameter, .fill(Float(slope))))
      return rows.append(Row(layer: parameter.layer, fate: .filled, from: nil, why: "\(why): \(slope)"))
    }
    let count = tensor.shape.reduce(1, *)
    if count == 1, parameter.count > 1 {
      steps.append((parameter, .spread(tensor)))
      return rows.append(
        Row(layer: parameter.layer, fate: .taken, from: tensor.layer, why: "one coefficient there for the layer"))
    }
    try check(tensor, fits: parameter)
    steps.append((parameter, .take(tensor)))
    rows.append(Row(layer: parameter.layer, fate: .taken, from: tensor.layer, why: ""))
  }

  /// Returns the number that coefficients begin with where the source has none, and what is there in their place: that
  /// of its activation, where the file says which it is and the settings name no other.
  private func fixedSlope(of theirLayer: String) -> (slope: Double, why: String) {
    let layer = source.network?.layers.first { $0.name == theirLayer }
    guard settings.slopes == 0, let activation = layer?.description.activation, let slope = activation.fixedSlope else {
      return (settings.slopes, "no coefficients there")
    }
    return (slope, "\(activation == .none ? "no activation" : activation.rawValue) there")
  }

  /// Returns why a layer begins anew; nil if its weights are to be taken.
  private func reasonToBeginAnew(
    _ weight: ParameterDescription, _ theirs: String, _ classNames: [String]
  ) throws(Refusal) -> String? {
    if isAnew(weight.layer) { return "as asked" }
    guard weight.layerIndex == network.layers.count - 1 else { return nil }
    if let tensor = tensor(theirs, blob: 0), let outputs = tensor.shape.first, outputs != weight.shape[0],
      tensor.shape.dropFirst().reduce(1, *) == weight.shape[1]
    {
      return "\(weight.shape[0]) classes here, \(outputs) there"
    }
    if let others = source.classNames, others != classNames { return "other classes here than there" }
    return nil
  }

  /// Returns the name in the source of a layer's weights. Layers of a kind go by their names if the source has all of
  /// them, and else by their order, as in published networks: numbers of steps may be names here, too.
  private func name(of layer: String) -> String {
    if let name = settings.map[layer] { return name }
    guard let name = published[layer], name != layer else { return layer }
    let extents = network.layers.first { $0.name == layer }?.weights?.count
    let areNamed = network.layers.filter { $0.weights?.count == extents }.allSatisfy {
      tensor($0.name, blob: 0) != nil || isAnew($0.name) || settings.map[$0.name] != nil
    }
    return areNamed ? layer : name
  }

  private func tensor(_ layer: String, blob: Int) -> SourceTensor? {
    source.tensors.first { $0.layer == layer && $0.blob == blob }
  }

  private func found(_ weight: ParameterDescription, _ theirs: String) throws(Refusal) -> SourceTensor {
    guard let tensor = tensor(theirs, blob: 0) else { throw missing(weight.layer, theirs) }
    return tensor
  }

  private func missing(_ layer: String, _ theirs: String) -> Refusal {
    let names = source.tensors.filter { $0.blob == 0 }.map(\.layer)
    let shown =
      names.prefix(12).map { $0.shown() }.joined(separator: ", ")
      + (names.count > 12 ? ", … (\(names.count) in all)" : "")
    return Refusal(
      .badData,
      "\(source.path): expected weights for layer \(layer), found none called \(theirs.shown()); it has "
        + (names.isEmpty ? "no layer with weights" : shown) + ": "
        + (source.network != nil && names.allSatisfy { $0.hasPrefix("layers.") }
          ? "save model.tensors() instead of model.state_dict()"
          : "name the layer's weights by weights.map, or begin it anew by --anew \(layer)"))
  }

  /// Returns nil where the weights are taken as they are, else the change that the inputs ask for.
  private func matched(
    _ tensor: SourceTensor, _ weight: ParameterDescription, isFirst: Bool, scale: Double
  ) throws(Refusal) -> InputFold? {
    guard isFirst, weight.shape.count == 4, tensor.shape.count == 4,
      tensor.shape[0] == weight.shape[0], tensor.shape[2...] == weight.shape[2...]
    else {
      try check(tensor, fits: weight)
      let first = network.layers.first(where: \.hasWeights)
      let isChanged = settings.channels == .bgr || deviation.contains { Float(1 / ($0 * scale)) != 1 }
      guard weight.layer == first?.name, isChanged else { return nil }
      throw Refusal(
        .badData,
        "\(source.path): expected a convolution as the first layer, which takes the scale and the order of the "
          + "channels of the source's inputs, found \(weight.layer): set data.scale to the source's, and leave "
          + "weights.deviation and weights.channels out")
    }
    let fold = InputFold(
      own: weight.shape[1], theirs: tensor.shape[1], deviation: deviation, isReversed: settings.channels == .bgr,
      scale: scale)
    guard let fold else { throw mismatch(tensor, weight) }
    return fold.isIdentity ? nil : fold
  }

  /// Checks that a tensor has a parameter's shape. A fully connected layer may be written as a convolution whose
  /// filters cover the map, (outputs, channels, rows, columns), and a vector with extents of 1 before it.
  private func check(_ tensor: SourceTensor, fits parameter: ParameterDescription) throws(Refusal) {
    let (theirs, own) = (tensor.shape, parameter.shape)
    let fits =
      switch parameter.role {
      case .weight:
        theirs == own || theirs == [1, 1] + own
          || own.count == 2 && covered(by: parameter.layerIndex).contains { theirs == [own[0]] + $0 }
      case .bias, .slope: theirs == own || theirs.filter { $0 != 1 } == own.filter { $0 != 1 }
      }
    guard fits else { throw mismatch(tensor, parameter) }
  }

  /// Returns the extents of filters (channels, rows, columns) that take the inputs of a fully connected layer in their
  /// order: those of 1×1, and of the map that becomes its features, if that is one map.
  private func covered(by layer: Int) -> [[Int]] {
    let plain = [network.layers[layer].input.count, 1, 1]
    guard layer > 0,
      let pyramid = network.layers[layer - 1].description.settings
        as? LayerDescription.SpatialPyramidPooling, pyramid.levels.count < 2
    else { return [plain] }
    let map = network.layers[layer - 1].input
    let (rows, columns) = pyramid.levels.first.map { ($0, $0) } ?? (map.height, map.width)
    return [plain, [map.channels, rows, columns]]
  }

  private func mismatch(_ tensor: SourceTensor, _ parameter: ParameterDescription) -> Refusal {
    let expected = parameter.shape.isEmpty ? "one coefficient" : "the shape \(parameter.shape)"
    return Refusal(
      .badData,
      "\(source.path): expected \(expected) for \(parameter.layer)/\(parameter.blob), found "
        + "\(tensor.shape) in \(tensor.name.shown()): take weights of the same network, or begin these anew by "
        + "--anew \(parameter.layer)")
  }
}
