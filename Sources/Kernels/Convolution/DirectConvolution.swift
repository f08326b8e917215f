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

  /// The number of blocks of outputs, of either pass.
  var filterPieces: Int { max(shape.input.blocks, shape.output.blocks) }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    switch use {
    case .forward:
      if piece < shape.output.blocks { packing.pack(weights, filterBlock: piece, into: filters) }
    case .backward:
      guard piece < shape.input.blocks else { return }
      packing.packTurned(weights, channelBlock: piece, into: filters)
      (filters + (turned.weightCount + piece * blockWidth)).update(repeating: 0, count: blockWidth)
    }
  }

  // MARK: - Cuts

  /// The number of images that a team computes together.
  private func imagesAtOnce(_ images: Int, members: Int) -> Int { min(images, max(1, members / 2)) }

  private func forEachGroup(_ pass: ConvolutionPass, _ body: (Range<Int>) -> Void) {
    let most = imagesAtOnce(pass.images, members: pass.team.count)
    for first in stride(from: 0, to: pass.images, by: max(most, 1)) { body(first..<min(first + most, pass.images)) }
  }

  // Scratch: padded inputs, spread gradients, the packed weight gradient, the sums of bias and slopes of each image.
  private func spreadStart(_ images: Int, members: Int) -> Int {
    imagesAtOnce(images, members: members) * kernel.paddedCount
  }
  private func packedStart(_ images: Int, members: Int) -> Int {
    spreadStart(images, members: members) + imagesAtOnce(images, members: members) * turned.paddedCount
  }
  func scratchCount(images: Int, members: Int) -> Int {
    packedStart(images, members: members) + kernel.weightCount + images * 2 * filterLanes
  }

  // MARK: - Passes

  /// Writes a block of an image's input among zeros.
  private func loadInput(_ place: Int, _ images: Range<Int>, _ pass: ConvolutionPass) {
    let (number, block) = place.quotientAndRemainder(dividingBy: shape.input.blocks)
    padActivated(
      pass.input.advanced(by: (images.lowerBound + number) * inputCount), shape.input, block: block,
      padding: shape.padding, into: pass.scratch + number * kernel.paddedCount, kernel.padded)
  }

  func forward(_ pass: ConvolutionPass) {
    let team = pass.team
    forEachGroup(pass) { images in
      team.share(images.count * shape.input.blocks, as: "padded inputs") { loadInput($0, images, pass) }
      team.wait()
      let cut = kernel.forwardCut(images: images.count, members: team.count)
      team.share(images.count * cut.pieces, as: "outputs") { piece in
        let (number, part) = piece.quotientAndRemainder(dividingBy: cut.pieces)
        kernel.forward(
          padded: pass.scratch + number * kernel.paddedCount, weights: pass.parameters.filters,
          bias: pass.parameters.bias, output: pass.output + (images.lowerBound + number) * shape.output.count,
          cut.part(part))
      }
      team.wait()
    }
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let (team, filters) = (pass.team, pass.parameters.filters)
    let spread = pass.scratch + spreadStart(pass.images, members: team.count)
    let packed = pass.scratch + packedStart(pass.images, members: team.count)
    let sums = packed + kernel.weightCount
    forEachGroup(pass) { images in
      team.share(images.count * shape.output.blocks, as: "output gradients") { place in
        let (number, block) = place.quotientAndRemainder(dividingBy: shape.output.blocks)
        let image = images.lowerBound + number
        let dY = gradients.dOutput + image * shape.output.count
        let own = sums + image * 2 * filterLanes
        activationGradient(
          gradient: dY,
          PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes), shape.output,
          block: block, dBias: own, dSlopes: own + filterLanes)
        guard gradients.dInput != nil else { return }
        spreadGradient(
          dY, shape.output, block: block, GradientSpread(shape), into: spread + number * turned.paddedCount,
          turned.padded)
      }
      if gradients.dWeights != nil {
        team.share(images.count * shape.input.blocks, as: "padded inputs") { loadInput($0, images, pass) }
      }
      team.wait()
      team.share(gradients.dWeights == nil ? 0 : kernel.weightGradientPieces, as: "filters' gradient") { piece in
        for (number, image) in images.enumerated() {
          kernel.weightGradient(
            padded: pass.scratch + number * kernel.paddedCount, dOutput: gradients.dOutput + image * shape.output.count,
            dWeights: packed, piece: piece, accumulates: image > 0)
        }
      }
      if let dInput = gradients.dInput {
        let cut = turned.forwardCut(images: images.count, members: team.count)
        team.share(images.count * cut.pieces, as: "input gradients") { piece in
          let (number, part) = piece.quotientAndRemainder(dividingBy: cut.pieces)
          turned.forward(
            padded: spread + number * turned.paddedCount, weights: filters, bias: filters + turned.weightCount,
            output: dInput + (images.lowerBound + number) * inputCount, cut.part(part))
        }
      }
      team.wait()
    }
    if let dWeights = gradients.dWeights {
      team.share(shape.filters, as: "filters in their order") { filter in
        if pass.images == 0 {
          let count = shape.weightCount / shape.filters
          (dWeights + filter * count).update(repeating: 0, count: count)
        } else {
          packing.unpack(packed, filter: filter, into: dWeights)
        }
      }
    }
    team.share(shape.output.blocks, as: "sums of bias and slopes") { block in
      gradients.addImages(pass.images, sums, shape.output, block: block)
    }
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    let most = max(1, imagesAtOnce(images, members: members))
    let products = realProduct(
      shape.input.blocks, shape.output.blocks, blockWidth, blockWidth, shape.kernel, shape.kernel)
    for first in stride(from: 0, to: images, by: most) {
      let count = min(most, images - first)
      if use == .backward {
        plan.share(
          "output gradients", pieces: count * shape.output.blocks,
          cost: realProduct(count, shape.output.count) * costOfTransformedValue)
      }
      plan.share(
        "padded inputs", pieces: count * shape.input.blocks,
        cost: realProduct(count, kernel.paddedCount) * costOfMovedValue)
      plan.wait()
      let forward = products * realProduct(count, shape.outputHeight, shape.outputWidth)
      switch use {
      case .forward:
        let cut = kernel.forwardCut(images: count, members: members)
        plan.share("outputs", pieces: count * cut.pieces, cost: forward, unevenness: cut.unevenness)
      case .backward:
        plan.share("filters' gradient", pieces: kernel.weightGradientPieces, cost: forward)
        let cut = turned.forwardCut(images: count, members: members)
        plan.share(
          "input gradients", pieces: count * cut.pieces,
          cost: products * realProduct(count, shape.height, shape.width), unevenness: cut.unevenness)
      }
      plan.wait()
    }
    if use == .backward {
      plan.share(
        "filters in their order", pieces: shape.filters, cost: Double(shape.weightCount) * costOfMovedValue)
      plan.wait()
    }
    return plan
  }
}
