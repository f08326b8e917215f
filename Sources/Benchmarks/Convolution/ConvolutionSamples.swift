import Kernels

/// Single values of a convolution's results by the definition in Double, for shapes whose whole reference would take
/// minutes: the error of a kernel shows in some thousands of values as well as in all.
struct ConvolutionSamples {
  let shape: ConvolutionShape
  let images: Int
  /// Blocked, or planar for the network's first layer.
  let input: UnsafePointer<Float>
  let inputIsPlanar: Bool
  let weights: UnsafePointer<Float>
  let bias: UnsafePointer<Float>
  /// Blocked: f'(y)·∂E/∂f is computed from both.
  let output: UnsafePointer<Float>
  let dOutput: UnsafePointer<Float>
  /// a of all filters.
  let slope: Float

  private func inputIndex(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Int {
    guard !inputIsPlanar else {
      return ((image * shape.channels + channel) * shape.height + row) * shape.width + column
    }
    return image * shape.input.count
      + ((channel / blockWidth * shape.height + row) * shape.width + column) * blockWidth + channel % blockWidth
  }

  private func outputIndex(_ image: Int, _ filter: Int, _ row: Int, _ column: Int) -> Int {
    image * shape.output.count
      + ((filter / blockWidth * shape.outputHeight + row) * shape.outputWidth + column) * blockWidth
      + filter % blockWidth
  }

  /// A network's input is taken as it is; a blocked one has no pending activation here.
  private func x(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Double {
    guard row >= 0, row < shape.height, column >= 0, column < shape.width else { return 0 }
    return Double(input[inputIndex(image, channel, row, column)])
  }

  private func dY(_ image: Int, _ filter: Int, _ row: Int, _ column: Int) -> Double {
    let index = outputIndex(image, filter, row, column)
    return Double(dOutput[index]) * (output[index] > 0 ? 1 : Double(slope))
  }

  private func weight(_ filter: Int, _ channel: Int, _ r: Int, _ s: Int) -> Double {
    Double(weights[((filter * shape.channels + channel) * shape.kernel + r) * shape.kernel + s])
  }

  /// Output `(image, filter, row, column)`.
  func forward(_ image: Int, _ filter: Int, _ row: Int, _ column: Int) -> Double {
    var sum = Double(bias[filter])
    for channel in 0..<shape.channels {
      for r in 0..<shape.kernel {
        for s in 0..<shape.kernel {
          sum +=
            weight(filter, channel, r, s)
            * x(image, channel, row * shape.stride + r - shape.padding, column * shape.stride + s - shape.padding)
        }
      }
    }
    return sum
  }

  /// The gradient of input `(image, channel, row, column)`.
  func inputGradient(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Double {
    var sum = 0.0
    for r in 0..<shape.kernel {
      for s in 0..<shape.kernel {
        let (y, x) = (row + shape.padding - r, column + shape.padding - s)
        guard y >= 0, x >= 0, y % shape.stride == 0, x % shape.stride == 0 else { continue }
        let (outputRow, outputColumn) = (y / shape.stride, x / shape.stride)
        guard outputRow < shape.outputHeight, outputColumn < shape.outputWidth else { continue }
        for filter in 0..<shape.filters {
          sum += weight(filter, channel, r, s) * dY(image, filter, outputRow, outputColumn)
        }
      }
    }
    return sum
  }

  /// The gradient of weight `(filter, channel, r, s)`.
  func weightGradient(_ filter: Int, _ channel: Int, _ r: Int, _ s: Int) -> Double {
    var sum = 0.0
    for image in 0..<images {
      for row in 0..<shape.outputHeight {
        for column in 0..<shape.outputWidth {
          sum +=
            x(image, channel, row * shape.stride + r - shape.padding, column * shape.stride + s - shape.padding)
            * dY(image, filter, row, column)
        }
      }
    }
    return sum
  }

  /// ‖computed − reference‖ / ‖reference‖ over sampled values of the three results, `computed` nil for one not made.
  func relativeErrors(
    output computedOutput: UnsafePointer<Float>, dInput: UnsafePointer<Float>?, dWeights: UnsafePointer<Float>
  ) -> (forward: Double, inputGradient: Double?, weightGradient: Double) {
    var numbers = SystemlessRandom(state: 1)
    func error(_ count: Int, _ sample: () -> (Float, Double)) -> Double {
      var (difference, norm) = (0.0, 0.0)
      for _ in 0..<count {
        let (value, reference) = sample()
        difference += (Double(value) - reference) * (Double(value) - reference)
        norm += reference * reference
      }
      return (difference / norm).squareRoot()
    }
    let forward = error(1000) {
      let (i, k) = (numbers.below(images), numbers.below(shape.filters))
      let (row, column) = (numbers.below(shape.outputHeight), numbers.below(shape.outputWidth))
      return (computedOutput[outputIndex(i, k, row, column)], self.forward(i, k, row, column))
    }
    let inputGradient = dInput.map { dInput in
      error(1000) {
        let (i, c) = (numbers.below(images), numbers.below(shape.channels))
        let (row, column) = (numbers.below(shape.height), numbers.below(shape.width))
        return (dInput[inputIndex(i, c, row, column)], self.inputGradient(i, c, row, column))
      }
    }
    let weightGradient = error(200) {
      let (k, c) = (numbers.below(shape.filters), numbers.below(shape.channels))
      let (r, s) = (numbers.below(shape.kernel), numbers.below(shape.kernel))
      let index = ((k * shape.channels + c) * shape.kernel + r) * shape.kernel + s
      return (dWeights[index], self.weightGradient(k, c, r, s))
    }
    return (forward, inputGradient, weightGradient)
  }
}

/// Numbers that depend on the state alone (SplitMix64): data and samples are the same in every run.
struct SystemlessRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  /// Evenly spread over −1 … 1.
  mutating func fill(_ values: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { values[index] = Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
  }
}
