import Kernels
import Synchronization

/// A fully connected layer with bias, the activation after it, then dropout; works on all rows of the mini-batch.
///
/// Products fall into pieces that depend on the extents only, never on the threads.
public struct FullyConnectedLayer: Sendable {
  public let name: String
  public let inputs: Int
  public let outputs: Int
  public let activation: Activation
  /// The share of units dropped in training.
  public let dropout: Float
  public let parameters: LayerParameters
  /// Where the layer stands in the network: tells its dropout's random numbers from another layer's.
  let index: Int

  init(
    _ description: LayerDescription.FullyConnected, inputs: Int, parameters: LayerParameters, index: Int
  ) {
    name = description.name
    self.inputs = inputs
    outputs = description.outputs
    activation = description.activation
    dropout = description.dropout
    self.parameters = parameters
    self.index = index
  }

  /// memory.preactivation = X·Wᵀ + b; memory.output = dropout(f(preactivation)). X is `rows`×inputs.
  ///
  /// `dropout`: the random numbers of this iteration's masks; nil at test time, when dropout is the identity.
  func forward(
    _ input: UnsafePointer<Float>, rows: Int, all: UnsafePointer<Float>, memory: FullyConnectedMemory,
    dropout iteration: DropoutIteration?, scratch: [FloatBuffer], on pool: ThreadPool
  ) {
    let products = products(rows)
    pool.parallelFor(products.input.pieces) { piece, _ in
      products.input.pack(input, piece: piece, into: memory.packedInput.base)
    }
    pool.parallelFor(products.forwardPieces) { piece, thread in
      products.forward(
        memory.packedInput.base, weights: all + parameters.weight, bias: all + parameters.bias, piece: piece,
        into: memory.preactivation.base, scratch: scratch[thread].base)
    }
    activation.expandSlopes(
      all + parameters.slope, channels: outputs, count: outputs, into: memory.slopes.base)
    activateRows(
      memory.preactivation.base, slopes: memory.slopes.base, rows: rows, units: outputs, into: memory.output.base)
    guard let iteration, dropout > 0 else { return }
    pool.parallelFor(rows) { row, _ in
      let mask = memory.mask.base + row * outputs
      let values = memory.output.base + row * outputs
      iteration.writeMask(layer: index, row: row, units: outputs, dropout: dropout, into: mask)
      for unit in 0..<outputs { values[unit] *= mask[unit] }
    }
  }

  /// Turns memory.dOutput from the gradient of the layer's output into that of its preactivation, with the gradients of
  /// bias and coefficients, then writes dInput = dY·W.
  func inputGradient(
    rows: Int, all: UnsafePointer<Float>, memory: FullyConnectedMemory, droppedOut: Bool,
    dParameters: UnsafeMutablePointer<Float>, dInput: UnsafeMutablePointer<Float>, scratch: [FloatBuffer],
    on pool: ThreadPool
  ) {
    let dY = memory.dOutput.base
    if droppedOut, dropout > 0 {
      for index in 0..<rows * outputs { dY[index] *= memory.mask.base[index] }
    }
    activationGradientRows(
      gradient: dY, preactivation: memory.preactivation.base, slopes: memory.slopes.base, rows: rows,
      units: outputs, dBias: dParameters + parameters.bias, dSlopes: memory.dSlopes.base)
    activation.foldSlopeGradient(
      memory.dSlopes.base, channels: outputs, into: dParameters + parameters.slope)
    let products = products(rows)
    pool.parallelFor(products.output.pieces) { piece, _ in
      products.output.pack(dY, piece: piece, into: memory.packedGradient.base)
    }
    pool.parallelFor(products.inputGradientPieces) { piece, thread in
      products.inputGradient(
        memory.packedGradient.base, weights: all + parameters.weight, piece: piece, into: dInput,
        scratch: scratch[thread].base)
    }
  }

  /// dW = dYᵀ·X, after `inputGradient` has made dY.
  func weightGradient(
    rows: Int, memory: FullyConnectedMemory, dParameters: UnsafeMutablePointer<Float>, scratch: [FloatBuffer],
    on pool: ThreadPool
  ) {
    let products = products(rows)
    pool.parallelFor(products.weightGradientPieces) { piece, thread in
      products.weightGradient(
        memory.packedInput.base, dY: memory.packedGradient.base, piece: piece, into: dParameters + parameters.weight,
        scratch: scratch[thread].base)
    }
  }

  /// Updates the weights by dYᵀ·X, which is never written out whole, after `inputGradient` has made dY.
  ///
  /// - Returns: whether the updates are all numbers.
  func updateWeights(
    rows: Int, all: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>, sgd: SGD,
    memory: FullyConnectedMemory, scratch: [FloatBuffer], on pool: ThreadPool
  ) -> Bool {
    let products = products(rows)
    let rule = sgd.rule(for: .weight)
    let areFinite = Atomic(true)
    pool.parallelFor(products.weightGradientPieces) { piece, thread in
      let isFinite = products.updateWeights(
        memory.packedInput.base, dY: memory.packedGradient.base, piece: piece, weights: all + parameters.weight,
        momentum: momentum + parameters.weight, rule, scratch: scratch[thread].base)
      if !isFinite { areFinite.store(false, ordering: .relaxed) }
    }
    return areFinite.load(ordering: .relaxed)
  }

  func products(_ rows: Int) -> FullyConnectedProducts {
    FullyConnectedProducts(rows: rows, inputs: inputs, outputs: outputs)
  }
}

/// One fully connected layer's values and gradients for all rows, asked for once.
final class FullyConnectedMemory: Sendable {
  /// X in panels, as the products read it.
  let packedInput: FloatBuffer
  /// dY in panels.
  let packedGradient: FloatBuffer
  /// Y, rows×outputs.
  let preactivation: FloatBuffer
  /// What the next layer reads, rows×outputs.
  let output: FloatBuffer
  /// 0 or 1/(1 − dropout) for each unit and row.
  let mask: FloatBuffer
  /// The gradient of the output, then of the preactivation, rows×outputs.
  let dOutput: FloatBuffer
  /// a for each unit, and the sums that make its gradient.
  let slopes: FloatBuffer
  let dSlopes: FloatBuffer

  init(_ layer: FullyConnectedLayer, rows: Int, forTraining: Bool) {
    let products = layer.products(rows)
    packedInput = FloatBuffer(products.input.count)
    packedGradient = FloatBuffer(forTraining ? products.output.count : 0)
    preactivation = FloatBuffer(rows * layer.outputs)
    output = FloatBuffer(rows * layer.outputs)
    mask = FloatBuffer(forTraining && layer.dropout > 0 ? rows * layer.outputs : 0)
    dOutput = FloatBuffer(forTraining ? rows * layer.outputs : 0)
    slopes = FloatBuffer(layer.outputs)
    dSlopes = FloatBuffer(layer.outputs)
  }
}
