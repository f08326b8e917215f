import System

/// The algorithm `direct` of a network's first layer: convolution of planar images of few channels,
/// [image][channel][row][column]. Images have no gradient.
///
/// With 1 or 3 channels a block of 16 would be mostly zeros, so the kernels read single values of a planar image. A
/// member copies the rows of the image that a band of output rows sees into memory of its own, among zeros, and
/// computes from there. The filters' gradient of a band is a part of the whole sum; the parts are added in their order,
/// whatever the team.
struct ImageConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  let kernel: ImageKernel

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    kernel = ImageKernel(shape)
  }

  var inputCount: Int { shape.channels * shape.height * shape.width }
  private var outputPixels: Int { kernel.height * kernel.width }
  private var lanes: Int { shape.output.blocks * blockWidth }
  /// The number of floats of a panel of filters.
  private var panelFloats: Int { kernel.places * PanelProduct.width }

  // MARK: - Filters: [panel of filters][place under the filter][32 filters]

  func filterCount(_ use: FilterUse) -> Int { use == .forward ? kernel.panels * panelFloats : 0 }
  var filterPieces: Int { kernel.panels }

  /// The place of the weight of `filter` at place `place` under it.
  private func filterIndex(_ filter: Int, _ place: Int) -> Int {
    filter / PanelProduct.width * panelFloats + place * PanelProduct.width + filter % PanelProduct.width
  }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    guard use == .forward else { return }
    (filters + piece * panelFloats).update(repeating: 0, count: panelFloats)
    for filter in piece * PanelProduct.width..<min((piece + 1) * PanelProduct.width, shape.filters) {
      for place in 0..<kernel.places {
        filters[filterIndex(filter, place)] = weights[filter * kernel.places + place]
      }
    }
  }

  // MARK: - Cuts

  /// The number of output pixels of a band, whose gradient of the filters is one part of the sum.
  private static var pixelsWanted: Int { 448 }
  private var bands: Int { kernel.height.dividedUp(by: max(1, Self.pixelsWanted / kernel.width)) }
  private var mostRows: Int { kernel.height.dividedUp(by: bands) }

  /// The division of the outputs of some images: bands of rows, and groups of panels.
  private struct ForwardCut {
    let bands: Int
    let groups: Int
    private let height: Int
    private let panels: Int

    init(_ own: ImageConvolution, images: Int, members: Int) {
      (height, panels) = (own.kernel.height, own.kernel.panels)
      bands = max(own.bands, evenParts(ofEach: images * panels, units: height, members: members))
      groups = evenParts(ofEach: images * bands, units: panels, members: members)
    }

    var pieces: Int { bands * groups }

    func part(_ piece: Int) -> (rows: Range<Int>, panels: Range<Int>) {
      let (band, group) = piece.quotientAndRemainder(dividingBy: groups)
      return ((0..<height).part(band, of: bands), (0..<panels).part(group, of: groups))
    }

    /// The largest part over the mean.
    var unevenness: Double {
      Kernels.unevenness(units: height, parts: bands) * Kernels.unevenness(units: panels, parts: groups)
    }
  }

  /// The number of groups into which the channels of a band's gradient are cut.
  private func channelGroups(images: Int, members: Int) -> Int {
    evenParts(ofEach: images * bands * kernel.panels, units: shape.channels, members: members)
  }

  /// The number of images whose parts of the sums lie in memory at the same time.
  private func imagesAtOnce(_ images: Int, members: Int) -> Int { min(images, max(1, members / 4)) }

  // The sums over the bands are added by pieces of some lines of the cache.
  private static var floatsInSumPiece: Int { 32 }
  private var sumFloats: Int { kernel.panels * panelFloats + 2 * lanes }
  private var sumPieces: Int { sumFloats.dividedUp(by: Self.floatsInSumPiece) }

  // MARK: - Memory

  /// The memory of a pass.
  private struct Workspace {
    /// The filters' gradient, and behind it the sums of bias and slopes.
    let dFilters: UnsafeMutablePointer<Float>
    let sums: UnsafeMutablePointer<Float>
    /// The parts of both for each band of the images.
    let parts: UnsafeMutablePointer<Float>
    /// The member's own band of an image, and the gradient of its outputs.
    let band: UnsafeMutablePointer<Float>
    let dY: UnsafeMutablePointer<Float>
    /// The number of floats in all.
    let count: Int

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ own: ImageConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int, index: Int) {
      let bandFloats = own.kernel.bandCount(rows: own.mostRows).dividedUp(by: blockWidth) * blockWidth
      let ownFloats = bandFloats + own.mostRows * own.kernel.width * PanelProduct.width
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      dFilters = base
      sums = dFilters + own.kernel.panels * own.panelFloats
      parts = dFilters + own.sumFloats
      let membersStart = parts + own.imagesAtOnce(images, members: members) * own.bands * own.sumFloats
      band = membersStart + index * ownFloats
      dY = band + bandFloats
      count = membersStart - base + members * ownFloats
    }
  }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members, index: 0).count
  }

  private func workspace(_ pass: ConvolutionPass) -> Workspace {
    Workspace(self, pass.scratch, images: pass.images, members: pass.team.count, index: pass.team.index)
  }

  // MARK: - Passes

  func forward(_ pass: ConvolutionPass) {
    let work = workspace(pass)
    let cut = ForwardCut(self, images: pass.images, members: pass.team.count)
    let streams = isWrittenPastCaches(pass.output, count: pass.images * shape.output.count)
    pass.team.share(pass.images * cut.pieces, as: "outputs") { piece in
      let (image, place) = piece.quotientAndRemainder(dividingBy: cut.pieces)
      let part = cut.part(place)
      kernel.loadBand(part.rows, of: pass.input.values + image * inputCount, into: work.band)
      for panel in part.panels {
        let output =
          pass.output + image * shape.output.count
          + (2 * panel * outputPixels + part.rows.lowerBound * kernel.width) * blockWidth
        kernel.forward(
          work.band, rows: part.rows.count, panel: panel, pass.parameters, to: (first: output, streams: streams))
      }
    }
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    guard let dWeights = gradients.dWeights, gradients.dInput == nil else {
      preconditionFailure("the gradient of an image was asked for, or no gradient of weights")
    }
    let (team, work) = (pass.team, workspace(pass))
    let groups = channelGroups(images: pass.images, members: team.count)
    team.share(sumPieces, as: "sums over the bands") { piece in
      let places = sumPlaces(piece)
      (work.dFilters + places.lowerBound).update(repeating: 0, count: places.count)
    }
    let most = max(1, imagesAtOnce(pass.images, members: team.count))
    for first in stride(from: 0, to: pass.images, by: most) {
      let images = first..<min(first + most, pass.images)
      team.share(images.count * bands * kernel.panels * groups, as: "filters' gradient") { piece in
        let (place, group) = piece.quotientAndRemainder(dividingBy: groups)
        let (band, panel) = place.quotientAndRemainder(dividingBy: kernel.panels)
        let (number, rows) = (images.lowerBound + band / bands, (0..<kernel.height).part(band % bands, of: bands))
        let part = work.parts + band * sumFloats
        kernel.loadBand(rows, of: pass.input.values + number * inputCount, into: work.band)
        for block in 2 * panel..<min(2 * panel + 2, shape.output.blocks) {
          let sums = loadGradient(block, image: number, rows, pass, gradients, into: work.dY)
          guard group == 0 else { continue }
          store(sums.bias, part + (kernel.panels * panelFloats + block * blockWidth))
          store(sums.slopes, part + (kernel.panels * panelFloats + lanes + block * blockWidth))
        }
        kernel.filterGradient(
          work.band, rows: rows.count, channels: (0..<shape.channels).part(group, of: groups), panel: panel, work.dY,
          into: part + panel * panelFloats)
      }
      team.wait()
      team.share(sumPieces, as: "sums over the bands") { piece in
        let places = sumPlaces(piece)
        for part in 0..<images.count * bands {
          add(
            work.parts + (part * sumFloats + places.lowerBound), to: work.dFilters + places.lowerBound,
            count: places.count)
        }
      }
      team.wait()
    }
    team.share(shape.filters, as: "filters in their order") { filter in
      let target = dWeights + filter * kernel.places
      for place in 0..<kernel.places { target[place] = work.dFilters[filterIndex(filter, place)] }
    }
    team.share(1, as: "sums of bias and slopes") { _ in
      gradients.dBias.update(from: work.sums, count: lanes)
      gradients.dSlopes.update(from: work.sums + lanes, count: lanes)
    }
  }

  private func sumPlaces(_ piece: Int) -> Range<Int> {
    piece * Self.floatsInSumPiece..<min((piece + 1) * Self.floatsInSumPiece, sumFloats)
  }

  /// Writes dY = f'(y)·∂E/∂f of a block in a band's rows as a half of a panel's rows, and returns the sums of bias and
  /// slopes.
  private func loadGradient(
    _ block: Int, image: Int, _ rows: Range<Int>, _ pass: ConvolutionPass, _ gradients: ConvolutionGradients,
    into dY: UnsafeMutablePointer<Float>
  ) -> (bias: Vector, slopes: Vector) {
    let a = pass.parameters.slopes.map { load($0 + block * blockWidth) } ?? Vector(repeating: 1)
    let from = image * shape.output.count + (block * outputPixels + rows.lowerBound * kernel.width) * blockWidth
    let to = dY + block % 2 * blockWidth
    let pixels = rows.count * kernel.width
    var (bias, slopes) = (Vector.zero, Vector.zero)
    var pixel = 0
    while pixel < pixels {
      let y = load(pass.output + (from &+ pixel &* blockWidth))
      let given = load(gradients.dOutput + (from &+ pixel &* blockWidth))
      let negative = y .<= 0
      let passed = given.replacing(with: given * a, where: negative)
      store(passed, to + pixel &* PanelProduct.width)
      bias += passed
      slopes += Vector.zero.replacing(with: given * y, where: negative)
      pixel &+= 1
    }
    return (bias, slopes)
  }

  // MARK: - Plan

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    switch use {
    case .forward:
      let cut = ForwardCut(self, images: images, members: members)
      let loaded = realProduct(images, cut.bands, cut.groups, kernel.bandCount(rows: kernel.height / cut.bands))
      let products = realProduct(images, outputPixels, kernel.panels, panelFloats)
      plan.share(
        "outputs", pieces: images * cut.pieces, cost: products + loaded * costOfMovedValue,
        unevenness: cut.unevenness)
      plan.wait()
    case .backward:
      let groups = channelGroups(images: images, members: members)
      let most = max(1, imagesAtOnce(images, members: members))
      for first in stride(from: 0, to: images, by: most) {
        let count = min(most, images - first)
        let pixels = realProduct(count, outputPixels, kernel.panels)
        plan.share(
          "filters' gradient", pieces: count * bands * kernel.panels * groups,
          cost: pixels * (Double(panelFloats) + realProduct(groups, PanelProduct.width) * costOfTransformedValue),
          unevenness: unevenness(units: kernel.height, parts: bands)
            * unevenness(units: shape.channels, parts: groups))
        plan.wait()
        plan.share("sums over the bands", pieces: sumPieces, cost: realProduct(count, bands, sumFloats))
        plan.wait()
      }
      plan.share(
        "filters in their order", pieces: shape.filters, cost: Double(shape.weightCount) * costOfMovedValue)
      plan.wait()
    }
    return plan
  }
}

/// Whether a map is so large that the next layer would not find it in the cache: it is better written past the cache.
func isWrittenPastCaches(_ map: UnsafeMutablePointer<Float>, count: Int) -> Bool {
  count > 2 << 20 && UInt(bitPattern: map) % 64 == 0
}
