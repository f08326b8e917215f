import Kernels

/// A fully connected layer with bias, the activation after it, then dropout; works on all rows of the mini-batch.
///
/// Products are cut into panels that depend on the extents only, never on the threads: OpenBLAS adds in an order that
/// changes with the extents it is given.
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

  /// Panels of at least 64 and at most 512, eight or more where the extent allows it.
  private static func panels(_ extent: Int) -> (count: Int, width: Int) {
    let width = min(512, max(64, (extent / 8 + 15) / 16 * 16))
    return ((extent + width - 1) / width, width)
  }

  /// memory.preactivation = X·Wᵀ + b; memory.output = dropout(f(preactivation)). X is `rows`×inputs.
  ///
  /// `dropout`: the random numbers of this iteration's masks; nil at test time, when dropout is the identity.
  func forward(
    _ input: UnsafePointer<Float>, rows: Int, all: UnsafePointer<Float>, memory: FullyConnectedMemory,
    dropout iteration: DropoutIteration?, on pool: ThreadPool
  ) {
    let (count, width) = Self.panels(outputs)
    pool.parallelFor(count) { panel, _ in
      let first = panel * width
      let columns = min(width, outputs - first)
      let y = memory.preactivation.base + first
      matrixProduct(
        input, .plain, leadingA: inputs, all + parameters.weight + first * inputs, .transposed, leadingB: inputs,
        into: y, leadingC: outputs, rows: rows, columns: columns, depth: inputs)
      let bias = all + parameters.bias + first
      for row in 0..<rows { add(bias, to: y + row * outputs, count: columns) }
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
    dParameters: UnsafeMutablePointer<Float>, dInput: UnsafeMutablePointer<Float>, on pool: ThreadPool
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
    let (count, width) = Self.panels(inputs)
    pool.parallelFor(count) { panel, _ in
      let first = panel * width
      matrixProduct(
        dY, .plain, leadingA: outputs, all + parameters.weight + first, .plain, leadingB: inputs,
        into: dInput + first, leadingC: inputs, rows: rows, columns: min(width, inputs - first), depth: outputs)
    }
  }

  /// dW = dYᵀ·X, after `inputGradient` has made dY.
  func weightGradient(
    _ input: UnsafePointer<Float>, rows: Int, memory: FullyConnectedMemory,
    dParameters: UnsafeMutablePointer<Float>, on pool: ThreadPool
  ) {
    let (count, width) = Self.panels(outputs)
    pool.parallelFor(count) { panel, _ in
      let first = panel * width
      matrixProduct(
        memory.dOutput.base + first, .transposed, leadingA: outputs, input, .plain, leadingB: inputs,
        into: dParameters + parameters.weight + first * inputs, leadingC: inputs,
        rows: min(width, outputs - first), columns: inputs, depth: rows)
    }
  }
}

/// One fully connected layer's values and gradients for all rows, asked for once.
final class FullyConnectedMemory: Sendable {
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
    preactivation = FloatBuffer(rows * layer.outputs)
    output = FloatBuffer(rows * layer.outputs)
    mask = FloatBuffer(forTraining && layer.dropout > 0 ? rows * layer.outputs : 0)
    dOutput = FloatBuffer(forTraining ? rows * layer.outputs : 0)
    slopes = FloatBuffer(layer.outputs)
    dSlopes = FloatBuffer(layer.outputs)
  }
}
