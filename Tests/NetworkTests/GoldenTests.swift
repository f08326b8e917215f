import Kernels
import Network
import System
import TestSupport
import Testing

/// A net with every kind of layer against PyTorch (`Tests/Golden/generate.py`, which gives the bound's reason).
@Suite struct GoldenTests {
  private let golden: GoldenFile
  private let bound = 1e-4

  init() throws {
    golden = try GoldenFile("network.json")
  }

  private var architecture: Architecture {
    Architecture(
      name: "golden", input: Extents(channels: 3, height: 38, width: 27),
      layers: [
        .convolution(.init(name: "conv1", filters: 20, kernel: 5, stride: 2, padding: 1, activation: .prelu)),
        .maxPooling(.init(name: "pool1", size: 3, stride: 2)),
        .convolution(.init(name: "conv2", filters: 24, kernel: 3, padding: 1, activation: .preluShared)),
        .averagePooling(.init(name: "average1", size: 2, stride: 1)),
        .convolution(.init(name: "conv3", filters: 24, kernel: 2, activation: .relu)),
        .convolution(.init(name: "conv4", filters: 18, kernel: 2, padding: 1, activation: .lrelu)),
        .maxPooling(.init(name: "pool2", size: 2, stride: 2)),
        .convolution(.init(name: "conv5", filters: 17, kernel: 3, padding: 1, activation: .none)),
        .spatialPyramidPooling(.init(name: "spp", levels: [3, 2, 1])),
        .fullyConnected(.init(name: "fc1", outputs: 30, activation: .prelu)),
        .fullyConnected(.init(name: "fc2", outputs: 20, activation: .preluShared)),
        .fullyConnected(.init(name: "fc3", outputs: 7, activation: .none)),
      ])
  }

  private func key(_ group: String, _ parameter: ParameterDescription) -> String {
    "\(group)/\(parameter.layer)/\(parameter.blob)"
  }

  /// The net with the file's parameters; every leaf size and thread count must do.
  private func start(leafSize: Int, threads: Int) throws -> LocalStep {
    let step = try LocalStep(architecture, rows: 5, leafSize: leafSize, threads: threads)
    for parameter in step.network.architecture.parameters {
      let tensor = try golden.tensor(key("parameters", parameter))
      #expect(tensor.shape == parameter.shape, "\(key("parameters", parameter))")
      for (index, value) in tensor.values.enumerated() {
        step.network.parameters.base[parameter.offset + index] = value
      }
    }
    return step
  }

  @Test func everyKindIsInTheNet() {
    #expect(Set(architecture.layers.map { type(of: $0.settings).key }) == Set(LayerDescription.kinds.map { $0.key }))
  }

  @Test(arguments: [(5, 1), (1, 3), (2, 2)])
  func forwardAndAllGradients(leafSize: Int, threads: Int) throws {
    let step = try start(leafSize: leafSize, threads: threads)
    let input = try golden.tensor("input").values
    let labels = try golden.tensor("labels").values.map { Int32($0) }
    let scores = step.forward(input)
    #expect(relativeError(Array(step.features.values), try golden.tensor("features").values) < bound)
    #expect(relativeError(scores, try golden.tensor("logits").values) < bound)
    let loss = step.lossAndGradient(input, labels: labels)
    #expect(relativeError([Float(loss)], try golden.tensor("loss").values) < bound)
    for parameter in step.network.architecture.parameters {
      let error = relativeError(
        step.values(step.gradient, parameter), try golden.tensor(key("gradients", parameter)).values)
      #expect(error < bound, "\(key("gradients", parameter)): \(error)")
    }
  }

  @Test func tenStepsOfTheSolver() throws {
    let step = try start(leafSize: 2, threads: 1)
    let input = try golden.tensor("input").values
    let labels = try golden.tensor("labels").values.map { Int32($0) }
    let losses = (0..<10).map { iteration in
      let loss = step.lossAndGradient(input, labels: labels)
      step.update(SGD(learningRate: iteration < 5 ? 0.01 : 0.001, momentum: 0.9, weightDecay: 0.0005))
      return Float(loss)
    }
    #expect(relativeError(losses, try golden.tensor("losses").values) < bound)
    for parameter in step.network.architecture.parameters {
      let weight = relativeError(
        step.values(step.network.parameters, parameter), try golden.tensor(key("final", parameter)).values)
      #expect(weight < bound, "\(key("final", parameter)): \(weight)")
      let momentum = relativeError(
        step.values(step.momentum, parameter), try golden.tensor(key("momentum", parameter)).values)
      #expect(momentum < bound, "\(key("momentum", parameter)): \(momentum)")
    }
  }
}
