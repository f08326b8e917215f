/// Convolution straight from its definition, summed in Double, on planar maps: what every fast kernel is held against.
///
/// Layouts: input (channels, height, width), weights (filters, channels, kernel, kernel), output (filters, H, W).
public struct ConvolutionReference: Sendable {
  public let channels: Int
  public let height: Int
  public let width: Int
  public let filters: Int
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  public init(channels: Int, height: Int, width: Int, filters: Int, kernel: Int, stride: Int, padding: Int) {
    precondition(
      kernel >= 1 && stride >= 1 && padding >= 0 && min(height, width) + 2 * padding >= kernel,
      "\(kernel)×\(kernel) filters, \(stride) apart, on \(height)×\(width) with padding \(padding)")
    self.channels = channels
    self.height = height
    self.width = width
    self.filters = filters
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  public var outputHeight: Int { (height + 2 * padding - kernel) / stride + 1 }
  public var outputWidth: Int { (width + 2 * padding - kernel) / stride + 1 }

  /// Calls `body(filter, output pixel, weight index, input index)` for every product of the convolution.
  private func forEachProduct(_ body: (_ filter: Int, _ output: Int, _ weight: Int, _ input: Int) -> Void) {
    for filter in 0..<filters {
      for row in 0..<outputHeight {
        for column in 0..<outputWidth {
          let output = (filter * outputHeight + row) * outputWidth + column
          for channel in 0..<channels {
            for r in 0..<kernel {
              for s in 0..<kernel {
                let y = row * stride + r - padding
                let x = column * stride + s - padding
                guard y >= 0, y < height, x >= 0, x < width else { continue }
                body(
                  filter, output, ((filter * channels + channel) * kernel + r) * kernel + s,
                  (channel * height + y) * width + x)
              }
            }
          }
        }
      }
    }
  }

  public func forward(input: [Double], weights: [Double], bias: [Double]) -> [Double] {
    let pixels = outputHeight * outputWidth
    var output = (0..<filters * pixels).map { bias[$0 / pixels] }
    forEachProduct { _, y, w, x in output[y] += weights[w] * input[x] }
    return output
  }

  public func inputGradient(dOutput: [Double], weights: [Double]) -> [Double] {
    var dInput = [Double](repeating: 0, count: channels * height * width)
    forEachProduct { _, y, w, x in dInput[x] += weights[w] * dOutput[y] }
    return dInput
  }

  public func weightGradient(input: [Double], dOutput: [Double]) -> [Double] {
    var dWeights = [Double](repeating: 0, count: filters * channels * kernel * kernel)
    forEachProduct { _, y, w, x in dWeights[w] += input[x] * dOutput[y] }
    return dWeights
  }
}
