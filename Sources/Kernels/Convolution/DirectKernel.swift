import CProcessor
import System

/// The inner loops of `DirectConvolution`: the convolution of one image by its definition, on blocked maps.
///
/// Layouts, floats: padded input [C][Hp][Wp][16], output [K][H][W][16], weights [K][C][R][S][16 inputs][16 filters],
/// where C and K count blocks of 16 channels. The padding is already in the input, so no pixel is a special case.
/// Each output's products are added in one order (input block, filter row, filter column, channel) whatever the tile,
/// so tiles may overlap and results do not depend on them.
public struct DirectKernel: Equatable, Sendable {
  /// The number of blocks of 16 input channels, C.
  public let inputBlocks: Int
  /// The number of blocks of 16 filters, K.
  public let filterBlocks: Int
  /// The height and width of a filter, R = S.
  public let kernel: Int
  public let stride: Int
  /// The height of the output, H.
  public let height: Int
  /// The width of the output, W.
  public let width: Int

  public init(inputBlocks: Int, output: BlockedExtents, kernel: Int, stride: Int) {
    precondition(
      kernel >= 1 && stride >= 1 && output.height >= 1 && output.width >= 1,
      "\(kernel)×\(kernel) filters, \(stride) apart, for an output of \(output.planar.plane)")
    self.inputBlocks = inputBlocks
    filterBlocks = output.blocks
    self.kernel = kernel
    self.stride = stride
    height = output.height
    width = output.width
  }

  /// The kernel of a convolution's forward pass and weight gradient.
  public init(_ shape: ConvolutionShape) {
    self.init(inputBlocks: shape.input.blocks, output: shape.output, kernel: shape.kernel, stride: shape.stride)
  }

  /// The extents Hp and Wp of the padded input as far as the outputs reach.
  public var padded: PlaneExtents {
    PlaneExtents(height: (height - 1) * stride + kernel, width: (width - 1) * stride + kernel)
  }
  /// The number of floats of the padded input.
  public var paddedCount: Int { inputBlocks * padded.count * blockWidth }
  /// The number of floats of the output.
  public var outputCount: Int { filterBlocks * height * width * blockWidth }
  /// The number of floats of the weights.
  public var weightCount: Int { filterBlocks * inputBlocks * kernel * kernel * blockWidth * blockWidth }

  // MARK: - Forward

  /// The division of an image's outputs into parts: pairs of blocks of filters, and bands of rows.
  public struct Cut: Sendable {
    /// The number of pairs of blocks of filters, the last of which may be a single block.
    let pairs: Int
    /// The number of bands of rows.
    let bands: Int
    let height: Int

    /// The number of parts.
    public var pieces: Int { pairs * bands }

    /// The largest part over the mean.
    var unevenness: Double { Kernels.unevenness(units: height, parts: bands) }

    /// The place of a part: its pair, and its rows.
    public func part(_ piece: Int) -> (pair: Int, rows: Range<Int>) {
      let (pair, band) = piece.quotientAndRemainder(dividingBy: bands)
      return (pair, (0..<height).part(band, of: bands))
    }
  }

  /// Returns the division for a team that computes several images together.
  public func forwardCut(images: Int, members: Int) -> Cut {
    let pairs = filterBlocks.dividedUp(by: 2)
    return Cut(
      pairs: pairs, bands: evenParts(ofEach: images * pairs, units: height, members: members), height: height)
  }

  /// Writes output = bias + input ∗ weights for a part of the output; `bias` has 16·K floats.
  public func forward(
    padded: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, _ part: (pair: Int, rows: Range<Int>)
  ) {
    let k = 2 &* part.pair
    let pair = k &+ 1 < filterBlocks
    let w = weights + k &* weightsPerFilterBlock
    let b = bias + k &* blockWidth
    let y = output + k &* (height &* width &* blockWidth)
    for row in part.rows {
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
  }

  private var paddedHeight: Int { padded.height }
  private var paddedWidth: Int { padded.width }
  private var weightsPerFilterBlock: Int { inputBlocks &* kernel &* kernel &* blockWidth &* blockWidth }

  /// Computes one row of outputs with the widest tile that fits; the last tile is moved left so that it ends at the
  /// row's end.
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

  // MARK: - Weight gradient

  /// The number of pieces of the weight gradient: block of filters, block of channels, filter row.
  public var weightGradientPieces: Int { filterBlocks * inputBlocks * kernel }

  /// Writes a piece of the sum over this image's pixels of input · dOutput, or adds it to `dWeights`.
  public func weightGradient(
    padded: UnsafePointer<Float>, dOutput: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>, piece: Int,
    accumulates: Bool
  ) {
    if hasThirtyTwoRegisters {
      weightGradient(Pixels16<Single>.self, padded, dOutput, dWeights, piece, accumulates)
    } else {
      weightGradient(Pixels4<Single>.self, padded, dOutput, dWeights, piece, accumulates)
    }
  }

  /// The tile's "pixels" are input channels here: sums[c] += input[c] · dOutput.
  @inline(__always)
  private func weightGradient<T: RegisterTile>(
    _ tile: T.Type, _ padded: UnsafePointer<Float>, _ dOutput: UnsafePointer<Float>,
    _ dWeights: UnsafeMutablePointer<Float>, _ piece: Int, _ accumulates: Bool
  ) {
    let rowStride = paddedWidth &* blockWidth
    let (pair, r) = piece.quotientAndRemainder(dividingBy: kernel)
    let (k, c) = pair.quotientAndRemainder(dividingBy: inputBlocks)
    let dY = dOutput + k &* (height &* width &* blockWidth)
    var dW = dWeights + piece &* kernel &* blockWidth &* blockWidth
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
        if accumulates {
          sums.accumulate(dW + channel &* blockWidth, pixelStep: blockWidth, 0)
        } else {
          sums.write(dW + channel &* blockWidth, pixelStep: blockWidth, 0)
        }
        channel &+= T.pixels
      }
      dW += blockWidth &* blockWidth
    }
  }
}

/// Whether a tile of 28 vectors of 16 floats stays in registers.
@inline(__always)
var hasThirtyTwoRegisters: Bool { processor_compiled_for() & UInt32(PROCESSOR_AVX512F) != 0 }
