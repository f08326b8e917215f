import System

extension PanelConvolution {
  // MARK: - Forward

  func forward(_ pass: ConvolutionPass) {
    let work = workspace(pass)
    let cut = GridProduct.Cut(outputs, images: pass.images, members: pass.team.count)
    let target = GridProduct.OutputMap(
      values: pass.output, imageStep: shape.output.count, blockStep: shape.output.planeCount,
      rowStep: shape.outputWidth * blockWidth, pixelStep: blockWidth, bias: pass.parameters.bias,
      streams: isWrittenPastCaches(pass.output, count: pass.images * shape.output.count))
    pass.team.share(cut.pieces, as: "outputs") { piece in
      outputs.multiply(
        cut.part(piece), of: pass.input, with: pass.parameters.filters, to: target, memory: work.own)
    }
  }

  // MARK: - Backward

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let (team, work) = (pass.team, workspace(pass))
    let most = max(imagesAtOnce(pass.images, members: team.count), 1)
    for first in stride(from: 0, to: pass.images, by: most) {
      let images = first..<min(first + most, pass.images)
      team.share(images.count * 2 * filterPanels, as: "output gradients") { place in
        let (number, block) = place.quotientAndRemainder(dividingBy: 2 * filterPanels)
        loadGradient(
          block, images.lowerBound + number, pass, gradients, sums: work.sums,
          into: work.gradients + block / 2 * images.count * gradientRows + number * gradientRows + block % 2
            * blockWidth)
      }
      team.wait()
      if gradients.dWeights != nil { multiplyToFilters(images, pass, work) }
      if let dInput = gradients.dInput {
        for residue in residues { multiplyToInput(residue, images, pass, gradients.dOutput, into: dInput, work) }
      }
      team.wait()
    }
    let parts = pass.images == 0 ? 0 : sumParts(images: pass.images)
    if let dWeights = gradients.dWeights {
      team.share(shape.output.blocks * shape.input.blocks, as: "filters in their order") {
        gather($0, parts: parts, work, into: dWeights)
      }
    }
    team.share(shape.output.blocks, as: "sums of bias and slopes") { block in
      gradients.addImages(pass.images, work.sums, shape.output, block: block)
    }
  }

  /// Turns a block of the output's gradient into that before the activation, and writes it as rows of panels too.
  private func loadGradient(
    _ block: Int, _ image: Int, _ pass: ConvolutionPass, _ gradients: ConvolutionGradients,
    sums: UnsafeMutablePointer<Float>, into to: UnsafeMutablePointer<Float>
  ) {
    var pixel = 0
    guard block < shape.output.blocks else {
      while pixel < grid.pixels {
        store(.zero, to + pixel &* PanelProduct.width)
        pixel &+= 1
      }
      return
    }
    let dY = gradients.dOutput + image * shape.output.count
    let own = sums + image * 2 * filterLanes
    activationGradient(
      gradient: dY,
      PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes), shape.output,
      block: block, dBias: own, dSlopes: own + filterLanes)
    let from = dY + block * shape.output.planeCount
    while pixel < grid.pixels {
      store(load(from + pixel &* blockWidth), to + pixel &* PanelProduct.width)
      pixel &+= 1
    }
  }

  /// Adds these images' part of the filters' gradient. A piece is a panel of places under the filter, for some panels
  /// of filters and the bands of one part of the sum.
  private func multiplyToFilters(_ images: Range<Int>, _ pass: ConvolutionPass, _ work: Workspace) {
    let parts = sumParts(images: pass.images)
    let groups = filterGroups(parts: parts, members: pass.team.count)
    pass.team.share(parts * grid.panels * groups, as: "filters' gradient") { piece in
      let (place, group) = piece.quotientAndRemainder(dividingBy: groups)
      let (part, panel) = place.quotientAndRemainder(dividingBy: grid.panels)
      let dFilters = work.dFilters + part * dFilterCount + panel * PanelProduct.width * PanelProduct.width
      for index in bands(images) where index % parts == part {
        let pixels = seenPixels(of: band(index, images: images.upperBound), panel: panel)
        grid.write(panel, pixels, of: pass.input, into: work.own.band)
        let first = pixels.lowerBound - images.lowerBound * grid.pixels
        PanelProduct(
          rows: images.count * grid.pixels, innerPanels: grid.panels, work.own.band,
          work.gradients + first * PanelProduct.width, into: dFilters, nextA: work.own.band,
          accumulates: index >= parts
        ).multiplyTransposed(
          0..<pixels.count, stripes: 0..<PanelProduct.stripesInPanel,
          outer: (0..<filterPanels).part(group, of: groups))
      }
    }
  }

  /// Writes the input's gradient at the pixels of a residue.
  private func multiplyToInput(
    _ residue: Residue, _ images: Range<Int>, _ pass: ConvolutionPass, _ dOutput: UnsafePointer<Float>,
    into dInput: UnsafeMutablePointer<Float>, _ work: Workspace
  ) {
    let cut = GridProduct.Cut(residue.product, images: images.count, members: pass.team.count)
    let first = images.lowerBound * inputCount + (residue.row * shape.width + residue.column) * blockWidth
    let target = GridProduct.OutputMap(
      values: dInput + first, imageStep: inputCount, blockStep: shape.input.planeCount,
      rowStep: shape.stride * shape.width * blockWidth, pixelStep: shape.stride * blockWidth, bias: nil,
      streams: false)
    let dY = PendingMap(values: dOutput + images.lowerBound * shape.output.count)
    pass.team.share(cut.pieces, as: "input gradients") { piece in
      residue.product.multiply(
        cut.part(piece), of: dY, with: pass.parameters.filters + residue.filtersStart, to: target, memory: work.own)
    }
  }

  /// Adds up the parts of the filters' gradient in their order, for a block of filters and a block of channels.
  private func gather(_ piece: Int, parts: Int, _ work: Workspace, into dWeights: UnsafeMutablePointer<Float>) {
    let (filterBlock, block) = piece.quotientAndRemainder(dividingBy: shape.input.blocks)
    let blocks = FilterBlocks(shape)
    guard parts > 0 else { return blocks.clear(filterBlock, block, in: dWeights) }
    let panel = filterBlock / 2 * grid.panels * PanelProduct.width
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks.count) { memory in
      let target = memory.baseAddress!
      for tap in 0..<blocks.taps {
        for channel in 0..<blockWidth {
          let place = (tap &* shape.input.blocks &+ block) &* blockWidth &+ channel
          var from = work.dFilters + ((panel &+ place) &* PanelProduct.width &+ filterBlock % 2 &* blockWidth)
          var sum = load(from)
          for _ in 1..<parts {
            from += dFilterCount
            sum += load(from)
          }
          store(sum, target + (channel &* blocks.taps &+ tap) &* blockWidth)
        }
      }
      blocks.store(target, filterBlock, block, into: dWeights)
    }
  }

  // MARK: - Plan

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    switch use {
    case .forward: outputs.share("outputs", images: images, in: &plan)
    case .backward:
      let most = max(imagesAtOnce(images, members: members), 1)
      let parts = sumParts(images: images)
      let groups = filterGroups(parts: parts, members: members)
      for first in stride(from: 0, to: images, by: most) {
        let count = min(most, images - first)
        plan.share(
          "output gradients", pieces: count * 2 * filterPanels,
          cost: realProduct(count, gradientFloats) * costOfTransformedValue)
        plan.wait()
        plan.share(
          "filters' gradient", pieces: parts * grid.panels * groups,
          cost: realProduct(count, grid.pixels) * Double(dFilterCount),
          unevenness: unevenness(units: filterPanels, parts: groups))
        for residue in residues { residue.product.share("input gradients", images: count, in: &plan) }
        plan.wait()
      }
      plan.share(
        "filters in their order", pieces: shape.output.blocks * shape.input.blocks,
        cost: realProduct(parts, shape.weightCount) * costOfMovedValue)
    }
    plan.wait()
    return plan
  }
}
