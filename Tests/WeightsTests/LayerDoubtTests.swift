import Configuration
import Foundation
import Network
import System
import TestSupport
import Testing
import Weights

/// A network that is not the source's function is told of, where the file says what it was or its names let one guess.
@Suite struct LayerDoubtTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private static let pool = "maxPooling: { name: pool1, size: 2, stride: 2 }"

  private func configuration(
    _ activation: String = "relu", convolution: String = "padding: 1", pool: String = pool, hidden: String = "",
    classes: Int = 3, channels: Int = 1, weights: String = "{}"
  ) throws -> Configuration {
    try Configuration(
      yaml: """
        model:
          activation: \(activation)
          input: { channels: \(channels), height: 12, width: 12 }
          layers:
            - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1 }
            - \(pool)
            - convolution: { name: conv2, filters: 6, kernel: 3, \(convolution) }
            - spatialPyramidPooling: { name: spp, levels: [2] }
            - fullyConnected: { name: fc1, outputs: 5\(hidden) }
            - fullyConnected: { name: fc2, outputs: \(classes) }
        data: { scale: 0.5 }
        weights: \(weights)
        """, source: "small.yaml")
  }

  /// Writes the export of a network whose parameters are all the same.
  private func export(_ configuration: Configuration, classNames: [String] = ["a", "b", "c"]) throws -> String {
    let architecture = try configuration.architecture().resolved()
    let path = folder.file("source.safetensors")
    try [Float](repeating: 0.25, count: architecture.parameterVectorLength).withUnsafeBufferPointer { parameters in
      try ExportedNetwork(
        architecture, parameters: parameters, mean: [Float](repeating: 100, count: architecture.input.count),
        metadata: ExportMetadata(
          architecture: ExportedNetwork.json(architecture), classNames: classNames, scale: 0.5, shorterSide: nil,
          origin: "a test")
      ).writeSafetensors(to: path)
    }
    return path
  }

  private func transfer(_ path: String, _ configuration: Configuration, classNames: [String] = ["a", "b", "c"]) throws
    -> WeightTransfer
  {
    try WeightTransfer(
      WeightSource(path), to: configuration.architecture().resolved(), configuration.weights, classNames: classNames,
      scale: 0.5, channelMeans: [])
  }

  /// The doubts about layers; the inputs are those of the source.
  private func doubts(_ path: String, _ configuration: Configuration) throws -> [String] {
    try transfer(path, configuration).doubts(mean: [Float](repeating: 100, count: 144)).map {
      $0.replacing("\(folder.path)/", with: "")
    }
  }

  // MARK: - A source that says what its layers are

  @Test(arguments: ["relu", "lrelu", "prelu", "prelu-shared", "none"]) func theSameLayersAreNoDoubt(
    activation: String
  ) throws {
    let path = try export(configuration(activation))
    #expect(try doubts(path, configuration(activation, hidden: ", dropout: 0.5")).isEmpty)
  }

  @Test func otherLayersAreTold() throws {
    let path = try export(configuration())
    func differences(_ configuration: Configuration) throws -> String {
      let found = try doubts(path, configuration)
      let (head, tail) = (
        "source.safetensors: expected the layers that the weights were trained in, found others: ",
        ". The network is another function at first: give its layers the source's settings, or let the training adapt "
          + "them"
      )
      #expect(found.count == 1 && found[0].hasPrefix(head) && found[0].hasSuffix(tail), "\(found)")
      return String((found.first ?? "").dropFirst(head.count).dropLast(tail.count))
    }
    #expect(
      try differences(configuration(convolution: "padding: 1, stride: 2"))
        == "conv2 is a 3×3 convolution, stride 2, padding 1, relu here, a 3×3 convolution, padding 1, relu there")
    #expect(
      try differences(configuration(convolution: "padding: 0"))
        == "conv2 is a 3×3 convolution, relu here, a 3×3 convolution, padding 1, relu there")
    #expect(
      try differences(configuration(pool: "averagePooling: { name: pool1, size: 2, stride: 2 }"))
        == "before conv2 2×2 average, stride 2 here, 2×2 maximum, stride 2 there")
    #expect(
      try differences(configuration(pool: "maxPooling: { name: pool1, size: 3, stride: 2 }"))
        == "before conv2 3×3 maximum, stride 2 here, 2×2 maximum, stride 2 there")
    #expect(
      try differences(configuration(hidden: ", activation: lrelu"))
        == "fc1 is a fully connected, lrelu here, a fully connected, relu there")
    #expect(
      try differences(configuration("none")).hasPrefix("conv1 is a 3×3 convolution, padding 1 here, a 3×3 "))
    // A layer of another name does the same.
    #expect(try doubts(path, configuration(pool: "maxPooling: { name: other, size: 2, stride: 2 }")).isEmpty)
    // Nothing is taken into a layer that begins anew.
    let anew = try configuration(convolution: "padding: 0", weights: "{ anew: [conv2] }")
    #expect(try doubts(path, anew).isEmpty)
  }

  @Test(arguments: [("relu", 0.0), ("lrelu", 0.01), ("none", 1.0)]) func coefficientsBeginAsTheActivationThere(
    activation: String, slope: Double
  ) throws {
    let path = try export(configuration(activation))
    let there = activation == "none" ? "no activation" : activation
    let transfer = try transfer(path, configuration("prelu"))
    #expect(
      transfer.rows.first { $0.layer == "conv1_prelu" }
        == .init(layer: "conv1_prelu", fate: .filled, from: nil, why: "\(there) there: \(slope)"))
    let network = try configuration("prelu").architecture().resolved()
    var values = [Float](repeating: .nan, count: network.parameterVectorLength)
    try values.withUnsafeMutableBufferPointer { try transfer.apply(to: $0) }
    let slopes = network.parameters.filter { $0.role == .slope }.flatMap { Array(values[$0.range]) }
    #expect(slopes == [Float](repeating: Float(slope), count: 15))
    // A number that somebody asks for is taken.
    let asked = try self.transfer(path, configuration("prelu", weights: "{ slopes: 0.3 }"))
    #expect(asked.rows.first { $0.layer == "conv1_prelu" }?.why == "no coefficients there: 0.3")
  }

  @Test func numbersForNamesAreNoSameClasses() throws {
    let numbers = ["0", "1", "2"]
    let path = try export(configuration(), classNames: numbers)
    let why = try transfer(path, configuration(), classNames: numbers).rows.last?.why
    #expect(why == "classes are numbers here and there: --anew fc2 if they are others")
    #expect(try transfer(try export(configuration()), configuration()).rows.last?.why == "")
  }

  @Test func textsThatCannotBeReadAreRefused() throws {
    let texts = ["architecture": "{}", "classes": "[]", "origin": ""]
    let path = folder.file("texts.safetensors")
    func write(_ texts: [String: String]) throws {
      try [Float](repeating: 0.25, count: 36).withUnsafeBufferPointer { values in
        try SafetensorsFile.write(
          to: path, tensors: [.init(name: "layers.0.weight", shape: [4, 1, 3, 3], values: values)], metadata: texts)
      }
    }
    try write(texts.merging(["scale": "nan"]) { $1 })
    let error = #expect(throws: Refusal.self) { try WeightSource(path) }
    #expect(error?.description.contains("expected the scale, the classes and the architecture that") == true)
    // Others have texts of these names, too.
    try write(["architecture": "resnet"])
    #expect(try WeightSource(path).network == nil)
    // PyTorch's own names for the module's layers are not ours.
    let own = ExportedNetwork.json(try configuration().architecture().resolved())
    try write(texts.merging(["scale": "0.5", "architecture": own]) { $1 })
    let missing = #expect(throws: Refusal.self) { try transfer(path, configuration()) }
    #expect(
      missing?.description.hasSuffix("it has layers.0: save model.tensors() instead of model.state_dict()") == true)
  }

  /// Colored pictures are made gray by the filters that were trained on gray ones, and so is their mean.
  @Test func theMeanOfColorsIsGrayToAGrayNetwork() throws {
    let path = try export(configuration())
    let own = try configuration(channels: 3)
    func doubts(_ colors: [Float]) throws -> [String] {
      let mean = colors.flatMap { [Float](repeating: $0, count: 144) }
      return try transfer(path, own).doubts(mean: mean).map { $0.replacing("\(folder.path)/", with: "") }
    }
    #expect(try doubts([140, 80, 98]).isEmpty)
    #expect(
      try doubts([130, 130, 40]) == [
        "source.safetensors: expected inputs less the mean that the weights were trained with, 100.0 in pixels of 0 to "
          + "255, found one here of 119.7, which differs by 19.7: the first layer is another function at first. Set "
          + "data.mean to [100.0, 100.0, 100.0], as it was there, or let the training adapt the network"
      ])
  }

  // MARK: - A source of others

  private func file(_ tensors: [(name: String, shape: [Int], value: Float)]) throws -> String {
    let path = folder.file("others.safetensors")
    let values = tensors.map { [Float](repeating: $0.value, count: $0.shape.reduce(1, *)) }
    let whole = values.flatMap(\.self)
    try whole.withUnsafeBufferPointer { whole in
      var start = 0
      let outputs = zip(tensors, values).map { tensor, values in
        defer { start += values.count }
        return SafetensorsFile.Output(
          name: tensor.name, shape: tensor.shape,
          values: UnsafeBufferPointer(rebasing: whole[start..<start + values.count]))
      }
      try SafetensorsFile.write(to: path, tensors: outputs, metadata: [:])
    }
    return path
  }

  private let plain: [(name: String, shape: [Int], value: Float)] = [
    ("conv1.weight", [4, 1, 3, 3], 0.1), ("conv2.weight", [6, 4, 3, 3], 0.1), ("fc1.weight", [5, 24], 0.1),
    ("fc2.weight", [3, 5], 0.1),
  ]

  @Test func coefficientsOfOtherNamesAreTold() throws {
    let all = try file(
      plain + [("relu1.weight", [4], 0.2), ("relu2.weight", [6], 0.2), ("relu3.weight", [1], 0.2)])
    #expect(
      try doubts(all, configuration("prelu")) == [
        "others.safetensors: expected PReLU's coefficients called as their layers here, such as conv1_prelu, found "
          + "others that nothing is taken from: relu1; relu2; relu3. If they are the coefficients, say so by "
          + "weights.map: { conv1_prelu: relu1, conv2_prelu: relu2, fc1_prelu: relu3 }; if not, these layers' begin at "
          + "0.0"
      ])
    let map = "{ map: { conv1_prelu: relu1, conv2_prelu: relu2, fc1_prelu: relu3 } }"
    #expect(try doubts(all, configuration("prelu", weights: map)).isEmpty)
    #expect(
      try doubts(all, configuration("relu")) == [
        "others.safetensors: expected a weight and a bias of each layer, found vectors that may be PReLU's "
          + "coefficients, which nothing is taken from: relu1; relu2; relu3. If they are, the network is another "
          + "function: give --activation prelu, and name them in weights.map"
      ])
    let some = try file(plain + [("act.weight", [6], 0.2), ("other.weight", [7], 0.2)])
    #expect(
      try doubts(some, configuration("prelu")).first?.contains(
        "found others that nothing is taken from: act. If they are the coefficients, say so by weights.map: { "
          + "conv1_prelu: act, … }") == true)
  }

  @Test func scalesOfANormalizationAreNoCoefficients() throws {
    let steps: [(name: String, shape: [Int], value: Float)] = [
      ("0.weight", [4, 1, 3, 3], 0.1), ("3.weight", [6, 4, 3, 3], 0.1), ("6.weight", [5, 24], 0.1),
      ("9.weight", [3, 5], 0.1),
    ]
    #expect(try doubts(try file(steps + [("1.weight", [4], 0.25)]), configuration("prelu")).isEmpty)
    #expect(
      try doubts(try file(steps + [("7.weight", [5], 1), ("1.weight", [4], 0.25)]), configuration("prelu")) == [
        "others.safetensors: expected PReLU's coefficients, of about 0.25, found numbers near 1 or above: 7 (1.00 on "
          + "average). Where they scale a normalization (RMSNorm, LayerNorm), which this program does not have, the "
          + "network is another function: take another one then"
      ])
  }

  /// Layers go by their order where the source has not all of their names: a number may be a name here and there.
  @Test func layersAreNotMixedByNameAndOrder() throws {
    let shapes: [(name: String, shape: [Int])] = [
      ("0", [4, 1, 3, 3]), ("2", [4, 4, 3, 3]), ("4", [4, 4, 3, 3]), ("8", [3, 4]),
    ]
    let path = try file(shapes.map { ("\($0.name).weight", $0.shape, 0.1) })
    func numbered(_ names: [String], _ weights: String = "{}") throws -> Configuration {
      try Configuration(
        yaml: """
          model:
            activation: relu
            input: { channels: 1, height: 4, width: 4 }
            layers:
              - convolution: { name: "\(names[0])", filters: 4, kernel: 3, padding: 1 }
              - convolution: { name: "\(names[1])", filters: 4, kernel: 3, padding: 1 }
              - convolution: { name: "\(names[2])", filters: 4, kernel: 3, padding: 1 }
              - averagePooling: { name: average, size: 4 }
              - fullyConnected: { name: "\(names[3])", outputs: 3 }
          weights: \(weights)
          """, source: "numbered.yaml")
    }
    for names in [["0", "1", "2", "3"], ["0", "2", "4", "8"], ["a", "b", "c", "d"]] {
      #expect(try transfer(path, numbered(names)).rows.map(\.from) == ["0", "2", "4", "8"], "\(names)")
    }
    let twice = try transfer(path, numbered(["a", "b", "c", "d"], "{ map: { b: 2, c: 2 } }"))
    #expect(
      twice.doubts(mean: [Float](repeating: 0, count: 16)).map { $0.replacing("\(folder.path)/", with: "") } == [
        "others.safetensors: expected weights of its own for each layer, found some that several take: b and c from 2. "
          + "Correct weights.map, unless that is meant"
      ])
  }

  @Test func layersThatStayAsTheyAreDrawnAreTold() throws {
    let path = try export(configuration())
    var configuration = try configuration(weights: "{ anew: [conv2, fc2] }")
    configuration.training.frozen = ["conv*"]
    #expect(
      try doubts(path, configuration) == [
        "training.frozen: expected layers whose weights are taken, found some that begin anew and stay as they are "
          + "drawn: conv2. Leave them out of --freeze, unless that is meant"
      ])
  }

  @Test func coefficientsWithoutAPlaceAreTold() throws {
    let path = try export(configuration("prelu"))
    #expect(
      try doubts(path, configuration("relu")) == [
        "source.safetensors: expected activations with coefficients, as the source has them, found others after conv1; "
          + "conv2; fc1: the network is another function at first. Give --activation prelu to take them"
      ])
    // Whoever asks for new ones has none to miss.
    #expect(try doubts(path, configuration("prelu", weights: #"{ anew: ["\u002a_prelu"] }"#)).isEmpty)
  }

  @Test func inputsThatTheSourceMakesItselfAreTold() throws {
    let path = try file(plain + [("normalize.mean", [1], 0.5), ("normalize.std", [1], 0.25)])
    #expect(
      try doubts(path, configuration()) == [
        "others.safetensors: expected weights for inputs as they are here, found normalize.mean; normalize.std, by "
          + "which the source may make its own: if so, the first layer is another function. Give them as data.mean and "
          + "weights.deviation, in pixels of 0 to 255"
      ])
    #expect(try doubts(path, configuration(weights: "{ deviation: [63.75] }")).count == 1)
  }

  @Test(
    arguments: [
      "conv1.weight_scale", "conv1.lora_A.weight", "conv2.bias_", "conv1_scale.weight", "fc1.zero_point",
      "conv1_weight_scale",
    ])
  func tensorsBesideALayersOwnAreTold(name: String) throws {
    let shown = name == "conv1_scale.weight" ? "conv1_scale" : name.replacing("lora_A.weight", with: "lora_A")
    #expect(
      try doubts(try file(plain + [(name, [4, name.contains("lora") ? 2 : 1], 0.1)]), configuration()) == [
        "others.safetensors: expected a weight and a bias of each layer, found more beside them, which nothing is "
          + "taken from: \(shown). Where these change a layer (scales of quantized weights, adapters, a bias by "
          + "another name), put them into its weight and bias first"
      ])
    #expect(try doubts(try file(plain + [("conv11.weight", [4, 4, 3, 3], 0.1)]), configuration()).isEmpty)
  }
}
