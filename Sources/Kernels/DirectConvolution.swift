import CProcessor

/// Convolution of one image by its definition, on blocked maps.
///
/// Layouts, floats: padded input [C][Hp][Wp][16], output [K][H][W][16], weights [K][C][R][S][16 inputs][16 filters],
/// where C and K count blocks of 16 channels. The padding is already in the input, so no pixel is a special case.
/// Each output's products are added in one order (input block, filter row, filter column, channel) whatever the tile,
/// so tiles may overlap and results do not depend on them.
public struct DirectConvolution: Equatable, Sendable {
  /// Blocks of 16 input channels, C.
  public let inputBlocks: Int
  /// Blocks of 16 filters, K.
  public let filterBlocks: Int
  /// Filter height and width, R = S.
  public let kernel: Int
  public let stride: Int
  /// Output height and width, H and W.
  public let height: Int
  public let width: Int

  public init(inputBlocks: Int, filterBlocks: Int, kernel: Int, stride: Int, height: Int, width: Int) {
    precondition(
      kernel >= 1 && stride >= 1 && height >= 1 && width >= 1,
      "\(kernel)×\(kernel) filters, \(stride) apart, for an output of \(height)×\(width)")
    self.inputBlocks = inputBlocks
    self.filterBlocks = filterBlocks
    self.kernel = kernel
    self.stride = stride
    self.height = height
    self.width = width
  }

  /// Height of the padded input that the outputs reach.
  public var paddedHeight: Int { (height - 1) * stride + kernel }
  /// Width of the padded input that the outputs reach.
  public var paddedWidth: Int { (width - 1) * stride + kernel }
  /// Floats of the padded input.
  public var paddedCount: Int { inputBlocks * paddedHeight * paddedWidth * blockWidth }
  /// Floats of the output.
  public var outputCount: Int { filterBlocks * height * width * blockWidth }
  /// Floats of the weights.
  public var weightCount: Int { filterBlocks * inputBlocks * kernel * kernel * blockWidth * blockWidth }

  /// output = bias + input ∗ weights; `bias` has 16·K floats.
  public func forward(
    padded: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    var k = 0
    while k < filterBlocks {
      let pair = k &+ 1 < filterBlocks
      let w = weights + k &* weightsPerFilterBlock
      let b = bias + k &* blockWidth
      let y = output + k &* (height &* width &* blockWidth)
      for row in 0..<height {
        let x = padded + row &* stride &* paddedWidth &* blockWidth
        let yRow = y + row &* width &* blockWidth
        // A step known to the compiler becomes part of the address; the paper's blocked layers all have stride 1.
        let step = stride &* blockWidth
        switch (pair, stride) {
        case (true, 1): forwardRow(Double32.self, step: blockWidth, x, w, b, yRow)
        case (false, 1): forwardRow(Single.self, step: blockWidth, x, w, b, yRow)
        case (true, _): forwardRow(Double32.self, step: step, x, w, b, yRow)
        case (false, _): forwardRow(Single.self, step: step, x, w, b, yRow)
        }
      }
      k &+= pair ? 2 : 1
    }
  }

  private var weightsPerFilterBlock: Int { inputBlocks &* kernel &* kernel &* blockWidth &* blockWidth }

  /// One row of outputs: the widest tile that fits, the last one moved left so that it ends at the row's end.
  @inline(__always)
  private func forwardRow<T: RegisterTile>(
    _ pixel: T.Type, step: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    if hasThirtyTwoRegisters {
      if width >= 14 {
        tiles(Pixels14<T>.self, step, x, w, b, y)
      } else if width >= 7 {
        tiles(Pixels7<T>.self, step, x, w, b, y)
      } else if width >= 3 {
        tiles(Pixels3<T>.self, step, x, w, b, y)
      } else {
        tiles(T.self, step, x, w, b, y)
      }
    } else if width >= 3 {
      tiles(Pixels3<T>.self, step, x, w, b, y)
    } else {
      tiles(T.self, step, x, w, b, y)
    }
  }

  @inline(__always)
  private func tiles<T: RegisterTile>(
    _ tile: T.Type, _ step: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    var column = 0
    while column < width {
      let start = min(column, width &- T.pixels)
      forwardTile(T.self, step, x + start &* step, w, b, y + start &* blockWidth)
      column &+= T.pixels
    }
  }

  @inline(__always)
  private func forwardTile<T: RegisterTile>(
    _ tile: T.Type, _ step: Int, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let rowStride = paddedWidth &* blockWidth
    let blockStride = paddedHeight &* rowStride
    let secondWeights = weightsPerFilterBlock
    var sums = T(T.weights(b, blockWidth))
    var weight = w
    var c = 0
    while c < inputBlocks {
      var r = 0
      while r < kernel {
        var input = x + (c &* blockStride &+ r &* rowStride)
        var left = kernel &* blockWidth
        while left > 0 {
          sums.add(input, step, T.weights(weight, secondWeights))
          input += 1
          weight += blockWidth
          left &-= 1
        }
        r &+= 1
      }
      c &+= 1
    }
    sums.write(y, pixelStep: blockWidth, height &* width &* blockWidth)
  }

  /// dWeights += the sum over this image's pixels of input · dOutput.
  public func weightGradient(
    padded: UnsafePointer<Float>, dOutput: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>
  ) {
    if hasThirtyTwoRegisters {
      weightGradient(Pixels16<Single>.self, padded, dOutput, dWeights)
    } else {
      weightGradient(Pixels4<Single>.self, padded, dOutput, dWeights)
    }
  }

  /// The tile's "pixels" are input channels here: sums[c] += input[c] · dOutput.
  @inline(__always)
  private func weightGradient<T: RegisterTile>(
    _ tile: T.Type, _ padded: UnsafePointer<Float>, _ dOutput: UnsafePointer<Float>,
    _ dWeights: UnsafeMutablePointer<Float>
  ) {
    let rowStride = paddedWidth &* blockWidth
    var dW = dWeights
    for k in 0..<filterBlocks {
      let dY = dOutput + k &* (height &* width &* blockWidth)
      for c in 0..<inputBlocks {
        for r in 0..<kernel {
          for s in 0..<kernel {
            let corner = padded + (c &* paddedHeight &+ r) &* rowStride + s &* blockWidth
            var channel = 0
            while channel < blockWidth {
              var sums = T.zero
              var row = 0
              while row < height {
                var input = corner + (row &* stride &* rowStride &+ channel)
                var gradient = dY + row &* width &* blockWidth
                var left = width
                while left > 0 {
                  sums.add(input, 1, T.weights(gradient, 0))
                  input += stride &* blockWidth
                  gradient += blockWidth
                  left &-= 1
                }
                row &+= 1
              }
              sums.accumulate(dW + channel &* blockWidth, pixelStep: blockWidth, 0)
              channel &+= T.pixels
            }
            dW += blockWidth &* blockWidth
          }
        }
      }
    }
  }
}

/// Whether a tile of 28 vectors of 16 floats stays in registers.
@inline(__always)
var hasThirtyTwoRegisters: Bool { processor_compiled_for() & UInt32(PROCESSOR_AVX512F) != 0 }
