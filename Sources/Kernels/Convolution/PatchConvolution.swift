/// The algorithm `direct` of a network's first layer: convolution of planar images of few channels,
/// [image][channel][row][column], on patches. Images have no gradient.
///
/// With 1 or 3 channels a block of 16 would be mostly zeros. Here each output pixel has a row of a matrix, which holds
/// the values under the filter (the patch) in the order of the weights: channel, filter row, filter column. The passes
/// are products of panels. They take a band of pixels at a time, so that the matrix stays in the cache. The filters'
/// gradient is summed over two bands before it is added to the sum of the bands before them: such a pair is what one
/// member of a team computes, and it is the same for every team.
struct PatchConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  private let patches: Patches

  /// The number of output pixels of a band: a multiple of the product's 14 rows.
  private static var pixelsWanted: Int { 196 }

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    patches = Patches(shape)
  }

  var inputCount: Int { shape.channels * shape.height * shape.width }
  private var outputPixels: Int { shape.outputHeight * shape.outputWidth }
  private var bandPixels: Int { min(Self.pixelsWanted, outputPixels) }
  private var filterPanels: Int { (shape.output.blocks + 1) / 2 }
  private var lanes: Int { shape.output.blocks * blockWidth }
  private var weightFloats: Int { patches.panels * filterPanels * PanelProduct.width * PanelProduct.width }

  // MARK: - Filters: [panel of filters][place under the filter][32 filters]

  func filterCount(_ use: FilterUse) -> Int { use == .forward ? weightFloats : 0 }
  var filterPieces: Int { 1 }

  /// The place of the weight of `filter` at place `place` under it.
  private func filterIndex(_ filter: Int, _ place: Int) -> Int {
    (filter / PanelProduct.width * patches.panels * PanelProduct.width + place) * PanelProduct.width
      + filter % PanelProduct.width
  }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    guard use == .forward else { return }
    filters.update(repeating: 0, count: weightFloats)
    for filter in 0..<shape.filters {
      for place in 0..<patches.places {
        filters[filterIndex(filter, place)] = weights[filter * patches.places + place]
      }
    }
  }

  // MARK: - Cuts

  /// The number of images that a team computes together.
  private func imagesAtOnce(_ images: Int, members: Int) -> Int { min(images, max(1, members / 4)) }

  private func forEachGroup(_ pass: ConvolutionPass, _ body: (Range<Int>) -> Void) {
    let most = imagesAtOnce(pass.images, members: pass.team.count)
    for first in stride(from: 0, to: pass.images, by: max(most, 1)) { body(first..<min(first + most, pass.images)) }
  }

  private var bands: Int { outputPixels.dividedUp(by: bandPixels) }
  private func band(_ number: Int) -> Range<Int> {
    number * bandPixels..<min((number + 1) * bandPixels, outputPixels)
  }

  /// The number of parts of at least 28 pixels that each band of the outputs is cut into.
  private func forwardParts(images: Int, members: Int) -> Int {
    evenParts(ofEach: images * bands, units: max(1, bandPixels / 28), members: members)
  }

  /// The number of pairs of bands.
  private var pairs: Int { bands.dividedUp(by: 2) }

  // MARK: - Memory

  /// The memory of a pass.
  private struct Workspace {
    /// The images with zeros around them.
    let padded: UnsafeMutablePointer<Float>
    /// The filters' gradient.
    let dFilters: UnsafeMutablePointer<Float>
    /// The sums of bias and slopes.
    let sums: UnsafeMutablePointer<Float>
    /// The parts of the two above for each pair of bands of the images, the gradient's first.
    let parts: UnsafeMutablePointer<Float>
    let partCount: Int
    /// The member's own rows of patches, their outputs, and the patches that are being put together.
    let rows: UnsafeMutablePointer<Float>
    let outputs: UnsafeMutablePointer<Float>
    let patches: UnsafeMutablePointer<Float>
    /// The number of floats in all.
    let count: Int

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ own: PatchConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int, index: Int) {
      let atOnce = own.imagesAtOnce(images, members: members)
      partCount = own.weightFloats + 2 * own.lanes
      let rowFloats = own.patches.panels * own.bandPixels * PanelProduct.width
      let outputFloats = own.filterPanels * own.bandPixels * PanelProduct.width
      let ownFloats = rowFloats + outputFloats + own.patches.scratchCount.dividedUp(by: blockWidth) * blockWidth
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      padded = base
      dFilters = padded + atOnce * own.patches.paddedCount
      sums = dFilters + own.weightFloats
      parts = dFilters + partCount
      let members = members * ownFloats
      rows = parts + atOnce * own.pairs * partCount + index * ownFloats
      outputs = rows + rowFloats
      patches = outputs + outputFloats
      count = atOnce * own.patches.paddedCount + partCount + atOnce * own.pairs * partCount + members
    }
  }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members, index: 0).count
  }

  private func workspace(_ pass: ConvolutionPass) -> Workspace {
    Workspace(self, pass.scratch, images: pass.images, members: pass.team.count, index: pass.team.index)
  }

  // MARK: - Passes

  /// Copies the images of a group into zeros, channel by channel.
  private func pad(_ images: Range<Int>, _ pass: ConvolutionPass, _ work: Workspace) {
    pass.team.share(images.count * shape.channels, as: "padded images") { place in
      let (number, channel) = place.quotientAndRemainder(dividingBy: shape.channels)
      patches.pad(
        pass.input.values + (images.lowerBound + number) * inputCount, channel: channel,
        into: work.padded + number * patches.paddedCount)
    }
    pass.team.wait()
  }

  func forward(_ pass: ConvolutionPass) {
    let (team, work) = (pass.team, workspace(pass))
    forEachGroup(pass) { images in
      pad(images, pass, work)
      let parts = forwardParts(images: images.count, members: team.count)
      team.share(images.count * bands * parts, as: "bands") { place in
        let (number, part) = place.quotientAndRemainder(dividingBy: bands * parts)
        let whole = band(part / parts)
        let band = whole.part(part % parts, of: parts)
        guard !band.isEmpty else { return }
        patches.write(
          band, of: work.padded + number * patches.paddedCount, into: work.rows, scratch: work.patches)
        PanelProduct(
          rows: band.count, innerPanels: patches.panels, work.rows, pass.parameters.filters, into: work.outputs,
          nextA: work.rows
        ).multiply(0..<band.count, panels: 0..<filterPanels)
        storeOutputs(images.lowerBound + number, band, pass, work)
      }
      team.wait()
    }
  }

  private func storeOutputs(_ image: Int, _ band: Range<Int>, _ pass: ConvolutionPass, _ work: Workspace) {
    for block in 0..<shape.output.blocks {
      let added = load(pass.parameters.bias + block * blockWidth)
      let from = work.outputs + block / 2 * band.count * PanelProduct.width + block % 2 * blockWidth
      let to = pass.output + (image * lanes * outputPixels + (block * outputPixels + band.lowerBound) * blockWidth)
      var pixel = 0
      while pixel < band.count {
        store(load(from + pixel &* PanelProduct.width) + added, to + pixel &* blockWidth)
        pixel &+= 1
      }
    }
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    precondition(gradients.dInput == nil, "the gradient of an image was asked for")
    let (team, work) = (pass.team, workspace(pass))
    team.share(sumPieces, as: "sums set to zero") { piece in
      (work.dFilters + place(piece)).update(repeating: 0, count: places(piece))
    }
    forEachGroup(pass) { images in
      pad(images, pass, work)
      team.share(images.count * pairs, as: "pairs of bands") { place in
        let (number, pair) = place.quotientAndRemainder(dividingBy: pairs)
        let part = work.parts + place * work.partCount
        (part + weightFloats).update(repeating: 0, count: 2 * lanes)
        for index in 2 * pair..<min(2 * pair + 2, bands) {
          let band = band(index)
          patches.write(
            band, of: work.padded + number * patches.paddedCount, into: work.rows, scratch: work.patches)
          loadGradient(
            images.lowerBound + number, band, pass, gradients, into: work.outputs, sums: part + weightFloats)
          TransposedPanelProduct(
            rows: band.count, innerPanels: patches.panels, work.rows, work.outputs, into: part,
            accumulates: index > 2 * pair, nextA: work.rows
          ).multiply(
            0..<band.count, stripes: 0..<patches.panels * TransposedPanelProduct.stripesInPanel, outer: 0..<filterPanels
          )
        }
      }
      team.wait()
      team.share(sumPieces, as: "sums over the bands") { piece in
        let (first, count) = (place(piece), places(piece))
        for part in 0..<images.count * pairs {
          add(work.parts + (part * work.partCount + first), to: work.dFilters + first, count: count)
        }
      }
      team.wait()
    }
    team.share(shape.filters, as: "filters in their order") { filter in
      let target = gradients.dWeights + filter * patches.places
      for place in 0..<patches.places { target[place] = work.dFilters[filterIndex(filter, place)] }
    }
    team.share(1, as: "sums of bias and slopes") { _ in
      gradients.dBias.update(from: work.sums, count: lanes)
      gradients.dSlopes.update(from: work.sums + lanes, count: lanes)
    }
  }

  // The sums over the pairs of bands are added by pieces of some lines of the cache.
  private static var floatsInSumPiece: Int { 32 }
  private var sumPieces: Int { (weightFloats + 2 * lanes).dividedUp(by: Self.floatsInSumPiece) }
  private func place(_ piece: Int) -> Int { piece * Self.floatsInSumPiece }
  private func places(_ piece: Int) -> Int { min(Self.floatsInSumPiece, weightFloats + 2 * lanes - place(piece)) }

  /// Writes dY = f'(y)·∂E/∂f of a band as rows of panels, and adds to the sums of bias and slopes, [bias, slopes][16
  /// floats a block].
  private func loadGradient(
    _ image: Int, _ band: Range<Int>, _ pass: ConvolutionPass, _ gradients: ConvolutionGradients,
    into rows: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
  ) {
    for block in 0..<2 * filterPanels {
      let to = rows + block / 2 * band.count * PanelProduct.width + block % 2 * blockWidth
      guard block < shape.output.blocks else {
        for pixel in 0..<band.count { store(.zero, to + pixel * PanelProduct.width) }
        continue
      }
      let a = pass.parameters.slopes.map { load($0 + block * blockWidth) } ?? Vector(repeating: 1)
      let from = image * lanes * outputPixels + (block * outputPixels + band.lowerBound) * blockWidth
      var (bias, slope) = (Vector.zero, Vector.zero)
      var pixel = 0
      while pixel < band.count {
        let y = load(pass.output + (from &+ pixel &* blockWidth))
        let given = load(gradients.dOutput + (from &+ pixel &* blockWidth))
        let negative = y .<= 0
        let passed = given.replacing(with: given * a, where: negative)
        store(passed, to + pixel &* PanelProduct.width)
        bias += passed
        slope += Vector.zero.replacing(with: given * y, where: negative)
        pixel &+= 1
      }
      let (dBias, dSlopes) = (sums + block * blockWidth, sums + (lanes + block * blockWidth))
      store(load(dBias) + bias, dBias)
      store(load(dSlopes) + slope, dSlopes)
    }
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    let most = max(1, imagesAtOnce(images, members: members))
    for first in stride(from: 0, to: images, by: most) {
      let count = min(most, images - first)
      plan.share(
        "padded images", pieces: count * shape.channels,
        cost: Double(count * patches.paddedCount) * costOfMovedValue)
      plan.wait()
      let pixels = Double(count * outputPixels)
      let cost = pixels * Double(weightFloats + patches.panels * PanelProduct.width) + pixels * Double(lanes)
      switch use {
      case .forward:
        let parts = forwardParts(images: count, members: members)
        plan.share(
          "bands", pieces: count * bands * parts, cost: cost, unevenness: unevenness(units: bandPixels, parts: parts))
      case .backward:
        plan.share("pairs of bands", pieces: count * pairs, cost: cost)
        plan.wait()
        plan.share("sums over the bands", pieces: sumPieces, cost: Double(count * pairs * weightFloats))
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
