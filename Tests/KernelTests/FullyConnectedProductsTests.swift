import Kernels
import Randomness
import System
import Testing

/// A fully connected layer's extents and the seed of its data.
private struct LayerCase: Sendable, CustomTestStringConvertible {
  var rows: Int
  var inputs: Int
  var outputs: Int
  var seed: Int { rows * 1_000_000 + inputs * 1000 + outputs }

  var testDescription: String { "\(rows) rows, \(inputs) → \(outputs), seed \(seed)" }

  /// Extents around panels, pieces and parts of the inner extent; the rows of a mini-batch, of a short one, of one.
  static let table =
    [1, 5, 14, 128].flatMap { rows in
      [1, 31, 32, 33, 100].flatMap { inputs in
        [1, 10, 32, 63, 130].map { LayerCase(rows: rows, inputs: inputs, outputs: $0) }
      }
    }
    // Every number of rows that a tile of the product can be left with.
    + (2...31).map { LayerCase(rows: $0, inputs: 40, outputs: 35) }
    + [96, 97, 110, 111, 124, 125, 126, 127].map { LayerCase(rows: $0, inputs: 40, outputs: 35) }
    + [
      LayerCase(rows: 17, inputs: 1700, outputs: 70), LayerCase(rows: 9, inputs: 70, outputs: 1700),
      LayerCase(rows: 128, inputs: 800, outputs: 300),
    ]
}

private struct LayerTrial {
  let products: FullyConnectedProducts
  let x: [Float]
  let dY: [Float]
  let weights: [Float]
  let bias: [Float]

  init(_ layer: LayerCase) {
    products = FullyConnectedProducts(rows: layer.rows, inputs: layer.inputs, outputs: layer.outputs)
    var numbers = SplitMix64(layer.seed)
    x = numbers.floats(layer.rows * layer.inputs)
    dY = numbers.floats(layer.rows * layer.outputs)
    weights = numbers.floats(layer.outputs * layer.inputs)
    bias = numbers.floats(layer.outputs)
  }

  func packed(_ matrix: [Float], _ panels: RowPanels) -> GuardedBuffer {
    let buffer = GuardedBuffer(panels.count)
    for piece in 0..<panels.pieces { panels.pack(matrix, piece: piece, into: buffer.base) }
    #expect(buffer.isIntactAround)
    return buffer
  }

  /// Scratch whose content is a NaN everywhere, for each piece anew.
  func scratch() -> GuardedBuffer { GuardedBuffer(products.scratchCount) }

  func dWeights() -> GuardedBuffer {
    let (px, pdY) = (packed(x, products.input), packed(dY, products.output))
    let dW = GuardedBuffer(weights.count)
    for piece in 0..<products.weightGradientPieces {
      let scratch = scratch()
      products.weightGradient(
        px.base, dY: pdY.base, ProductPiece(piece, scratch: scratch.base), into: dW.base)
      #expect(scratch.isIntactAround)
    }
    #expect(dW.isIntactAround)
    return dW
  }
}

@Test(arguments: LayerCase.table)
private func productsOfAFullyConnectedLayer(layer: LayerCase) {
  let trial = LayerTrial(layer)
  let (products, rows, inputs, outputs) = (trial.products, layer.rows, layer.inputs, layer.outputs)
  let (px, pdY) = (trial.packed(trial.x, products.input), trial.packed(trial.dY, products.output))
  let reference = FullyConnectedReference(inputs: inputs, outputs: outputs)
  let (x, w, b) = (trial.x.map(Double.init), trial.weights.map(Double.init), trial.bias.map(Double.init))
  let g = trial.dY.map(Double.init)

  let y = GuardedBuffer(rows * outputs)
  for piece in 0..<products.forwardPieces {
    let scratch = trial.scratch()
    products.forward(
      px.base, weights: trial.weights, bias: trial.bias, ProductPiece(piece, scratch: scratch.base), into: y.base)
    #expect(scratch.isIntactAround)
  }
  #expect(
    scaledError(
      y.values, reference.forward(input: x, weights: w, bias: b),
      reference.forward(input: x.map(abs), weights: w.map(abs), bias: b.map(abs))) < roundingBound)

  let dX = GuardedBuffer(rows * inputs)
  for piece in 0..<products.inputGradientPieces {
    let scratch = trial.scratch()
    products.inputGradient(
      pdY.base, weights: trial.weights, ProductPiece(piece, scratch: scratch.base), into: dX.base)
    #expect(scratch.isIntactAround)
  }
  #expect(
    scaledError(
      dX.values, reference.inputGradient(dOutput: g, weights: w),
      reference.inputGradient(dOutput: g.map(abs), weights: w.map(abs))) < roundingBound)

  #expect(
    scaledError(
      trial.dWeights().values, reference.weightGradient(input: x, dOutput: g),
      reference.weightGradient(input: x.map(abs), dOutput: g.map(abs))) < roundingBound)
  #expect(y.isIntactAround && dX.isIntactAround)
}

@Test(arguments: LayerCase.table)
private func theUpdateInPassingHasTheSameBits(layer: LayerCase) {
  let trial = LayerTrial(layer)
  var numbers = SplitMix64(layer.seed + 1)
  let velocity = numbers.floats(trial.weights.count)
  let rule = MomentumRule(learningRate: 0.01, momentumFactor: 0.9, weightDecay: 0.0005)

  let (weights, momentum) = (GuardedBuffer(trial.weights), GuardedBuffer(velocity))
  let gradient = trial.dWeights()
  momentumUpdate(
    weights: weights.base, momentum: momentum.base, gradient: gradient.base, count: trial.weights.count, rule)

  let (passing, passingMomentum) = (GuardedBuffer(trial.weights), GuardedBuffer(velocity))
  let (px, pdY) = (trial.packed(trial.x, trial.products.input), trial.packed(trial.dY, trial.products.output))
  for piece in 0..<trial.products.weightGradientPieces {
    let scratch = trial.scratch()
    trial.products.updateWeights(
      px.base, dY: pdY.base, ProductPiece(piece, scratch: scratch.base),
      WeightUpdate(weights: passing.base, momentum: passingMomentum.base, rule: rule))
  }
  #expect(passing.bits == weights.bits && passingMomentum.bits == momentum.bits)
  #expect(passing.isIntactAround && passingMomentum.isIntactAround)
}

/// Worked by hand: W = 1 2 3 / 4 5 6 and two rows.
@Test func referenceProductsByHand() {
  let reference = FullyConnectedReference(inputs: 3, outputs: 2)
  let (x, w): ([Double], [Double]) = ([1, 0, 2, 0, 1, 0], [1, 2, 3, 4, 5, 6])
  #expect(reference.forward(input: x, weights: w, bias: [10, 20]) == [17, 36, 12, 25])
  #expect(reference.inputGradient(dOutput: [1, 10, 0, 1], weights: w) == [41, 52, 63, 4, 5, 6])
  #expect(reference.weightGradient(input: x, dOutput: [1, 10, 0, 1]) == [1, 0, 2, 10, 1, 20])
}
