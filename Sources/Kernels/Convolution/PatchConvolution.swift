/// The algorithm `direct` of a network's first layer: convolution of planar images of few channels,
/// [image][channel][row][column], on patches. Images have no gradient.
///
/// With 1 or 3 channels a block of 16 would be mostly zeros. Here each output pixel has a row of a matrix, which holds
/// the values under the filter (the patch) in the order of the weights: channel, filter row, filter column. The passes
/// are products of panels. They take a band of pixels at a time, so that the matrix stays in the cache.
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

  // MARK: - Passes

  // Scratch: the image with zeros around it, rows of patches, rows of outputs, the filters' gradient.
  private var rowsStart: Int { patches.paddedCount + patches.scratchCount }
  private var outputsStart: Int { rowsStart + patches.panels * bandPixels * PanelProduct.width }
  private var dFiltersStart: Int { outputsStart + filterPanels * bandPixels * PanelProduct.width }
  func scratchCount(images: Int) -> Int { dFiltersStart + weightFloats }

  private func forEachBand(_ body: (Range<Int>) -> Void) {
    for first in stride(from: 0, to: outputPixels, by: bandPixels) {
      body(first..<min(first + bandPixels, outputPixels))
    }
  }

  func forward(_ pass: ConvolutionPass) {
    let (padded, rows, outputs) = (pass.scratch, pass.scratch + rowsStart, pass.scratch + outputsStart)
    let patchScratch = pass.scratch + patches.paddedCount
    for image in 0..<pass.images {
      patches.pad(pass.input.values + image * inputCount, into: padded)
      forEachBand { band in
        patches.write(band, of: padded, into: rows, scratch: patchScratch)
        PanelProduct.multiply(
          rows: band.count, innerPanels: patches.panels, outerPanels: filterPanels, rows, pass.parameters.filters,
          into: outputs, nextA: rows)
        for block in 0..<shape.output.blocks {
          let added = load(pass.parameters.bias + block * blockWidth)
          let from = outputs + block / 2 * band.count * PanelProduct.width + block % 2 * blockWidth
          let to = pass.output + (image * lanes * outputPixels + (block * outputPixels + band.lowerBound) * blockWidth)
          var pixel = 0
          while pixel < band.count {
            store(load(from + pixel &* PanelProduct.width) + added, to + pixel &* blockWidth)
            pixel &+= 1
          }
        }
      }
    }
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    precondition(gradients.dInput == nil, "the gradient of an image was asked for")
    let (padded, rows, outputs) = (pass.scratch, pass.scratch + rowsStart, pass.scratch + outputsStart)
    let (patchScratch, dFilters) = (pass.scratch + patches.paddedCount, pass.scratch + dFiltersStart)
    dFilters.update(repeating: 0, count: weightFloats)
    gradients.dBias.update(repeating: 0, count: lanes)
    gradients.dSlopes.update(repeating: 0, count: lanes)
    for image in 0..<pass.images {
      patches.pad(pass.input.values + image * inputCount, into: padded)
      forEachBand { band in
        patches.write(band, of: padded, into: rows, scratch: patchScratch)
        loadGradient(image, band, pass, gradients, into: outputs)
        PanelProduct.multiplyTransposed(
          rows: band.count, innerPanels: patches.panels, outerPanels: filterPanels, rows, outputs, into: dFilters,
          accumulates: true, nextA: rows)
      }
    }
    for filter in 0..<shape.filters {
      for place in 0..<patches.places {
        gradients.dWeights[filter * patches.places + place] = dFilters[filterIndex(filter, place)]
      }
    }
  }

  /// Writes dY = f'(y)·∂E/∂f of a band as rows of panels, and adds to the sums of bias and slopes.
  private func loadGradient(
    _ image: Int, _ band: Range<Int>, _ pass: ConvolutionPass, _ gradients: ConvolutionGradients,
    into rows: UnsafeMutablePointer<Float>
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
      let (dBias, dSlopes) = (gradients.dBias + block * blockWidth, gradients.dSlopes + block * blockWidth)
      store(load(dBias) + bias, dBias)
      store(load(dSlopes) + slope, dSlopes)
    }
  }
}
