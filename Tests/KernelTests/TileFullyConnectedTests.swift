import Kernels
import Randomness
import System
import Testing

/// A fully connected layer on tiles by one engine.
private struct TileCase: Sendable, CustomTestStringConvertible {
  var rows: Int
  var inputs: Int
  var outputs: Int
  var engine: TileEngine
  var seed: Int { rows * 1_000_000 + inputs * 1000 + outputs }

  var testDescription: String { "\(engine.name), \(rows) rows, \(inputs) → \(outputs), seed \(seed)" }

  var products: TileFullyConnected {
    TileFullyConnected(rows: rows, inputs: inputs, outputs: outputs, engine: engine)
  }

  /// Extents around units, groups of rows, pieces and parts of the inner extent, by every engine that runs here.
  static let table = TileEngine.allCases.filter(\.runsHere).flatMap { engine in
    [1, 5, 16, 17, 32, 33, 128].flatMap { rows in
      [1, 31, 32, 33, 100].flatMap { inputs in
        [1, 10, 32, 63, 130].map { TileCase(rows: rows, inputs: inputs, outputs: $0, engine: engine) }
      }
    }
      + [
        TileCase(rows: 17, inputs: 1700, outputs: 70, engine: engine),
        TileCase(rows: 9, inputs: 70, outputs: 1700, engine: engine),
        TileCase(rows: 128, inputs: 1100, outputs: 300, engine: engine),
      ]
  }
}

/// A layer's data, and its operands as the products read them.
private struct TileTrial {
  let products: TileFullyConnected
  let x: [Float]
  let dY: [Float]
  let weights: [Float]
  let bias: [Float]
  let packedInput: GuardedBuffer
  let packedGradient: GuardedBuffer

  init(_ test: TileCase) {
    products = test.products
    var numbers = SplitMix64(test.seed)
    x = numbers.floats(test.rows * test.inputs)
    dY = numbers.floats(test.rows * test.outputs)
    weights = numbers.floats(test.outputs * test.inputs)
    bias = numbers.floats(test.outputs)
    packedInput = GuardedBuffer(products.packedInputCount)
    for piece in 0..<products.packedInputPieces { products.packInput(x, piece: piece, into: packedInput.base) }
    packedGradient = GuardedBuffer(products.packedGradientCount)
    for piece in 0..<products.packedGradientPieces {
      products.packGradient(dY, piece: piece, into: packedGradient.base)
    }
    #expect(packedInput.isIntactAround && packedGradient.isIntactAround)
  }

  /// Calls `body` with pieces, each with scratch whose content is a NaN everywhere.
  func forEachPiece(_ count: Int, _ body: (ProductPiece) -> Void) {
    for piece in 0..<count {
      let scratch = GuardedBuffer(products.scratchCount)
      body(ProductPiece(piece, scratch: scratch.base))
      #expect(scratch.isIntactAround)
    }
  }

  func dWeights() -> GuardedBuffer {
    let dW = GuardedBuffer(weights.count)
    forEachPiece(products.weightGradientPieces) { piece in
      products.weightGradient(packedInput.base, dY: packedGradient.base, piece, into: dW.base)
    }
    #expect(dW.isIntactAround)
    return dW
  }
}

@Test(arguments: TileCase.table)
private func productsOfAFullyConnectedLayerOnTiles(test: TileCase) {
  let trial = TileTrial(test)
  let (products, rows, inputs, outputs) = (trial.products, test.rows, test.inputs, test.outputs)
  let reference = FullyConnectedReference(inputs: inputs, outputs: outputs)
  func operands(_ values: [Float]) -> [Double] { values.map { Double(Precision.bfloat16.operand($0)) } }
  let (x, w, g) = (operands(trial.x), operands(trial.weights), operands(trial.dY))
  let b = trial.bias.map(Double.init)

  let y = GuardedBuffer(rows * outputs)
  trial.forEachPiece(products.forwardPieces) { piece in
    products.forward(trial.packedInput.base, weights: trial.weights, bias: trial.bias, piece, into: y.base)
  }
  #expect(
    scaledError(
      y.values, reference.forward(input: x, weights: w, bias: b),
      reference.forward(input: x.map(abs), weights: w.map(abs), bias: b.map(abs))) < roundingBound)

  let dX = GuardedBuffer(rows * inputs)
  trial.forEachPiece(products.inputGradientPieces) { piece in
    products.inputGradient(trial.packedGradient.base, weights: trial.weights, piece, into: dX.base)
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

@Test(arguments: TileCase.table)
private func theUpdateOnTilesInPassingHasTheSameBits(test: TileCase) {
  let trial = TileTrial(test)
  var numbers = SplitMix64(test.seed + 1)
  let velocity = numbers.floats(trial.weights.count)
  let rule = MomentumRule(learningRate: 0.01, momentumFactor: 0.9, weightDecay: 0.0005)
  let (weights, momentum) = (GuardedBuffer(trial.weights), GuardedBuffer(velocity))
  let gradient = trial.dWeights()
  momentumUpdate(
    weights: weights.base, momentum: momentum.base, gradient: gradient.base, count: trial.weights.count, rule)

  let (passing, passingMomentum) = (GuardedBuffer(trial.weights), GuardedBuffer(velocity))
  trial.forEachPiece(trial.products.weightGradientPieces) { piece in
    trial.products.updateWeights(
      trial.packedInput.base, dY: trial.packedGradient.base, piece,
      WeightUpdate(weights: passing.base, momentum: passingMomentum.base, rule: rule))
  }
  #expect(passing.bits == weights.bits && passingMomentum.bits == momentum.bits)
  #expect(passing.isIntactAround && passingMomentum.isIntactAround)
}

/// The emulation computes the same bits as matrix tiles, on a processor that has them.
@Test(.enabled(if: TileEngine.matrixTiles.runsHere))
func theEmulationIsWhatTheProcessorDoes() {
  for rows in [1, 16, 33] {
    func outputs(_ engine: TileEngine) -> [UInt32] {
      let trial = TileTrial(TileCase(rows: rows, inputs: 200, outputs: 70, engine: engine))
      let y = GuardedBuffer(rows * 70)
      trial.forEachPiece(trial.products.forwardPieces) { piece in
        trial.products.forward(trial.packedInput.base, weights: trial.weights, bias: trial.bias, piece, into: y.base)
      }
      return y.bits + trial.dWeights().bits
    }
    #expect(outputs(.matrixTiles) == outputs(.emulatedTiles))
  }
}
