import Kernels
import Synchronization
import System

extension LayerDescription {
  public static func fullyConnected(_ settings: FullyConnected) -> LayerDescription { LayerDescription(settings) }

  /// A fully connected layer with bias, the activation after it, then dropout.
  public struct FullyConnected: HeadLayerKind {
    public var name: String
    public var outputs: Int
    public var activation: Activation
    /// The share of units dropped in training.
    public var dropout: Float

    public init(name: String, outputs: Int, activation: Activation, dropout: Float = 0) {
      self.name = name
      self.outputs = outputs
      self.activation = activation
      self.dropout = dropout
    }
  }
}

extension LayerDescription.FullyConnected {
  public static var key: String { "fullyConnected" }

  public init() { self.init(name: "", outputs: 0, activation: .none) }

  public mutating func visit<Visitor: LayerVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
    try visitor.setting("name", &name, required: true)
    try visitor.setting("outputs", &outputs, required: true)
    try visitor.setting("activation", &activation, required: false)
    try visitor.setting("dropout", &dropout, required: false)
  }

  public var summary: String {
    var words = ["fully connected"]
    if activation != .none { words.append(activation.rawValue) }
    if dropout > 0 { words.append("dropout \(dropout)") }
    return words.joined(separator: ", ")
  }

  public func output(of input: Extents) throws(ArchitectureError) -> Extents {
    try checkExtent(outputs, "outputs", from: 1)
    guard (0..<1).contains(dropout) else {
      throw failure("the dropout is a share from 0 to below 1 in 32 bits, found \(dropout)")
    }
    return Extents(channels: outputs, height: 1, width: 1)
  }

  public func weights(of input: Extents) -> [Int]? { [outputs, input.count] }

  public func reference(_ map: [Double], _ pass: inout ReferencePass) -> [Double] {
    let reference = FullyConnectedReference(inputs: pass.layer.input.count, outputs: outputs)
    let weight = pass.weight
    let y = (0..<outputs).map { pass.biases[$0] + reference.output($0, input: { map[$0] }, weight: weight) }
    return pass.dropped(pass.activated(y), share: dropout)
  }
}

/// A fully connected layer with bias, the activation after it, then dropout; it works on all rows of the mini-batch.
///
/// Products fall into pieces that depend only on the extents, never on the threads.
public struct FullyConnectedLayer: Sendable {
  public let name: String
  public let inputs: Int
  public let outputs: Int
  public let activation: Activation
  /// The share of units dropped in training.
  public let dropout: Float
  public let parameters: LayerParameters
  /// The layer's place in the network, which tells its dropout's random numbers from another layer's.
  let index: Int
  /// The precision of the operands of the products.
  let precision: Precision
  /// The names of its passes in a trace.
  let labels: Labels

  struct Labels {
    let forward: TraceLabel
    let inputGradient: TraceLabel
    let weightGradient: TraceLabel
    let update: TraceLabel

    init(_ layer: String) {
      forward = TraceLabel(keeping: "\(layer) forward")
      inputGradient = TraceLabel(keeping: "\(layer) input gradient")
      weightGradient = TraceLabel(keeping: "\(layer) weights' gradient")
      update = TraceLabel(keeping: "\(layer) weights' gradient and update")
    }
  }

  init(
    _ settings: some HeadLayerKind, inputs: Int, parameters: LayerParameters, index: Int, precision: Precision
  ) {
    name = settings.name
    self.inputs = inputs
    outputs = settings.outputs
    activation = settings.activation
    dropout = settings.dropout
    self.parameters = parameters
    self.index = index
    self.precision = precision
    labels = Labels(settings.name)
  }

  /// Computes memory.preactivation = X·Wᵀ + b and memory.output = dropout(f(preactivation)). X is rows×inputs.
  func forward(_ input: UnsafePointer<Float>, _ pass: HeadPass, _ memory: FullyConnectedMemory) {
    let products = products(pass.rows)
    let all = UnsafePointer(pass.parameters.base)
    pass.pool.parallelFor(products.packedInputPieces, as: "input in panels") { piece, _ in
      products.packInput(input, piece: piece, into: memory.packedInput.base)
    }
    pass.forEachPiece(products.forwardPieces, as: "products") { piece in
      products.forward(
        memory.packedInput.base, weights: all + parameters.weight, bias: all + parameters.bias, piece,
        into: memory.preactivation.base)
    }
    activation.expandSlopes(
      all + parameters.slope, channels: outputs, count: outputs, into: memory.slopes.base)
    RowActivation(rows: pass.rows, units: outputs)
      .forward(memory.preactivation.base, slopes: memory.slopes.base, into: memory.output.base)
    guard let iteration = pass.dropout, dropout > 0 else { return }
    pass.pool.parallelFor(pass.rows, as: "dropout") { row, _ in
      let mask = memory.mask.base + row * outputs
      let values = memory.output.base + row * outputs
      iteration.writeMask(layer: index, row: row, units: outputs, dropout: dropout, into: mask)
      for unit in 0..<outputs { values[unit] *= mask[unit] }
    }
  }

