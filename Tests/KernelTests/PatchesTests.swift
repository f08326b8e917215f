import Kernels
import Testing

private func patches(_ shape: ConvolutionCase) -> Patches {
  Patches(
    channels: shape.channels, height: shape.height, width: shape.width, kernel: shape.kernel, stride: shape.stride,
    padding: shape.padding)
}

private func patchMap(_ trial: ConvolutionTrial, offset: Int = 0) -> GuardedBuffer {
  let patches = patches(trial.shape)
  let map = GuardedBuffer(patches.output.count, offset: offset)
  let image = GuardedBuffer(trial.input, offset: offset)
  patches.write(image.base, into: map.base)
  return map
}

@Test(arguments: ConvolutionCase.table)
func patchesHoldWhatLiesUnderTheFilter(shape: ConvolutionCase) {
  let trial = ConvolutionTrial(shape)
  let extents = patches(shape).output
  #expect(extents.channels == shape.channels * shape.kernel * shape.kernel)
  #expect(extents.height == shape.outputHeight && extents.width == shape.outputWidth)
  var expected: [Float] = []
  for channel in 0..<shape.channels {
    for r in 0..<shape.kernel {
      for s in 0..<shape.kernel {
        for row in 0..<extents.height {
          for column in 0..<extents.width {
            let y = row * shape.stride + r - shape.padding
            let x = column * shape.stride + s - shape.padding
            let inside = (0..<shape.height).contains(y) && (0..<shape.width).contains(x)
            expected.append(inside ? trial.input[(channel * shape.height + y) * shape.width + x] : 0)
          }
        }
      }
    }
  }
  let whole = blocked(expected, channels: extents.channels, height: extents.height, width: extents.width)
  for offset in [0, 3] {
    let map = patchMap(trial, offset: offset)
    #expect(map.values == whole)
    #expect(map.isIntactAround)
  }
}

/// A first layer: the convolution of the image is a 1×1 convolution of its patches, with the weights in their own order.
@Test(arguments: ConvolutionCase.table.filter { $0.channels <= 3 })
func convolutionOfPatchesIsTheReference(shape: ConvolutionCase) {
  let trial = ConvolutionTrial(shape)
  let extents = patches(shape).output
  let packing = FilterPacking(filters: shape.filters, channels: extents.channels, kernel: 1)
  let direct = DirectConvolution(
    inputBlocks: extents.blocks, filterBlocks: blockCount(shape.filters), kernel: 1, stride: 1,
    height: extents.height, width: extents.width)
  let map = patchMap(trial)
  let weights = GuardedBuffer(packing.packedCount)
  packing.pack(trial.weights, into: weights.base)
  let output = GuardedBuffer(direct.outputCount)
  direct.forward(
    padded: map.base, weights: weights.base, bias: filled(trial.bias), output: output.base)

  let (x, w, b) = (trial.input.map(Double.init), trial.weights.map(Double.init), trial.bias.map(Double.init))
  let forwardError = scaledError(
    planar(output.values, channels: shape.filters, height: extents.height, width: extents.width),
    shape.reference.forward(input: x, weights: w, bias: b),
    shape.reference.forward(input: x.map(abs), weights: w.map(abs), bias: b.map(abs)))
  #expect(forwardError < roundingBound)

  let dWeights = GuardedBuffer([Float](repeating: 0, count: packing.packedCount))
  direct.weightGradient(
    padded: map.base, dOutput: trial.blockedOutputGradient, dWeights: dWeights.base)
  let unpacked = GuardedBuffer(trial.weights.count)
  packing.unpack(dWeights.base, into: unpacked.base)
  let g = trial.dOutput.map(Double.init)
  let gradientError = scaledError(
    unpacked.values, shape.reference.weightGradient(input: x, dOutput: g),
    shape.reference.weightGradient(input: x.map(abs), dOutput: g.map(abs)))
  #expect(gradientError < roundingBound)
  #expect(output.isIntactAround && dWeights.isIntactAround && unpacked.isIntactAround)
}
