import System

/// The algorithm `winograd`: convolution with stride 1 by Winograd's minimal filtering in two dimensions, F(m×m, r×r)
/// (Lavin and Gray 2015).
///
/// Tiles of the input, transformed, are (m + r − 1)² matrices of tiles×channels. Each is multiplied with the matrix of
/// filters at the same place of the transform domain, and the products are transformed back to m×m outputs a tile. With
/// ξ for that place, data lie as [ξ][panel of 32 channels][tile][32], filters as [ξ][panel of 32 outputs][input][32].
///
/// Backward is the transpose of forward: A·dY·Aᵀ serves both gradients, and the input gradient comes back by the
/// transpose of the input transform, where overlapping tiles add.
///
/// `WinogradTransform` is the arithmetic in one dimension, `WinogradTiles` the way of maps to the transform domain and
/// back, `WinogradFilters` that of filters and their gradient, `WinogradBlocks` how tiles are grouped and the work is
/// cut; here are the passes.
struct WinogradConvolution<Transform: WinogradTransform>: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  /// The tiles that cover the output.
  let tileRows: Int
  let tileColumns: Int
  let blocks: WinogradBlocks
  /// The precision of the filters before they are transformed.
  let filterPrecision: Precision

  init(_ shape: ConvolutionShape, filters: Precision = .float32) {
    precondition(
      shape.kernel == Transform.taps && shape.stride == 1,
      "\(shape.kernel)×\(shape.kernel) filters, \(shape.stride) apart, by F(\(Transform.outputs), \(Transform.taps))")
    self.shape = shape
    filterPrecision = filters
    tileRows = shape.outputHeight.dividedUp(by: Transform.outputs)
    tileColumns = shape.outputWidth.dividedUp(by: Transform.outputs)
    let filterBytes = Self.products * shape.channels * shape.filters * MemoryLayout<Float>.stride
    blocks = WinogradBlocks(tileRows: tileRows, tileColumns: tileColumns, filterBytes: filterBytes)
  }

  // MARK: - Extents

  static var products: Int { @inline(__always) get { Transform.products } }
  var inputPanels: Int { (shape.input.blocks + 1) / 2 }
  var filterPanels: Int { (shape.output.blocks + 1) / 2 }
  var filterLanes: Int { shape.output.blocks * blockWidth }

  /// The number of floats that planes of the transform domain lie further apart than their size, so that their
  /// addresses do not fall on the same cache sets.
  private static var stagger: Int { 48 }

  private func inputPlane(_ tiles: Int) -> Int { inputPanels * tiles * PanelProduct.width + Self.stagger }
  private func filterPlane(_ tiles: Int) -> Int { filterPanels * tiles * PanelProduct.width + Self.stagger }
  var weightPlane: Int { inputPanels * filterPanels * PanelProduct.width * PanelProduct.width + Self.stagger }
  static var tileFloats: Int { products * blockWidth }

  var inputCount: Int { shape.input.count }
  var productCount: Int { Self.products * tileRows * tileColumns * shape.channels * shape.filters }
  func filterCount(_ use: FilterUse) -> Int { Self.products * weightPlane }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members).count
  }

  /// The memory of a pass. The members share all of it but for two tiles each.
  struct Workspace {
    /// The transformed input (V).
    let input: UnsafeMutablePointer<Float>
    /// The transformed output (M), or its gradient.
    let output: UnsafeMutablePointer<Float>
    /// The gradient of the transformed input; for a single member it replaces V, which nobody reads any more.
    let dInput: UnsafeMutablePointer<Float>
    /// The filters' gradient (D).
    let dFilters: UnsafeMutablePointer<Float>
    /// The sums of bias and slopes of each row of tiles: [row of tiles][bias, slopes][16 floats a block].
    let rowSums: UnsafeMutablePointer<Float>
    let inputPlane: Int
    let outputPlane: Int
    /// The number of floats in all.
    let count: Int
    private let tiles: UnsafeMutablePointer<Float>

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ own: WinogradConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int) {
      let tilesAtOnce = own.blocks.mostTilesAtOnce(images: images, members: members)
      inputPlane = own.inputPlane(tilesAtOnce)
      outputPlane = own.filterPlane(tilesAtOnce)
      var end = 0
      func take(_ count: Int) -> Int {
        defer { end += count.dividedUp(by: blockWidth) * blockWidth }
        return end
      }
      let tilesStart = take(members * 2 * tileFloats)
      let inputStart = take(products * inputPlane)
      let outputStart = take(products * outputPlane)
      let dInputStart = members > 1 ? take(products * inputPlane) : inputStart
      let dFiltersStart = take(products * own.weightPlane)
      let rowSumsStart = take(images * own.tileRows * 2 * own.filterLanes)
      count = end
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      (tiles, input, output) = (base + tilesStart, base + inputStart, base + outputStart)
      (dInput, dFilters, rowSums) = (base + dInputStart, base + dFiltersStart, base + rowSumsStart)
    }

    /// Two tiles of the member's own.
    func tiles(of team: TeamMember) -> (first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>) {
      let own = tiles + team.index * 2 * tileFloats
      return (own, own + tileFloats)
    }
  }

  // MARK: - Passes

  /// The number of floats above which the next layer would not find a map in the cache: it is written past the cache.
  private static var largeMap: Int { 2 << 20 }

  // The algorithm is called through its protocol, for which the compiler makes no code of its own for each transform.
  @_specialize(where Transform == WinogradF4x3)
  @_specialize(where Transform == WinogradF3x2)
  func forward(_ pass: ConvolutionPass) {
    let team = pass.team
    let work = Workspace(self, pass.scratch, images: pass.images, members: team.count)
    let tiles = work.tiles(of: team)
    let streams = pass.images * shape.output.count > Self.largeMap
    for group in blocks.groups(images: pass.images, members: team.count) {
      let rows = group.rows
      team.share(inputPanels * rows.count, as: "transform of the input") { piece in
        let row = rows.lowerBound + piece % rows.count
        transformInput(piece / rows.count, row, group, pass.input, work, tiles)
      }
      team.wait()
      let cut = productCut(group, members: team.count)
      team.share(Self.products * cut.parts, as: "products") { piece in
        multiplyForward(piece / cut.parts, cut, piece % cut.parts, filters: pass.parameters.filters, work)
      }
      team.wait()
      team.share(filterPanels * rows.count, as: "transform of the output") { piece in
        let row = rows.lowerBound + piece % rows.count
        transformOutput(piece / rows.count, row, group, work, tiles, pass, streams: streams)
      }
    }
  }

  private func multiplyForward(
    _ product: Int, _ cut: ProductCut, _ part: Int, filters: UnsafePointer<Float>, _ work: Workspace
  ) {
    let v = work.input + product * work.inputPlane
    let product = PanelProduct(
      rows: cut.tiles, innerPanels: inputPanels, v, filters + product * weightPlane,
      into: work.output + product * work.outputPlane, nextA: v + work.inputPlane)
    cut.forEachRun(of: part, panels: filterPanels) { panels, rows in product.multiply(rows, panels: panels) }
  }

  @_specialize(where Transform == WinogradF4x3)
  @_specialize(where Transform == WinogradF3x2)
  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let team = pass.team
    let work = Workspace(self, pass.scratch, images: pass.images, members: team.count)
    let tiles = work.tiles(of: team)
    for group in blocks.groups(images: pass.images, members: team.count) {
      let rows = group.rows
      team.share(filterPanels * rows.count, as: "transform of the output gradient") { piece in
        let row = rows.lowerBound + piece % rows.count
        transformOutputGradient(piece / rows.count, row, group, work, tiles, pass, dOutput: gradients.dOutput)
      }
      team.share(gradients.dWeights == nil ? 0 : inputPanels * rows.count, as: "transform of the input") { piece in
        let row = rows.lowerBound + piece % rows.count
        transformInput(piece / rows.count, row, group, pass.input, work, tiles)
      }
      team.wait()
      let cut = gradientCut(group, members: team.count)
      team.share(Self.products * cut.parts, as: "products of the gradients") { piece in
        let (product, part) = (piece / cut.parts, piece % cut.parts)
        if gradients.dWeights != nil { multiplyToFilters(product, cut, part, group, work) }
        guard gradients.dInput != nil else { return }
        multiplyToInput(product, cut, part, filters: pass.parameters.filters, work)
      }
      team.wait()
      guard let target = gradients.dInput else { continue }
      let bands = blocks.bands(group, panels: inputPanels, members: team.count)
      team.share(inputPanels * bands.count, as: "transform of the input gradient") { piece in
        let (panel, band) = (piece / bands.count, piece % bands.count)
        transformInputGradient(panel, bands.band(band), group, work, tiles, target)
      }
    }
    if let dWeights = gradients.dWeights {
      team.share(gatherPieces, as: "transform of the filters' gradient") { piece in
        gatherFilters(piece, work, isEmpty: pass.images == 0, into: dWeights)
      }
    }
    team.share(shape.output.blocks, as: "sums of bias and slopes") { block in
      sumRows(block, rows: pass.images * tileRows, work, gradients)
    }
  }

  /// Adds the products of tiles and output gradients to the filters' gradient, one block's after the other's whatever
  /// the group: the order of the sums is that of the blocks.
  private func multiplyToFilters(
    _ product: Int, _ cut: ProductCut, _ part: Int, _ group: WinogradBlocks.Group, _ work: Workspace
  ) {
    let v = work.input + product * work.inputPlane
    let m = work.output + product * work.outputPlane
    for block in group.blocks {
      let rows = blocks.rows(ofBlock: block, images: group.images)
      let first = (rows.lowerBound - group.rows.lowerBound) * tileColumns
      let product = PanelProduct(
        rows: cut.tiles, innerPanels: inputPanels, v, m, into: work.dFilters + product * weightPlane,
        nextA: v + work.inputPlane, accumulates: block > 0)
      cut.forEachPair(of: part, innerPanels: inputPanels, outer: filterPanels) { stripes, outer in
        product.multiplyTransposed(first..<first + rows.count * tileColumns, stripes: stripes, outer: outer)
      }
    }
  }

  private func multiplyToInput(
    _ product: Int, _ cut: ProductCut, _ part: Int, filters: UnsafePointer<Float>, _ work: Workspace
  ) {
    let m = work.output + product * work.outputPlane
    let product = PanelProduct(
      rows: cut.tiles, innerPanels: filterPanels, m, filters + product * weightPlane,
      into: work.dInput + product * work.inputPlane, nextA: m + work.outputPlane)
    cut.forEachRun(of: part, panels: inputPanels) { panels, rows in product.multiply(rows, panels: panels) }
  }

  /// Adds up what the rows of tiles gave for bias and slopes, in their order.
  private func sumRows(_ block: Int, rows: Int, _ work: Workspace, _ gradients: ConvolutionGradients) {
    var (bias, slope) = (Vector.zero, Vector.zero)
    for row in 0..<rows {
      let sums = work.rowSums + (2 * row * filterLanes + block * blockWidth)
      bias += load(sums)
      slope += load(sums + filterLanes)
    }
    store(bias, gradients.dBias + block * blockWidth)
    store(slope, gradients.dSlopes + block * blockWidth)
  }

  // MARK: - Cuts

  private func productCut(_ group: WinogradBlocks.Group, members: Int) -> ProductCut {
    ProductCut(
      tiles: group.rows.count * tileColumns, products: Self.products, pairs: nil, panels: filterPanels,
      members: members)
  }

  private func gradientCut(_ group: WinogradBlocks.Group, members: Int) -> ProductCut {
    ProductCut(
      tiles: group.rows.count * tileColumns, products: Self.products, pairs: inputPanels * filterPanels,
      panels: inputPanels, members: members)
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    for group in blocks.groups(images: images, members: members) {
      let values = realProduct(Self.products, group.rows.count, tileColumns, PanelProduct.width)
      func shareTransform(_ name: String, panels: Int, pieces: Int) {
        plan.share(name, pieces: pieces, cost: values * Double(panels) * costOfTransformedValue)
      }
      let products = values * realProduct(inputPanels, filterPanels, PanelProduct.width)
      func shareProducts(_ cut: ProductCut, count: Double) {
        plan.share(
          "products", pieces: Self.products * cut.parts, cost: count * products, unevenness: cut.unevenness)
      }
      let rows = group.rows.count
      switch use {
      case .forward:
        shareTransform("transform of the input", panels: inputPanels, pieces: inputPanels * rows)
        plan.wait()
        shareProducts(productCut(group, members: members), count: 1)
        plan.wait()
        shareTransform("transform of the output", panels: filterPanels, pieces: filterPanels * rows)
      case .backward:
        shareTransform("transform of the output gradient", panels: filterPanels, pieces: filterPanels * rows)
        shareTransform("transform of the input", panels: inputPanels, pieces: inputPanels * rows)
        plan.wait()
        shareProducts(gradientCut(group, members: members), count: 2)
        plan.wait()
        let bands = blocks.bands(group, panels: inputPanels, members: members)
        shareTransform(
          "transform of the input gradient", panels: inputPanels, pieces: inputPanels * bands.count)
      }
    }
    if use == .backward {
      plan.share(
        "transform of the filters' gradient", pieces: gatherPieces,
        cost: realProduct(Self.products, shape.channels, shape.filters) * costOfTransformedValue)
    }
    plan.wait()
    return plan
  }
}