  /// Turns memory.dOutput from the gradient of the layer's output into that of its preactivation, with the gradients of
  /// bias and coefficients, then writes dInput = dY·W.
  ///
  /// - Parameters:
  ///   - gradient: The gradient of the network's whole vector.
  ///   - dInput: nil if nothing below is trained.
  func inputGradient(
    _ pass: HeadPass, _ memory: FullyConnectedMemory, gradient: UnsafeMutablePointer<Float>,
    dInput: UnsafeMutablePointer<Float>?
  ) {
    let dY = memory.dOutput.base
    if pass.dropout != nil, dropout > 0 {
      for index in 0..<pass.rows * outputs { dY[index] *= memory.mask.base[index] }
    }
    RowActivation(rows: pass.rows, units: outputs).backward(
      gradient: dY, memory.preactivation.base, slopes: memory.slopes.base, dBias: gradient + parameters.bias,
      dSlopes: memory.dSlopes.base)
    activation.foldSlopeGradient(memory.dSlopes.base, channels: outputs, into: gradient + parameters.slope)
    let products = products(pass.rows)
    let weights = UnsafePointer(pass.parameters.base) + parameters.weight
    pass.pool.parallelFor(products.packedGradientPieces, as: "gradient in panels") { piece, _ in
      products.packGradient(dY, piece: piece, into: memory.packedGradient.base)
    }
    guard let dInput else { return }
    pass.forEachPiece(products.inputGradientPieces, as: "products") { piece in
      products.inputGradient(memory.packedGradient.base, weights: weights, piece, into: dInput)
    }
  }

  /// Writes dW = dYᵀ·X, after `inputGradient` has made dY.
  ///
  /// - Parameter gradient: The gradient of the network's whole vector.
  func weightGradient(_ pass: HeadPass, _ memory: FullyConnectedMemory, gradient: UnsafeMutablePointer<Float>) {
    let products = products(pass.rows)
    pass.forEachPiece(products.weightGradientPieces, as: "weights' gradient") { piece in
      products.weightGradient(
        memory.packedInput.base, dY: memory.packedGradient.base, piece, into: gradient + parameters.weight)
    }
  }

  /// Updates the weights by dYᵀ·X, which is never written out whole, after `inputGradient` has made dY.
  ///
  /// - Returns: Whether all updates are finite.
  func updateWeights(_ pass: HeadPass, _ memory: FullyConnectedMemory, momentum: FloatBuffer, _ sgd: SGD) -> Bool {
    let products = products(pass.rows)
    let update = WeightUpdate(
      weights: pass.parameters.base + parameters.weight, momentum: momentum.base + parameters.weight,
      rule: sgd.rule(for: .weight, rate: parameters.rate))
    let areFinite = Atomic(true)
    pass.forEachPiece(products.weightGradientPieces, as: "weights' gradient and update") { piece in
      let isFinite = products.updateWeights(
        memory.packedInput.base, dY: memory.packedGradient.base, piece, update)
      if !isFinite { areFinite.store(false, ordering: .relaxed) }
    }
    return areFinite.load(ordering: .relaxed)
  }

  func products(_ rows: Int) -> any LayerProducts {
    precision.products(rows: rows, inputs: inputs, outputs: outputs)
  }
}

/// One fully connected layer's values and gradients for all rows, asked for once.
final class FullyConnectedMemory: Sendable {
  /// The input X as the products read it.
  let packedInput: FloatBuffer
  /// The gradient dY as the products read it.
  let packedGradient: FloatBuffer
  /// The products Y before the activation, rows×outputs.
  let preactivation: FloatBuffer
  /// The input of the next layer, rows×outputs.
  let output: FloatBuffer
  /// The factor of each unit and row, 0 or 1/(1 − dropout).
  let mask: FloatBuffer
  /// The gradient of the output, then of the preactivation, rows×outputs.
  let dOutput: FloatBuffer
  /// The coefficient a of each unit.
  let slopes: FloatBuffer
  /// The sums that make the gradient of a.
  let dSlopes: FloatBuffer

  init(_ layer: FullyConnectedLayer, rows: Int, forTraining: Bool) {
    let products = layer.products(rows)
    packedInput = FloatBuffer(products.packedInputCount)
    packedGradient = FloatBuffer(forTraining ? products.packedGradientCount : 0)
    preactivation = FloatBuffer(rows * layer.outputs)
    output = FloatBuffer(rows * layer.outputs)
    mask = FloatBuffer(forTraining && layer.dropout > 0 ? rows * layer.outputs : 0)
    dOutput = FloatBuffer(forTraining ? rows * layer.outputs : 0)
    slopes = FloatBuffer(layer.outputs)
    dSlopes = FloatBuffer(layer.outputs)
  }

  /// The number of floats of all buffers.
  var count: Int {
    [packedInput, packedGradient, preactivation, output, mask, dOutput, slopes, dSlopes].reduce(0) { $0 + $1.count }
  }
}
