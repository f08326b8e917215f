import Kernels

/// The fully connected layers and the softmax loss, on all rows of the mini-batch at once.
public final class Head: Sendable {
  public let layers: [FullyConnectedLayer]
  /// Features of one row.
  public let featureCount: Int
  /// Biases and coefficients.
  private let smallParameters: [ParameterDescription]

  public init(_ architecture: ResolvedArchitecture) {
    featureCount = architecture.featureCount
    smallParameters = architecture.parameters.filter { $0.part == .head && $0.role != .weight }
    layers = architecture.headLayers.map { index in
      guard case .fullyConnected(let description) = architecture.layers[index].description else {
        preconditionFailure("layer \(architecture.layers[index].name) behind a fully connected one")
      }
      return FullyConnectedLayer(
        description, inputs: architecture.layers[index].input.count,
        parameters: LayerParameters(ofLayer: index, in: architecture), index: index)
    }
  }

  public var classes: Int { layers[layers.count - 1].outputs }

  /// Computes the scores (rows×classes) of `rows` rows of features; they stay valid until the memory's next use.
  ///
  /// `dropout`: nil at test time.
  @discardableResult
  public func forward(
    _ features: UnsafePointer<Float>, rows: Int, parameters: FloatBuffer, memory: HeadMemory,
    dropout: DropoutIteration? = nil, on pool: ThreadPool
  ) -> UnsafePointer<Float> {
    precondition(rows <= memory.rows, "\(rows) rows in memory for \(memory.rows)")
    for (index, layer) in layers.enumerated() {
      layer.forward(
        input(of: index, features, memory), rows: rows, all: parameters.base, memory: memory.layers[index],
        dropout: dropout, scratch: memory.scratch, on: pool)
    }
    return UnsafePointer(memory.layers[layers.count - 1].output.base)
  }

  /// The loss of the scores that `forward` left, and the gradient of its mean with respect to them.
  public func loss(labels: UnsafePointer<Int32>, rows: Int, memory: HeadMemory) -> LossResult {
    let last = memory.layers[layers.count - 1]
    return softmaxLoss(
      last.output.base, labels: labels, rows: rows, classes: classes, dScores: last.dOutput.base)
  }

  /// After `loss`: the gradient of the features (rows×featureCount), and the gradients of biases and coefficients.
  public func backwardToFeatures(
    rows: Int, parameters: FloatBuffer, gradient: FloatBuffer, memory: HeadMemory, droppedOut: Bool,
    dFeatures: UnsafeMutablePointer<Float>, on pool: ThreadPool
  ) {
    for index in layers.indices.reversed() {
      layers[index].inputGradient(
        rows: rows, all: parameters.base, memory: memory.layers[index], droppedOut: droppedOut,
        dParameters: gradient.base, dInput: index == 0 ? dFeatures : memory.layers[index - 1].dOutput.base,
        scratch: memory.scratch, on: pool)
    }
  }

  /// After `backwardToFeatures`: the gradients of the weights, written out.
  public func backwardToWeights(rows: Int, gradient: FloatBuffer, memory: HeadMemory, on pool: ThreadPool) {
    for (index, layer) in layers.enumerated() {
      layer.weightGradient(
        rows: rows, memory: memory.layers[index], dParameters: gradient.base, scratch: memory.scratch, on: pool)
    }
  }

  /// After `backwardToFeatures`: updates all parameters, the weights without writing their gradients out. The same bits
  /// as `backwardToWeights` followed by the solver's update, and its result.
  @discardableResult
  public func update(
    rows: Int, parameters: FloatBuffer, momentum: FloatBuffer, gradient: FloatBuffer, memory: HeadMemory, sgd: SGD,
    on pool: ThreadPool
  ) -> Int? {
    var last = -1
    for (index, layer) in layers.enumerated() {
      let isFinite = layer.updateWeights(
        rows: rows, all: parameters.base, momentum: momentum.base, sgd: sgd, memory: memory.layers[index],
        scratch: memory.scratch, on: pool)
      if !isFinite { last = max(last, layer.index) }
    }
    let other = sgd.update(smallParameters, parameters: parameters, momentum: momentum, gradient: gradient, on: pool)
    last = max(last, other ?? -1)
    return last < 0 ? nil : last
  }

  private func input(
    of index: Int, _ features: UnsafePointer<Float>, _ memory: HeadMemory
  ) -> UnsafePointer<Float> {
    index == 0 ? features : UnsafePointer(memory.layers[index - 1].output.base)
  }
}

/// The head's values and gradients for up to `rows` rows, asked for once.
public final class HeadMemory: Sendable {
  public let rows: Int
  let layers: [FullyConnectedMemory]
  /// One for each thread.
  let scratch: [FloatBuffer]

  /// - Parameter threads: of the largest pool that the head will run on.
  public init(_ head: Head, rows: Int, threads: Int, forTraining: Bool) {
    self.rows = rows
    let largest = head.layers.map { $0.products(rows).scratchCount }.max() ?? 0
    scratch = (0..<threads).map { _ in FloatBuffer(largest) }
    layers = head.layers.map { FullyConnectedMemory($0, rows: rows, forTraining: forTraining) }
  }
}
