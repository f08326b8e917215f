/// Convolution straight from its definition, summed in Double, on planar maps of one image: every fast convolution is
/// held against it.
///
/// Layouts: input (channels, height, width), weights (filters, channels, kernel, kernel), output (filters, H, W). A
/// place is an index in one of them.
public struct ConvolutionReference: Sendable {
  public let shape: ConvolutionShape

  public init(_ shape: ConvolutionShape) {
    self.shape = shape
  }

  // MARK: - Single values

  /// Returns the output at `place`, without the bias:
  /// y[k, i, j] = Σ w[k, c, r, s] · x[c, i·stride + r − padding, j·stride + s − padding], with x = 0 outside the map.
  public func output(_ place: Int, input: (Int) -> Double, weight: (Int) -> Double) -> Double {
    let (filter, i, j) = split(place, shape.outputHeight, shape.outputWidth)
    let (top, left) = (i * shape.stride - shape.padding, j * shape.stride - shape.padding)
    var sum = 0.0
    for channel in 0..<shape.channels {
      for r in 0..<shape.kernel where 0..<shape.height ~= top + r {
        for s in 0..<shape.kernel where 0..<shape.width ~= left + s {
          let pixel = (channel * shape.height + top + r) * shape.width + left + s
          sum += weight(self.weight(filter, channel, r, s)) * input(pixel)
        }
      }
    }
    return sum
  }

  /// Returns the gradient of the input at `place`: Σ w[k, c, r, s] · dy[k, i, j] over the outputs that read it.
  public func inputGradient(_ place: Int, dOutput: (Int) -> Double, weight: (Int) -> Double) -> Double {
    let (channel, y, x) = split(place, shape.height, shape.width)
    var sum = 0.0
    for r in 0..<shape.kernel {
      for s in 0..<shape.kernel {
        let (down, across) = (y + shape.padding - r, x + shape.padding - s)
        guard down >= 0, across >= 0, down % shape.stride == 0, across % shape.stride == 0 else { continue }
        let (i, j) = (down / shape.stride, across / shape.stride)
        guard i < shape.outputHeight, j < shape.outputWidth else { continue }
        for filter in 0..<shape.filters {
          let pixel = (filter * shape.outputHeight + i) * shape.outputWidth + j
          sum += weight(self.weight(filter, channel, r, s)) * dOutput(pixel)
        }
      }
    }
    return sum
  }

  /// Returns the gradient of the weight at `place`:
  /// Σ x[c, i·stride + r − padding, j·stride + s − padding] · dy[k, i, j].
  public func weightGradient(_ place: Int, input: (Int) -> Double, dOutput: (Int) -> Double) -> Double {
    let (pair, r, s) = split(place, shape.kernel, shape.kernel)
    let (filter, channel) = pair.quotientAndRemainder(dividingBy: shape.channels)
    var sum = 0.0
    for i in 0..<shape.outputHeight {
      let y = i * shape.stride + r - shape.padding
      guard 0..<shape.height ~= y else { continue }
      for j in 0..<shape.outputWidth {
        let x = j * shape.stride + s - shape.padding
        guard 0..<shape.width ~= x else { continue }
        sum +=
          input((channel * shape.height + y) * shape.width + x)
          * dOutput((filter * shape.outputHeight + i) * shape.outputWidth + j)
      }
    }
    return sum
  }

  private func split(_ place: Int, _ rows: Int, _ columns: Int) -> (plane: Int, row: Int, column: Int) {
    (place / (rows * columns), place / columns % rows, place % columns)
  }

  private func weight(_ filter: Int, _ channel: Int, _ r: Int, _ s: Int) -> Int {
    ((filter * shape.channels + channel) * shape.kernel + r) * shape.kernel + s
  }

  // MARK: - Whole maps

  public func forward(input: [Double], weights: [Double], bias: [Double]) -> [Double] {
    let pixels = shape.outputHeight * shape.outputWidth
    return (0..<shape.filters * pixels).map { place in
      bias[place / pixels] + output(place, input: { input[$0] }, weight: { weights[$0] })
    }
  }

  public func inputGradient(dOutput: [Double], weights: [Double]) -> [Double] {
    (0..<shape.input.planar.count).map { place in
      inputGradient(place, dOutput: { dOutput[$0] }, weight: { weights[$0] })
    }
  }

  public func weightGradient(input: [Double], dOutput: [Double]) -> [Double] {
    (0..<shape.weightCount).map { place in
      weightGradient(place, input: { input[$0] }, dOutput: { dOutput[$0] })
    }
  }
}
