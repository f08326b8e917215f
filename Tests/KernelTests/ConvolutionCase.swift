import Kernels
import Randomness
import System
import Testing

/// A convolution's shape and the seed of its data.
@dynamicMemberLookup
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  var shape: ConvolutionShape
  var seed: Int

  init(_ shape: ConvolutionShape, seed: Int) {
    self.shape = shape
    self.seed = seed
  }

  subscript<Value>(dynamicMember path: KeyPath<ConvolutionShape, Value>) -> Value { shape[keyPath: path] }

  var testDescription: String {
    "\(shape.channels)→\(shape.filters) on \(shape.input.planar.plane), \(shape.kernel)×\(shape.kernel), "
      + "stride \(shape.stride), padding \(shape.padding), seed \(seed)"
  }

  var reference: ConvolutionReference { ConvolutionReference(shape) }

  var direct: DirectKernel { DirectKernel(shape) }

  var packing: FilterPacking {
    FilterPacking(filters: shape.filters, channels: shape.channels, kernel: shape.kernel)
  }

  /// Every kernel, stride and padding with extents that take turns; every width at which tiles change; every pair of
  /// channel counts around a block of 16.
  static let table: [ConvolutionCase] = {
    let channelCounts = [1, 3, 15, 16, 17, 33, 48]
    let widths = [1, 2, 3, 5, 7, 8, 13, 14, 15, 28, 29]
    let heights = [1, 4, 2, 7, 3, 5, 9]
    var cases: [ConvolutionCase] = []
    func append(_ c: Int, _ h: Int, _ w: Int, _ k: Int, _ kernel: Int, _ stride: Int, _ padding: Int) {
      let smallest = max(1, kernel - 2 * padding)
      cases.append(
        ConvolutionCase(
          ConvolutionShape(
            Extents(channels: c, height: max(h, smallest), width: max(w, smallest)), filters: k, kernel: kernel,
            stride: stride, padding: padding), seed: 1000 + cases.count))
    }
    for kernel in [1, 2, 3, 5, 7] {
      for stride in 1...3 {
        for padding in 0...3 {
          let turn = cases.count
          append(
            channelCounts[turn % 7], heights[turn * 3 % 7], widths[turn % 11], channelCounts[turn * 5 % 7], kernel,
            stride, padding)
        }
      }
    }
    for width in widths + [4, 6, 9, 10, 11, 12, 16, 18, 27, 30] {
      for stride in 1...2 {
        append(17, 3, stride * (width - 1) + 1, 33, 3, stride, 1)
        append(3, 2, stride * (width - 1) + 2, 16, 2, stride, 0)
      }
    }
    for channels in channelCounts {
      for filters in channelCounts { append(channels, 5, 6, filters, 3, 1, 1) }
    }
    append(1, 1, 1, 1, 1, 1, 0)
    append(1, 28, 28, 16, 3, 1, 1)
    append(16, 28, 28, 16, 3, 1, 1)
    append(3, 37, 41, 24, 7, 2, 0)
    return cases
  }()
}

/// A case with its data, planar.
struct ConvolutionTrial {
  let shape: ConvolutionCase
  let input: [Float]
  let slopes: [Float]
  let weights: [Float]
  let bias: [Float]
  let dOutput: [Float]

  init(_ shape: ConvolutionCase) {
    self.shape = shape
    var numbers = SplitMix64(shape.seed)
    input = numbers.floats(shape.channels * shape.height * shape.width)
    slopes = numbers.slopes(shape.channels)
    weights = numbers.floats(shape.weightCount)
    bias = numbers.floats(shape.filters)
    dOutput = numbers.floats(shape.filters * shape.outputHeight * shape.outputWidth)
  }

  var blockedInput: [Float] {
    blocked(input, channels: shape.channels, height: shape.height, width: shape.width)
  }

  var blockedOutputGradient: [Float] {
    blocked(dOutput, channels: shape.filters, height: shape.outputHeight, width: shape.outputWidth)
  }

  /// The padded, activated input as the convolution wants it.
  func padded(slopes: [Float]?, offset: Int = 0) -> GuardedBuffer {
    let direct = shape.direct
    let result = GuardedBuffer(direct.paddedCount, offset: offset)
    let source = GuardedBuffer(blockedInput)
    let a = slopes.map { GuardedBuffer(filled($0)) }
    padActivated(
      PendingMap(values: source.base, slopes: a.map { UnsafePointer($0.base) }), shape.input, padding: shape.padding,
      into: result.base, direct.padded)
    return result
  }

  func packedWeights(offset: Int = 0) -> GuardedBuffer {
    let result = GuardedBuffer(shape.packing.packedCount, offset: offset)
    shape.packing.pack(weights, into: result.base)
    return result
  }
}
