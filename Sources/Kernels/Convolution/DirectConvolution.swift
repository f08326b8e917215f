/// The algorithm `direct`: convolution by its definition on blocked maps, image by image, for any filter, stride and
/// padding.
struct DirectConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  private let kernel: DirectKernel
  /// The kernel of the same filters, turned, over the output's gradient: it gives the input's gradient.
  private let turned: DirectKernel
  private let packing: FilterPacking

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    packing = FilterPacking(filters: shape.filters, channels: shape.channels, kernel: shape.kernel)
    kernel = DirectKernel(shape)
    turned = DirectKernel(
      inputBlocks: shape.output.blocks, output: shape.input, kernel: shape.kernel, stride: 1)
  }

  var inputCount: Int { shape.input.count }
  private var inputLanes: Int { shape.input.blocks * blockWidth }
  private var filterLanes: Int { shape.output.blocks * blockWidth }

  /// Zeros lie behind the turned filters, which take them for a bias.
  func filterCount(_ use: FilterUse) -> Int {
    use == .forward ? kernel.weightCount : turned.weightCount + inputLanes
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
  private var spreadStart: Int { kernel.paddedCount }
  private var packedStart: Int { spreadStart + turned.paddedCount }
  func scratchCount(images: Int) -> Int { packedStart + kernel.weightCount }

  private func loadInput(_ image: Int, _ source: PendingMap, into target: UnsafeMutablePointer<Float>) {
    padActivated(
      source.advanced(by: image * inputCount), shape.input, padding: shape.padding, into: target, kernel.padded)
  }

  func forward(_ pass: ConvolutionPass) {
    for image in 0..<pass.images {
      loadInput(image, pass.input, into: pass.scratch)
      kernel.forward(
        padded: pass.scratch, weights: pass.parameters.filters, bias: pass.parameters.bias,
        output: pass.output + image * shape.output.count)
    }
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let filters = pass.parameters.filters
    let packed = pass.scratch + packedStart
    packed.update(repeating: 0, count: kernel.weightCount)
    gradients.dBias.update(repeating: 0, count: filterLanes)
    gradients.dSlopes.update(repeating: 0, count: filterLanes)
    for image in 0..<pass.images {
      let dY = gradients.dOutput + image * shape.output.count
      activationGradient(
        gradient: dY,
        PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes), shape.output,
        dBias: gradients.dBias, dSlopes: gradients.dSlopes)
      loadInput(image, pass.input, into: pass.scratch)
      kernel.weightGradient(padded: pass.scratch, dOutput: dY, dWeights: packed)
      guard let dInput = gradients.dInput else { continue }
      let spread = pass.scratch + spreadStart
      spreadGradient(dY, shape.output, GradientSpread(shape), into: spread, turned.padded)
      turned.forward(
        padded: spread, weights: filters, bias: filters + turned.weightCount, output: dInput + image * inputCount)
    }
    packing.unpack(packed, into: gradients.dWeights)
  }
}
