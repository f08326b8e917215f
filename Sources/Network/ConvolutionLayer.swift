import Kernels

#if canImport(Glibc)
  import Glibc
#endif

/// A convolution with bias and the activation after it, which stays pending on the output.
///
/// The network's first layer reads a planar image; the values under its filter become the channels of a 1×1
/// convolution. All others read blocked maps.
public struct ConvolutionLayer: TowerLayer {
  public let name: String
  let activation: Activation
  let input: MapShape
  let output: MapShape
  let parameters: LayerParameters

  /// The first layer's patches; nil where the input is a blocked map.
  private let patches: Patches?
  private let padding: Int
  private let stride: Int
  private let kernel: Int
  private let convolution: DirectConvolution
  /// The same filters, turned, over the output's gradient: gives the input's.
  private let turned: DirectConvolution
  private let packing: FilterPacking

  init(
    _ description: LayerDescription.Convolution, input: MapShape, output: MapShape, parameters: LayerParameters,
    readsImage: Bool
  ) {
    name = description.name
    activation = description.activation
    self.input = input
    self.output = output
    self.parameters = parameters
    (padding, stride, kernel) = (description.padding, description.stride, description.kernel)
    let filters = description.filters
    if readsImage {
      let patches = Patches(
        channels: input.channels, height: input.height, width: input.width, kernel: kernel, stride: stride,
        padding: padding)
      self.patches = patches
      packing = FilterPacking(filters: filters, channels: patches.output.channels, kernel: 1)
      convolution = DirectConvolution(
        inputBlocks: patches.output.blocks, filterBlocks: blockCount(filters), kernel: 1, stride: 1,
        height: output.height, width: output.width)
    } else {
      patches = nil
      packing = FilterPacking(filters: filters, channels: input.channels, kernel: kernel)
      convolution = DirectConvolution(
        inputBlocks: blockCount(input.channels), filterBlocks: blockCount(filters), kernel: kernel, stride: stride,
        height: output.height, width: output.width)
    }
    turned = DirectConvolution(
      inputBlocks: blockCount(filters), filterBlocks: blockCount(input.channels), kernel: kernel, stride: 1,
      height: input.height, width: input.width)
  }

  // MARK: - Extents

  private var inputExtents: BlockedExtents {
    BlockedExtents(channels: input.channels, height: input.height, width: input.width)
  }
  private var outputExtents: BlockedExtents {
    BlockedExtents(channels: output.channels, height: output.height, width: output.width)
  }
  private var filterLanes: Int { outputExtents.blocks * blockWidth }
  private var inputLanes: Int { inputExtents.blocks * blockWidth }

  public var inputCount: Int { patches == nil ? inputExtents.count : input.count }
  public var outputCount: Int { outputExtents.count }
  public var parameterRange: Range<Int> { parameters.range }
  public var keptCount: Int { 0 }

  // Prepared: packed filters, turned filters, bias and slopes by lane, and zeros where the turned filters need a bias.
  private var turnedStart: Int { convolution.weightCount }
  private var biasStart: Int { turnedStart + (patches == nil ? turned.weightCount : 0) }
  private var slopesStart: Int { biasStart + filterLanes }
  private var zerosStart: Int { slopesStart + filterLanes }
  public var preparedCount: Int { zerosStart + (patches == nil ? inputLanes : 0) }

  // Scratch: padded input, spread gradient, packed weight gradient, and the sums of bias and slopes by lane.
  private var spreadStart: Int { convolution.paddedCount }
  private var packedStart: Int { spreadStart + (patches == nil ? turned.paddedCount : 0) }
  private var sumsStart: Int { packedStart + convolution.weightCount }
  public var scratchCount: Int { sumsStart + 2 * filterLanes }

  // MARK: - Arithmetic

  public func prepare(_ all: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    packing.pack(all + parameters.weight, into: prepared)
    if patches == nil { packing.packTurned(all + parameters.weight, into: prepared + turnedStart) }
    for lane in 0..<filterLanes {
      prepared[biasStart + lane] = lane < output.channels ? all[parameters.bias + lane] : 0
    }
    activation.expandSlopes(
      all + parameters.slope, channels: output.channels, count: filterLanes, into: prepared + slopesStart)
    if patches == nil { memset(prepared + zerosStart, 0, inputLanes * MemoryLayout<Float>.stride) }
  }

  public func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>? {
    activation == .none ? nil : prepared + slopesStart
  }

  /// The image as the direct convolution wants it: its patches, or activated with zeros around it.
  private func loadInput(_ image: Int, _ source: PendingMap, into target: UnsafeMutablePointer<Float>) {
    let values = source.values + image * inputCount
    if let patches {
      patches.write(values, into: target)
    } else {
      padActivated(
        values, inputExtents, slopes: source.slopes, padding: padding, into: target,
        paddedHeight: convolution.paddedHeight, paddedWidth: convolution.paddedWidth)
    }
  }

  public func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) {
    for image in 0..<images {
      loadInput(image, input, into: scratch)
      convolution.forward(
        padded: scratch, weights: prepared, bias: prepared + biasStart, output: output + image * outputCount)
    }
  }

  public func backward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, output: UnsafePointer<Float>,
    kept: UnsafePointer<Int32>, dOutput: UnsafeMutablePointer<Float>, dInput: UnsafeMutablePointer<Float>?,
    dParameters: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let packed = scratch + packedStart
    let dBias = scratch + sumsStart
    let dSlopes = dBias + filterLanes
    memset(packed, 0, (convolution.weightCount + 2 * filterLanes) * MemoryLayout<Float>.stride)
    for image in 0..<images {
      let dY = dOutput + image * outputCount
      activationGradient(
        gradient: dY, preactivation: output + image * outputCount, slopes: prepared + slopesStart,
        blocks: outputExtents.blocks, pixels: outputExtents.height * outputExtents.width, dBias: dBias,
        dSlopes: dSlopes)
      loadInput(image, input, into: scratch)
      convolution.weightGradient(padded: scratch, dOutput: dY, dWeights: packed)
      if let dInput {
        let spread = scratch + spreadStart
        spreadGradient(
          dY, outputExtents, stride: stride, before: kernel - 1 - padding, into: spread,
          paddedHeight: turned.paddedHeight, paddedWidth: turned.paddedWidth)
        turned.forward(
          padded: spread, weights: prepared + turnedStart, bias: prepared + zerosStart,
          output: dInput + image * inputCount)
      }
    }
    packing.unpack(packed, into: dParameters + parameters.weightOffset)
    (dParameters + parameters.biasOffset).update(from: dBias, count: self.output.channels)
    activation.foldSlopeGradient(dSlopes, channels: self.output.channels, into: dParameters + parameters.slopeOffset)
  }
}
