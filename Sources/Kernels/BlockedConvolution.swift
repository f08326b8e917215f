import Glibc

/// Convolution by its definition on blocked maps, image by image: any filter, stride and padding.
struct BlockedConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  private let convolution: DirectConvolution
  /// The same filters, turned, over the output's gradient: gives the input's.
  private let turned: DirectConvolution
  private let packing: FilterPacking

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    packing = FilterPacking(filters: shape.filters, channels: shape.channels, kernel: shape.kernel)
    convolution = DirectConvolution(
      inputBlocks: shape.input.blocks, filterBlocks: shape.output.blocks, kernel: shape.kernel, stride: shape.stride,
      height: shape.outputHeight, width: shape.outputWidth)
    turned = DirectConvolution(
      inputBlocks: shape.output.blocks, filterBlocks: shape.input.blocks, kernel: shape.kernel, stride: 1,
      height: shape.height, width: shape.width)
  }

  var inputCount: Int { shape.input.count }
  private var inputLanes: Int { shape.input.blocks * blockWidth }
  private var filterLanes: Int { shape.output.blocks * blockWidth }

  /// Behind the turned filters lie the zeros that they take for a bias.
  func filterCount(_ use: FilterUse) -> Int {
    use == .forward ? convolution.weightCount : turned.weightCount + inputLanes
  }

  var filterPieces: Int { 1 }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    switch use {
    case .forward: packing.pack(weights, into: filters)
    case .backward:
      packing.packTurned(weights, into: filters)
      (filters + turned.weightCount).update(repeating: 0, count: inputLanes)
    }
  }

  // Scratch: padded input, spread gradient, packed weight gradient.
  private var spreadStart: Int { convolution.paddedCount }
  private var packedStart: Int { spreadStart + turned.paddedCount }
  func scratchCount(images: Int) -> Int { packedStart + convolution.weightCount }

  private func loadInput(_ image: Int, _ source: PendingMap, into target: UnsafeMutablePointer<Float>) {
    padActivated(
      source.values + image * inputCount, shape.input, slopes: source.slopes, padding: shape.padding, into: target,
      paddedHeight: convolution.paddedHeight, paddedWidth: convolution.paddedWidth)
  }

  func forward(
    images: Int, input: PendingMap, filters: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    for image in 0..<images {
      loadInput(image, input, into: scratch)
      convolution.forward(padded: scratch, weights: filters, bias: bias, output: output + image * shape.output.count)
    }
  }

  func backward(
    images: Int, input: PendingMap, filters: UnsafePointer<Float>, output: PendingMap,
    _ gradients: ConvolutionGradients,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let packed = scratch + packedStart
    packed.update(repeating: 0, count: convolution.weightCount)
    gradients.dBias.update(repeating: 0, count: filterLanes)
    gradients.dSlopes.update(repeating: 0, count: filterLanes)
    for image in 0..<images {
      let dY = gradients.dOutput + image * shape.output.count
      activationGradient(
        gradient: dY, preactivation: output.values + image * shape.output.count, slopes: output.slopes,
        extents: shape.output, dBias: gradients.dBias, dSlopes: gradients.dSlopes)
      loadInput(image, input, into: scratch)
      convolution.weightGradient(padded: scratch, dOutput: dY, dWeights: packed)
      guard let dInput = gradients.dInput else { continue }
      let spread = scratch + spreadStart
      spreadGradient(
        dY, shape.output, stride: shape.stride, before: shape.kernel - 1 - shape.padding, into: spread,
        paddedHeight: turned.paddedHeight, paddedWidth: turned.paddedWidth)
      turned.forward(
        padded: spread, weights: filters, bias: filters + turned.weightCount, output: dInput + image * inputCount)
    }
    packing.unpack(packed, into: gradients.dWeights)
  }
}
