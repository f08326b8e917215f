import Kernels
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
    var numbers = SeededNumbers(layer.seed)
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
      products.weightGradient(px.base, dY: pdY.base, piece: piece, into: dW.base, scratch: scratch.base)
      #expect(scratch.isIntactAround)
    }
    #expect(dW.isIntactAround)
    return dW
  }
}

/// (value, sum of magnitudes) of a product of row-major matrices in Double: C[i][j] = Σ_k a(i, k)·b(k, j) + start(j).
private func reference(
  _ rows: Int, _ columns: Int, _ depth: Int, _ a: (Int, Int) -> Float, _ b: (Int, Int) -> Float,
  start: (Int) -> Float = { _ in 0 }
) -> (value: [Double], size: [Double]) {
  var result = (value: [Double](), size: [Double]())
  for i in 0..<rows {
    for j in 0..<columns {
      var (sum, size) = (Double(start(j)), Double(abs(start(j))))
      for k in 0..<depth {
        let product = Double(a(i, k)) * Double(b(k, j))
        sum += product
        size += abs(product)
      }
      result.value.append(sum)
      result.size.append(size)
    }
  }
  return result
}

@Test(arguments: LayerCase.table)
private func productsOfAFullyConnectedLayer(layer: LayerCase) {
  let trial = LayerTrial(layer)
  let (products, rows, inputs, outputs) = (trial.products, layer.rows, layer.inputs, layer.outputs)
  let (px, pdY) = (trial.packed(trial.x, products.input), trial.packed(trial.dY, products.output))

  let y = GuardedBuffer(rows * outputs)
  for piece in 0..<products.forwardPieces {
    let scratch = trial.scratch()
    products.forward(
      px.base, weights: trial.weights, bias: trial.bias, piece: piece, into: y.base, scratch: scratch.base)
    #expect(scratch.isIntactAround)
  }
  let expectedY = reference(
    rows, outputs, inputs, { trial.x[$0 * inputs + $1] }, { trial.weights[$1 * inputs + $0] }, start: { trial.bias[$0] }
  )
  #expect(scaledError(y.values, expectedY.value, expectedY.size) < roundingBound)

  let dX = GuardedBuffer(rows * inputs)
  for piece in 0..<products.inputGradientPieces {
    let scratch = trial.scratch()
    products.inputGradient(pdY.base, weights: trial.weights, piece: piece, into: dX.base, scratch: scratch.base)
    #expect(scratch.isIntactAround)
  }
  let expectedX = reference(
    rows, inputs, outputs, { trial.dY[$0 * outputs + $1] }, { trial.weights[$0 * inputs + $1] })
  #expect(scaledError(dX.values, expectedX.value, expectedX.size) < roundingBound)

  let expectedW = reference(
    outputs, inputs, rows, { trial.dY[$1 * outputs + $0] }, { trial.x[$0 * inputs + $1] })
  #expect(scaledError(trial.dWeights().values, expectedW.value, expectedW.size) < roundingBound)
  #expect(y.isIntactAround && dX.isIntactAround)
}

@Test(arguments: LayerCase.table)
private func theUpdateInPassingHasTheSameBits(layer: LayerCase) {
  let trial = LayerTrial(layer)
  var numbers = SeededNumbers(layer.seed + 1)
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
      px.base, dY: pdY.base, piece: piece, weights: passing.base, momentum: passingMomentum.base, rule,
      scratch: scratch.base)
  }
  #expect(passing.bits == weights.bits && passingMomentum.bits == momentum.bits)
  #expect(passing.isIntactAround && passingMomentum.isIntactAround)
}
