import Kernels
import System
import Testing

private func wide(stride: Int = 1, width: Int = 28, seed: Int = 77) -> ConvolutionCase {
  ConvolutionCase(
    ConvolutionShape(
      Extents(channels: 19, height: 5, width: width), filters: 37, kernel: 3, stride: stride, padding: 1), seed: seed)
}

/// Columns `columns` of the wide case's outputs, computed as a map of their own.
private func forward(_ shape: ConvolutionCase, columns: Range<Int>) -> [UInt32] {
  let trial = ConvolutionTrial(shape)
  let whole = shape.direct
  let part = DirectKernel(
    inputBlocks: whole.inputBlocks,
    output: BlockedExtents(channels: shape.filters, height: whole.height, width: columns.count),
    kernel: whole.kernel, stride: whole.stride)
  let padded = trial.padded(slopes: trial.slopes).values
  var cut: [Float] = []
  for row in 0..<whole.inputBlocks * whole.padded.height {
    let start = (row * whole.padded.width + columns.lowerBound * whole.stride) * 16
    cut += padded[start..<start + part.padded.width * 16]
  }
  let output = GuardedBuffer(part.outputCount)
  let weights = trial.packedWeights()
  part.forward(
    padded: cut, weights: weights.base,
    bias: filled(trial.bias), output: output.base)
  return planar(output.values, channels: shape.filters, height: part.height, width: part.width).map(\.bitPattern)
}

@Test(arguments: [1, 2])
func bitsOfAnOutputDoNotDependOnTheTile(stride: Int) {
  let shape = wide(stride: stride, width: stride * 27 + 1)
  let whole = forward(shape, columns: 0..<28)
  for width in 1..<28 {
    for first in Set([0, 1, 28 - width]) where first + width <= 28 {
      let part = forward(shape, columns: first..<first + width)
      let expected = (0..<part.count).map { whole[$0 / width * 28 + first + $0 % width] }
      #expect(part == expected, "columns \(first) ..< \(first + width), stride \(stride), seed \(shape.seed)")
    }
  }
}

@Test(arguments: [1, 2, 3, 5, 8, 16, 17])
func bitsDoNotDependOnWhereTheMapsLie(offset: Int) {
  let trial = ConvolutionTrial(wide())
  let direct = trial.shape.direct
  func run(_ offset: Int) -> (output: [UInt32], dWeights: [UInt32]) {
    let padded = trial.padded(slopes: trial.slopes, offset: offset)
    let weights = trial.packedWeights(offset: offset + 1)
    let bias = GuardedBuffer(filled(trial.bias), offset: offset)
    let output = GuardedBuffer(direct.outputCount, offset: offset + 2)
    direct.forward(padded: padded.base, weights: weights.base, bias: bias.base, output: output.base)
    let dOutput = GuardedBuffer(trial.blockedOutputGradient, offset: offset + 3)
    let dWeights = GuardedBuffer([Float](repeating: 0, count: direct.weightCount), offset: offset)
    direct.weightGradient(padded: padded.base, dOutput: dOutput.base, dWeights: dWeights.base)
    #expect(output.isIntactAround && dWeights.isIntactAround && padded.isIntactAround)
    return (output.bits, dWeights.bits)
  }
  let aligned = run(0)
  let moved = run(offset)
  #expect(aligned.output == moved.output)
  #expect(aligned.dWeights == moved.dWeights)
}

@Test func bitsDoNotDependOnTheNumberOfThreads() {
  let images = 8
  let trials = (0..<images).map { ConvolutionTrial(wide(seed: 77 + $0)) }
  let direct = trials[0].shape.direct
  let padded = trials.map { $0.padded(slopes: $0.slopes) }
  let dOutputs = trials.map { GuardedBuffer($0.blockedOutputGradient) }
  let weights = trials[0].packedWeights()
  let bias = GuardedBuffer(filled(trials[0].bias))

  func run(threads: Int) -> [[UInt32]] {
    let pool = ThreadPool(threads: threads)
    let outputs = trials.map { _ in GuardedBuffer(direct.outputCount) }
    let gradients = trials.map { _ in GuardedBuffer([Float](repeating: 0, count: direct.weightCount)) }
    pool.parallelFor(images) { image, _ in
      direct.forward(
        padded: padded[image].base, weights: weights.base, bias: bias.base, output: outputs[image].base)
      direct.weightGradient(
        padded: padded[image].base, dOutput: dOutputs[image].base, dWeights: gradients[image].base)
    }
    return (outputs + gradients).map(\.bits)
  }
  let alone = run(threads: 1)
  for threads in 2...4 { #expect(run(threads: threads) == alone, "\(threads) threads, seed 77") }
}
