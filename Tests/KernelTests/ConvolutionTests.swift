import Kernels
import Randomness
import Testing

@Test(arguments: ConvolutionCase.table)
func forwardIsTheReference(shape: ConvolutionCase) {
  let trial = ConvolutionTrial(shape)
  let direct = shape.direct
  for slopes in [nil, trial.slopes] {
    let padded = trial.padded(slopes: slopes)
    let weights = trial.packedWeights()
    let output = GuardedBuffer(direct.outputCount)
    direct.forward(
      padded: padded.base, weights: weights.base, bias: filled(trial.bias), output: output.base)

    let (height, width) = (shape.outputHeight, shape.outputWidth)
    let input = activatedReference(trial.input, slopes: slopes)
    let (w, b) = (trial.weights.map(Double.init), trial.bias.map(Double.init))
    let error = scaledError(
      planar(output.values, channels: shape.filters, height: height, width: width),
      shape.reference.forward(input: input, weights: w, bias: b),
      shape.reference.forward(input: input.map(abs), weights: w.map(abs), bias: b.map(abs)))
    #expect(error < roundingBound)
    #expect(beyond(output.values, channels: shape.filters, height: height, width: width).allSatisfy { $0 == 0 })
    #expect(padded.isIntactAround && weights.isIntactAround && output.isIntactAround)
  }
}

@Test(arguments: ConvolutionCase.table)
func inputGradientIsTheReference(shape: ConvolutionCase) {
  let trial = ConvolutionTrial(shape)
  let places = GradientSpread(shape.shape)
  let turned = DirectKernel(
    inputBlocks: shape.output.blocks, output: shape.input, kernel: shape.kernel, stride: 1)
  let weights = GuardedBuffer(shape.packing.packedCount)
  shape.packing.packTurned(trial.weights, into: weights.base)
  let zeros = GuardedBuffer([Float](repeating: 0, count: 16 * turned.filterBlocks))
  let dOutput = GuardedBuffer(trial.blockedOutputGradient)

  func inputGradient(_ spread: GuardedBuffer) -> GuardedBuffer {
    let dInput = GuardedBuffer(turned.outputCount)
    turned.forward(padded: spread.base, weights: weights.base, bias: zeros.base, output: dInput.base)
    return dInput
  }

  let spread = GuardedBuffer(turned.paddedCount)
  spreadGradient(dOutput.base, shape.output, places, into: spread.base, turned.padded)
  let dInput = inputGradient(spread)

  let (g, w) = (trial.dOutput.map(Double.init), trial.weights.map(Double.init))
  let error = scaledError(
    planar(dInput.values, channels: shape.channels, height: shape.height, width: shape.width),
    shape.reference.inputGradient(dOutput: g, weights: w),
    shape.reference.inputGradient(dOutput: g.map(abs), weights: w.map(abs)))
  #expect(error < roundingBound)
  let rest = beyond(dInput.values, channels: shape.channels, height: shape.height, width: shape.width)
  #expect(rest.allSatisfy { $0 == 0 })
  #expect(weights.isIntactAround && spread.isIntactAround && dInput.isIntactAround)

  // With stride 1 spreading is nothing but padding.
  if shape.stride == 1, places.before >= 0 {
    let padded = GuardedBuffer(turned.paddedCount)
    padActivated(
      PendingMap(values: dOutput.base), shape.output, padding: places.before, into: padded.base, turned.padded)
    #expect(padded.bits == spread.bits)
  }
}

@Test(arguments: ConvolutionCase.table)
func weightGradientIsTheReferenceAddedUp(shape: ConvolutionCase) {
  let trial = ConvolutionTrial(shape)
  let direct = shape.direct
  let padded = trial.padded(slopes: trial.slopes)
  let dOutput = GuardedBuffer(trial.blockedOutputGradient)
  // What the gradient is added to: as if another image had been there before.
  var numbers = SplitMix64(shape.seed + 1)
  let earlier = numbers.floats(trial.weights.count)
  let dWeights = GuardedBuffer(direct.weightCount)
  shape.packing.pack(earlier, into: dWeights.base)
  direct.weightGradient(padded: padded.base, dOutput: dOutput.base, dWeights: dWeights.base)
  let unpacked = GuardedBuffer(trial.weights.count)
  shape.packing.unpack(dWeights.base, into: unpacked.base)

  let input = activatedReference(trial.input, slopes: trial.slopes)
  let g = trial.dOutput.map(Double.init)
  let sums = shape.reference.weightGradient(input: input, dOutput: g)
  let magnitudes = shape.reference.weightGradient(input: input.map(abs), dOutput: g.map(abs))
  let error = scaledError(
    unpacked.values, zip(earlier, sums).map { Double($0) + $1 }, zip(earlier, magnitudes).map { Double(abs($0)) + $1 })
  #expect(error < roundingBound)
  #expect(dWeights.isIntactAround && unpacked.isIntactAround)

  // Beyond the real filters and channels it stays zero: packing the real ones again gives the same bits.
  let again = GuardedBuffer(direct.weightCount)
  shape.packing.pack(unpacked.base, into: again.base)
  #expect(again.values == dWeights.values)
}
