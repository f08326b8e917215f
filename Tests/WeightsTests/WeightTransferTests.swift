import Configuration
import Foundation
import Network
import System
import TestSupport
import Testing
import Weights

/// Weights in the forms in which others publish theirs become networks that give PyTorch's scores (Golden/weights.py),
/// and what does not go together is refused by name.
@Suite struct WeightTransferTests {
  private static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/weights").path

  private struct Golden: Decodable {
    let pixels: [[Double]]
    let torchvision: [[Double]]
    let caffe: [[Double]]
    let gray: [[Double]]
  }

  private let folder: ScratchFolder
  private let expected: Golden

  init() throws {
    folder = try ScratchFolder()
    expected = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: URL(filePath: "\(Self.golden)/scores.json")))
  }

  /// The network of Golden/weights.py.
  private func configuration(
    activation: String = "relu", channels: Int = 3, classes: Int = 5, hidden: [String] = ["fc1"],
    _ weights: (inout Configuration) -> Void = { _ in }
  ) throws -> Configuration {
    var configuration = try Configuration(
      yaml: """
        model:
          activation: \(activation)
          input: { channels: \(channels), height: 8, width: 8 }
          layers:
            - convolution: { name: conv1, filters: 4, kernel: 3, padding: 1 }
            - maxPooling: { name: pool1, size: 2, stride: 2 }
            - convolution: { name: conv2, filters: 6, kernel: 3, padding: 1 }
            - maxPooling: { name: pool2, size: 2, stride: 2 }
        \(hidden.map { "    - fullyConnected: { name: \($0), outputs: 8 }" }.joined(separator: "\n"))
            - fullyConnected: { name: scores, outputs: \(classes) }
        data: { scale: 0.03 }
        augmentation: { padding: 0, mirror: false }
        """, source: "small.yaml")
    weights(&configuration)
    return configuration
  }

  private func transfer(_ name: String, _ configuration: Configuration, classNames: [String] = []) throws
    -> WeightTransfer
  {
    try WeightTransfer(
      WeightSource(name.contains("/") ? name : "\(Self.golden)/\(name)"), to: configuration.architecture().resolved(),
      configuration.weights, classNames: classNames, scale: configuration.data.scale,
      channelMeans: configuration.data.mean)
  }

  /// The scores of the golden pictures by the network's definition.
  private func scores(_ name: String, _ configuration: Configuration) throws -> [[Double]] {
    let architecture = try configuration.architecture().resolved()
    var parameters = [Float](repeating: .nan, count: architecture.parameterVectorLength)
    let transfer = try transfer(name, configuration)
    try parameters.withUnsafeMutableBufferPointer { try transfer.apply(to: $0) }
    let channels = architecture.input.channels
    let inputs = expected.pixels.map { picture in
      picture.prefix(channels * 64).enumerated().map { place, pixel in
        (pixel - configuration.data.mean[place / 64]) * configuration.data.scale
      }
    }
    let known = parameters
    return ReferenceNetwork(architecture).forward(
      inputs, layers: architecture.layers.indices, parameters: { Double(known[$0]) }
    ).maps
  }

  private func expectEqual(_ found: [[Double]], _ expected: [[Double]]) {
    let range = (expected.joined().max() ?? 0) - (expected.joined().min() ?? 0)
    #expect(range > 0.01, "scores that say nothing")
    for (found, expected) in zip(found, expected) {
      #expect(found.count == expected.count)
      for (found, expected) in zip(found, expected) {
        #expect(abs(found - expected) < 1e-5 * range, "\(found) instead of \(expected)")
      }
    }
  }

  // MARK: - The same function

  @Test(arguments: ["relu", "prelu", "prelu-shared"]) func torchvisionsNames(activation: String) throws {
    let configuration = try configuration(activation: activation) { $0.choose(input: .torchvision) }
    expectEqual(try scores("torchvision.safetensors", configuration), expected.torchvision)
  }

  @Test func timmsNames() throws {
    let configuration = try configuration(hidden: ["fc1", "fc2"]) { $0.choose(input: .torchvision) }
    // Its second hidden layer is the identity of what a ReLU has left.
    expectEqual(try scores("timm.safetensors", configuration), expected.torchvision)
  }

  /// A coefficient that Caffe shares in a layer is a scalar there: here it goes to each channel, or to the layer.
  @Test(arguments: ["relu", "prelu"]) func caffesModels(activation: String) throws {
    let configuration = try configuration(activation: activation) {
      $0.choose(input: .caffe)
      $0.weights.map = ["fc1": "ip1", "scores": "ip2"]
      if activation == "prelu" {
        $0.weights.map.merge(["conv1_prelu": "relu1", "conv2_prelu": "relu2", "fc1_prelu": "relu3"]) { $1 }
        $0.weights.slopes = 7
      }
    }
    expectEqual(try scores("caffe.caffemodel.h5", configuration), expected.caffe)
  }

  /// Caffe divides its inputs by nothing. Whoever says what was subtracted from them need not say so.
  @Test(arguments: [[Double](), [1], [1, 1, 1]]) func whatIsNotDivided(deviation: [Double]) throws {
    let configuration = try configuration {
      $0.choose(input: .caffe)
      $0.weights.deviation = deviation
      $0.weights.map = ["fc1": "ip1", "scores": "ip2"]
    }
    expectEqual(try scores("caffe.caffemodel.h5", configuration), expected.caffe)
  }

  @Test func oneChannelOfThree() throws {
    let configuration = try configuration(channels: 1) {
      $0.data.mean = [0.5 * 255]
      $0.weights.deviation = [0.25 * 255]
    }
    expectEqual(try scores("torchvision.safetensors", configuration), expected.gray)
  }

  @Test func threeChannelsOfOneAreMadeGray() throws {
    let fold = try #require(InputFold(own: 3, theirs: 1, deviation: [], isReversed: false, scale: 1))
    var target = [Float](repeating: .nan, count: 6)
    [Float(2), -1].withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { fold.apply(source, filters: 2, kernel: 1, into: $0) }
    }
    #expect(target == [0.598, 1.174, 0.228, -0.299, -0.587, -0.114])
  }

  @Test func sameInputsLeaveTheBitsAlone() throws {
    for channels in [1, 2, 3] {
      #expect(
        InputFold(own: channels, theirs: channels, deviation: [], isReversed: false, scale: 0.3)?.isIdentity == true)
    }
    #expect(InputFold(own: 3, theirs: 3, deviation: [1 / 0.3], isReversed: false, scale: 0.3)?.isIdentity == true)
    #expect(InputFold(own: 3, theirs: 3, deviation: [], isReversed: true, scale: 1)?.isIdentity == false)
    #expect(InputFold(own: 2, theirs: 3, deviation: [], isReversed: false, scale: 1) == nil)
  }

  // MARK: - What is taken, and what is not

  private let unknownInputs = "nothing is said of the inputs there: taken to be as here"

  @Test func otherClassesBeginAnew() throws {
    let transfer = try transfer("torchvision.safetensors", try configuration(activation: "prelu", classes: 2))
    #expect(
      transfer.rows == [
        .init(layer: "conv1", fate: .taken, from: "features.0", why: unknownInputs),
        .init(layer: "conv1_prelu", fate: .filled, from: nil, why: "no coefficients there: 0.0"),
        .init(layer: "conv2", fate: .taken, from: "features.3", why: ""),
        .init(layer: "conv2_prelu", fate: .filled, from: nil, why: "no coefficients there: 0.0"),
        .init(layer: "fc1", fate: .taken, from: "classifier.0", why: ""),
        .init(layer: "fc1_prelu", fate: .filled, from: nil, why: "no coefficients there: 0.0"),
        .init(layer: "scores", fate: .anew, from: nil, why: "2 classes here, 5 there"),
      ])
    #expect(transfer.unused == ["classifier.3"])
    let source = try WeightSource("\(Self.golden)/torchvision.safetensors")
    #expect(
      WeightReport(source, transfer).summary == [
        "\(source.path): a safetensors file, digest \(source.digest.prefix(16))",
        "taken   conv1 (\(unknownInputs))",
        "filled  conv1_prelu, conv2_prelu, fc1_prelu (no coefficients there: 0.0)", "taken   conv2, fc1",
        "anew    scores (2 classes here, 5 there)", "unused  classifier.3",
      ])
  }

  /// The steps of PyTorch's `nn.Sequential` have numbers: PReLU's are those after their layer's.
  private func sequential() throws -> String {
    try file(
      "sequential.safetensors",
      [
        ("features.0.weight", [4, 3, 3, 3]), ("features.1.weight", [4]), ("features.3.weight", [6, 4, 3, 3]),
        ("features.4.weight", [1]), ("classifier.0.weight", [8, 24]), ("classifier.3.weight", [5, 8]),
      ])
  }

  @Test func coefficientsOfSequentialStepsAreTaken() throws {
    let transfer = try transfer(sequential(), try configuration(activation: "prelu"))
    #expect(
      transfer.rows.filter { $0.layer.hasSuffix("_prelu") } == [
        .init(layer: "conv1_prelu", fate: .taken, from: "features.1", why: ""),
        .init(layer: "conv2_prelu", fate: .taken, from: "features.4", why: "one coefficient there for the layer"),
        .init(layer: "fc1_prelu", fate: .filled, from: nil, why: "no coefficients there: 0.0"),
      ])
  }

  @Test func coefficientsWithoutAPlaceAreTold() throws {
    let transfer = try transfer(sequential(), try configuration(activation: "relu"))
    let why = "PReLU's coefficients there, none here: another function"
    #expect(
      transfer.rows.filter { $0.fate == .dropped } == [
        .init(layer: "conv1", fate: .dropped, from: "features.1", why: why),
        .init(layer: "conv2", fate: .dropped, from: "features.4", why: why),
      ])
  }

  private func refusal(_ name: String, _ configuration: Configuration) throws -> String {
    let error = try #require(throws: Refusal.self) { try transfer(name, configuration) }
    #expect(error.exitStatus == .badData)
    return error.description.replacing("\(Self.golden)/", with: "")
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    #expect(
      try refusal("caffe.caffemodel.h5", try configuration()) == """
        caffe.caffemodel.h5: expected weights for layer fc1, found none called fc1; it has conv1, conv2, ip1, ip2, \
        relu1, relu2, relu3: name the layer's weights by weights.map, or begin it anew by --anew fc1
        """)
    let wide = try configuration { $0.weights.map = ["fc1": "classifier.3"] }
    #expect(
      try refusal("torchvision.safetensors", wide) == """
        torchvision.safetensors: expected the shape [8, 24] for fc1/0, found [5, 8] in classifier.3.weight: take \
        weights of the same network, or begin these anew by --anew fc1
        """)
    #expect(
      try refusal("torchvision.safetensors", try configuration { $0.weights.anew = ["conv3"] }) == """
        weights.anew: expected the name of a layer with weights, or a pattern such as fc*, found "conv3". Did you \
        mean conv1? There are conv1, conv2, fc1, scores.
        """)
    #expect(
      try refusal("torchvision.safetensors", try configuration { $0.weights.map = ["fc*": "ip1"] })
        == """
        weights.map: expected the name of a layer with weights, found "fc*". Did you mean fc1? There are conv1, conv2, \
        fc1, scores.
        """)
    let digest = String(repeating: "0", count: 64)
    let found = try WeightSource("\(Self.golden)/timm.safetensors").digest
    #expect(
      try refusal("timm.safetensors", try configuration { $0.weights.digest = digest }) == """
        timm.safetensors: expected weights of the digest \(digest), found \(found): give the file that weights.digest \
        was taken of, or leave that out
        """)
    let anew = try configuration { $0.weights.anew = ["fc1", "scores"] }
    #expect(try transfer("caffe.caffemodel.h5", anew).rows.map(\.why).suffix(2) == ["as asked", "as asked"])
  }

  @Test func layersBeginAnewByAPattern() throws {
    let anew = try configuration(activation: "prelu") { $0.weights.anew = ["fc*", "conv2_prelu"] }
    #expect(
      try transfer("torchvision.safetensors", anew).rows.map(\.fate)
        == [.taken, .filled, .taken, .anew, .anew, .taken])
  }

  /// A tensor that the network has no place for may make it another function.
  @Test func tensorsOfOtherKindsAreTold() throws {
    let path = try file("gamma.safetensors", [("conv1.weight", [4, 3, 3, 3]), ("conv1.gamma", [4]), ("mean", [4])])
    let anew = try configuration { $0.weights.anew = ["conv2", "fc*", "scores"] }
    #expect(try transfer(path, anew).unused == ["conv1.gamma", "mean"])
  }

  /// Writes a file of some tensors, whose values are all the same.
  private func file(_ name: String, _ shapes: [(name: String, shape: [Int])]) throws -> String {
    let path = folder.file(name)
    let largest = shapes.map { $0.shape.reduce(1, *) }.max() ?? 0
    try [Float](repeating: 0.25, count: largest).withUnsafeBufferPointer { values in
      let tensors = shapes.map { name, shape in
        SafetensorsFile.Output(
          name: name, shape: shape, values: UnsafeBufferPointer(rebasing: values[..<shape.reduce(1, *)]))
      }
      try SafetensorsFile.write(to: path, tensors: tensors, metadata: [:])
    }
    return path
  }

  /// A name may hold a line of its own, or what clears a terminal.
  @Test func foreignNamesStayOnTheirLines() throws {
    let evil = "evil\nprelu-dist: all is well\u{1B}[2J\u{202E}"
    let shown = #""evil\nprelu-dist: all is well\u{1b}[2J\u{202e}""#
    let path = try file("evil.safetensors", [("\(evil).weight", [4, 3, 3, 3]), ("conv1.weight", [4])])
    let missing = try configuration { $0.weights.map = ["conv1": "none\n"] }
    #expect(
      try refusal(path, missing).contains(
        "expected weights for layer conv1, found none called \"none\\n\"; it has \(shown), conv1: name"))
    let others = ["conv2", "fc1", "scores"]
    let taken = try configuration {
      $0.weights.map = ["conv1": evil]
      $0.weights.anew = others
    }
    let report = WeightReport(try WeightSource(path), try transfer(path, taken))
    #expect(report.text.contains("\ntaken\tconv1\tfrom \(shown)\t\(unknownInputs); no bias there: 0\n"))
    let unused = WeightReport(
      try WeightSource(path), try transfer(path, try configuration { $0.weights.anew = ["conv1"] + others }))
    #expect(unused.summary.last == "unused  \(shown), conv1")
    #expect(unused.text.hasSuffix("\nunused\t\(shown)\nunused\tconv1\n"))
    let flat = try file("flat.safetensors", [("\(evil).weight", [4])])
    #expect(try refusal(flat, taken).contains(#"found [4] in "evil\nprelu-dist: all is well\u{1b}[2J\u{202e}.weight""#))
  }

  /// A tower without its classifier, and steps that are numbered from 0 with nothing before the number.
  @Test func partsOfPublishedNetworksAreKnown() throws {
    let convolutions = [("0.weight", [4, 3, 3, 3]), ("3.weight", [6, 4, 3, 3])]
    let anew = try configuration { $0.weights.anew = ["fc1", "scores"] }
    func sources(_ shapes: [(name: String, shape: [Int])], _ configuration: Configuration) throws -> [String?] {
      try transfer(try file("part.safetensors", shapes), configuration).rows.map(\.from)
    }
    #expect(try sources(convolutions, anew) == ["0", "3", nil, nil])
    #expect(
      try sources(convolutions.map { ("features.\($0)", $1) }, anew) == ["features.0", "features.3", nil, nil])
    // Another number of fully connected layers is not ours to pair.
    #expect(
      try sources(convolutions + [("7.weight", [8, 24]), ("9.weight", [8, 8]), ("11.weight", [5, 8])], anew)
        == ["0", "3", nil, nil])
    #expect(
      try sources(convolutions + [("7.weight", [8, 24]), ("9.weight", [5, 8])], try configuration())
        == ["0", "3", "7", "9"])
    let cut = try configuration(hidden: ["fc1", "fc2"]) { $0.weights.anew = ["scores"] }
    let timm = [("pre_logits.fc1.weight", [8, 6, 2, 2]), ("pre_logits.fc2.weight", [8, 8, 1, 1])]
    #expect(
      try sources(convolutions.map { ("features.\($0)", $1) } + timm, cut)
        == ["features.0", "features.3", "pre_logits.fc1", "pre_logits.fc2", nil])
  }

  /// Filters of 2×3×4 take as many inputs as those of 6×2×2, in another order.
  @Test func aConvolutionOfAnotherMapIsNoFullyConnectedLayer() throws {
    func fates(_ shape: [Int]) throws -> [WeightTransfer.Row.Fate] {
      let path = try file("map.safetensors", [("fc1.weight", shape)])
      return try transfer(path, try configuration { $0.weights.anew = ["conv1", "conv2", "scores"] }).rows.map(\.fate)
    }
    #expect(try fates([8, 6, 2, 2]) == [.anew, .anew, .taken, .anew])
    #expect(try fates([8, 24, 1, 1]) == [.anew, .anew, .taken, .anew])
    for shape in [[8, 2, 3, 4], [8, 4, 6, 1], [8, 1, 24, 1]] {
      let error = #expect(throws: Refusal.self) { try fates(shape) }
      #expect(error?.description.contains("expected the shape [8, 24] for fc1/0, found \(shape)") == true)
    }
  }

  // MARK: - Doubts about inputs

  /// The doubts about a network with a mean image, or with the mean of each channel.
  private func doubts(_ name: String, image: Bool, _ configuration: Configuration) throws -> [String] {
    var configuration = configuration
    if image { configuration.data.mean = [] } else { configuration.data.mean = [100, 110, 120] }
    return try transfer(name, configuration).doubts(mean: [Float](repeating: 100, count: 3 * 64))
  }

  @Test func aMeanImageBesideAnotherScaleIsDoubted() throws {
    func doubts(_ image: Bool, _ weights: @escaping (inout Configuration) -> Void) throws -> [String] {
      try self.doubts("torchvision.safetensors", image: image, try configuration(weights))
    }
    #expect(
      try doubts(true) { $0.weights.deviation = [58] } == [
        """
        weights.deviation: expected a mean of each channel beside it, as the source's inputs have, found the data's \
        mean image: the first layer is another function then. Set data.mean, as --weights-input does, unless the \
        source subtracted this image, too
        """
      ])
    #expect(
      try doubts(true) { $0.choose(input: .caffe) }.first?.hasPrefix("weights.deviation and weights.channels: ") == true
    )
    #expect(try doubts(false) { $0.choose(input: .caffe) }.isEmpty)
    #expect(try doubts(true) { ($0.weights.channels, $0.weights.anew) = (.bgr, ["conv1"]) }.isEmpty)
  }

  /// Weights of others with nothing said of their inputs.
  @Test func publishedNamesWithoutTheirInputsAreDoubted() throws {
    let doubts = try doubts("torchvision.safetensors", image: true, try configuration())
    #expect(doubts.first?.contains(": expected --weights-input torchvision or caffe ") == true)
    #expect(try self.doubts("torchvision.safetensors", image: false, try configuration()).isEmpty)
    let own = try configuration { $0.weights.map = ["fc1": "ip1", "scores": "ip2"] }
    let told = try self.doubts("caffe.caffemodel.h5", image: true, own)
    #expect(told.count == 1 && told[0].contains("found vectors that may be PReLU's coefficients"), "\(told)")
  }

  /// A fully connected layer has a place for each pixel, not for each channel.
  @Test func anotherInputNeedsAConvolutionFirst() throws {
    var configuration = try Configuration(
      yaml: """
        model:
          input: { channels: 3, height: 2, width: 2 }
          layers:
            - fullyConnected: { name: fc1, outputs: 2 }
        """, source: "plain.yaml")
    configuration.choose(input: .torchvision)
    let path = folder.file("plain.safetensors")
    try [Float](repeating: 1, count: 24).withUnsafeBufferPointer {
      try SafetensorsFile.write(
        to: path, tensors: [.init(name: "fc1.weight", shape: [2, 12], values: $0)], metadata: [:])
    }
    #expect(
      try refusal(path, configuration) == """
        \(path): expected a convolution as the first layer, which takes the scale and the order of the channels of the \
        source's inputs, found fc1: set data.scale to the source's, and leave weights.deviation and weights.channels out
        """)
    (configuration.weights.deviation, configuration.data.mean) = ([], [])
    #expect(
      try transfer(path, configuration).rows == [
        .init(
          layer: "fc1", fate: .taken, from: "fc1",
          why: "\(unknownInputs); no bias there: 0; nothing is said of the classes there: --anew fc1 if they are others"
        )
      ])
  }

  @Test func weightsThatOverflowInTheFoldAreRefused() throws {
    let path = folder.file("large.safetensors")
    let weights = [Float](repeating: 1e38, count: 4 * 3 * 3 * 3)
    try weights.withUnsafeBufferPointer {
      try SafetensorsFile.write(
        to: path, tensors: [.init(name: "conv1.weight", shape: [4, 3, 3, 3], values: $0)], metadata: [:])
    }
    let configuration = try configuration {
      $0.weights.anew = ["conv2", "fc1", "scores"]
      $0.weights.deviation = [1]
    }
    let transfer = try transfer(path, configuration)
    var parameters = [Float](
      repeating: 0, count: try configuration.architecture().resolved().parameterVectorLength)
    let error = #expect(throws: FileError.self) {
      try parameters.withUnsafeMutableBufferPointer { try transfer.apply(to: $0) }
    }
    #expect(error?.description.contains("value 0 of conv1.weight is inf once it is changed") == true)
  }
}
