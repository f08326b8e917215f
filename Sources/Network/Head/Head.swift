import Kernels
import System

/// The fully connected layers and the softmax loss, on all rows of the mini-batch at once.
public final class Head: Sendable {
  public let layers: [FullyConnectedLayer]
  /// The number of features of one row.
  public let featureCount: Int
  /// The biases and coefficients of the layers that are trained.
  private let smallParameters: [ParameterDescription]
  /// The lowest layer that a gradient goes down to: the first where the tower is trained, else the lowest that is
  /// trained; the number of layers where none is.
  private let lowest: Int
  /// Whether the gradient of the features is asked for.
  private let returnsFeatureGradient: Bool
  /// The precision of the operands of the layers' products.
  public let precision: Precision

  public init(_ architecture: ResolvedArchitecture, precision: Precision = .float32) {
    self.precision = precision
    featureCount = architecture.featureCount
    smallParameters = architecture.parameters.filter { $0.part == .head && $0.role != .weight && $0.rate > 0 }
    let head = architecture.layers[architecture.headLayers]
    returnsFeatureGradient = architecture.layers[architecture.towerLayers].contains(where: \.isTrained)
    lowest = returnsFeatureGradient ? 0 : head.map(\.isTrained).firstIndex(of: true) ?? head.count
    layers = architecture.headLayers.map { index in
      let layer = architecture.layers[index]
      guard let kind = layer.description.settings as? any HeadLayerKind,
        let parameters = LayerParameters(ofLayer: index, in: architecture)
      else { preconditionFailure("layer \(layer.name) is not a layer of the head") }
      return FullyConnectedLayer(
        kind, inputs: layer.input.count, parameters: parameters, index: index, precision: precision)
    }
  }

  public var classes: Int { layers[layers.count - 1].outputs }

  /// Computes the scores (rows×classes) of rows of features; they stay valid until the memory's next use.
  @discardableResult
  public func forward(_ features: UnsafePointer<Float>, _ pass: HeadPass) -> UnsafePointer<Float> {
    var input = features
    for (index, layer) in layers.enumerated() {
      let memory = pass.memory.layers[index]
      Trace.span(layer.labels.forward, .forward) { layer.forward(input, pass, memory) }
      input = UnsafePointer(memory.output.base)
    }
    return input
  }

  /// Computes the loss of the scores that `forward` left, and the gradient of its mean with respect to them.
  public func loss(labels: UnsafePointer<Int32>, _ pass: HeadPass) -> LossResult {
    loss(LossTarget(labels: labels), pass)
  }

  /// Computes the loss of the scores that `forward` left, of rows that may count differently, and the gradient of its
  /// mean with respect to them.
  public func loss(_ target: LossTarget, _ pass: HeadPass) -> LossResult {
    let last = pass.memory.layers[layers.count - 1]
    return softmaxLoss(
      last.output.base, target, rows: pass.rows, classes: classes, dScores: last.dOutput.base)
  }

  /// Computes the loss of the scores that `forward` left against probabilities of the classes, and the gradient of its
  /// mean with respect to them.
  public func loss(_ target: SoftLossTarget, _ pass: HeadPass) -> LossResult {
    let last = pass.memory.layers[layers.count - 1]
    return softLabelLoss(
      last.output.base, target, rows: pass.rows, classes: classes, dScores: last.dOutput.base)
  }

  /// Writes the gradient of the features (rows×featureCount), if a layer of the tower is trained, and, into `gradient`,
  /// those of biases and coefficients, after `loss`.
  public func backwardToFeatures(
    _ pass: HeadPass, gradient: FloatBuffer, dFeatures: UnsafeMutablePointer<Float>
  ) {
    for index in (lowest..<layers.count).reversed() {
      let below = index == 0 ? dFeatures : pass.memory.layers[index - 1].dOutput.base
      Trace.span(layers[index].labels.inputGradient, .backward) {
        layers[index].inputGradient(
          pass, pass.memory.layers[index], gradient: gradient.base,
          dInput: index > lowest || returnsFeatureGradient ? below : nil)
      }
    }
  }

  /// Writes the gradients of the weights, after `backwardToFeatures`.
  public func backwardToWeights(_ pass: HeadPass, gradient: FloatBuffer) {
    for (index, layer) in layers.enumerated() where layer.parameters.rate > 0 {
      Trace.span(layer.labels.weightGradient, .backward) {
        layer.weightGradient(pass, pass.memory.layers[index], gradient: gradient.base)
      }
    }
  }

  /// Updates all parameters, the weights without writing their gradients out, after `backwardToFeatures`. The bits are
  /// those of `backwardToWeights` followed by the solver's update, and so is the result.
  @discardableResult
  public func update(_ pass: HeadPass, momentum: FloatBuffer, gradient: FloatBuffer, _ sgd: SGD) -> Int? {
    var last = -1
    for (index, layer) in layers.enumerated() where layer.parameters.rate > 0 {
      let isFinite = Trace.span(layer.labels.update, .backward) {
        layer.updateWeights(pass, pass.memory.layers[index], momentum: momentum, sgd)
      }
      if !isFinite { last = max(last, layer.index) }
    }
    let state = SolverState(parameters: pass.parameters, momentum: momentum, gradient: gradient)
    let other = sgd.update(smallParameters, state, on: pass.pool)
    last = max(last, other ?? -1)
    return last < 0 ? nil : last
  }
}

/// The head's values and gradients for up to `rows` rows, asked for once.
public final class HeadMemory: Sendable {
  public let rows: Int
  let layers: [FullyConnectedMemory]
  /// The scratch of each thread.
  let scratch: [FloatBuffer]

  /// - Parameter threads: The number of threads of the largest pool that the head will run on.
  public init(_ head: Head, rows: Int, threads: Int, forTraining: Bool) {
    self.rows = rows
    let largest = head.layers.map { $0.products(rows).scratchCount }.max() ?? 0
    scratch = (0..<threads).map { _ in FloatBuffer(largest) }
    layers = head.layers.map { FullyConnectedMemory($0, rows: rows, forTraining: forTraining) }
  }

  /// The number of floats of all buffers.
  var count: Int { scratch.reduce(0) { $0 + $1.count } + layers.reduce(0) { $0 + $1.count } }
}
