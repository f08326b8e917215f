import CTiles
import System

/// The gradients.
extension TileConvolution {
  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    precondition(gradient != nil || gradients.dInput == nil, "the gradient of an image was asked for")
    let (team, work) = (pass.team, workspace(pass))
    let parts = sumParts(images: pass.images)
    forEachGroup(pass) { images in
      pad(images, pass, work)
      team.share(images.count * filterPanels, as: "output gradients") { place in
        let (number, panel) = place.quotientAndRemainder(dividingBy: filterPanels)
        loadGradient(panel, number, images.lowerBound + number, pass, gradients, work)
      }
      team.share(gradients.dWeights == nil ? 0 : images.count * input.pieces, as: "input to bfloat16") { place in
        let (number, piece) = place.quotientAndRemainder(dividingBy: input.pieces)
        input.writePairs(
          piece, loading(number, images.lowerBound + number, pass, work), into: work.pairs + number * input.pairCount)
      }
      team.wait()
      let groups = tapGroups(parts: parts, members: team.count)
      let pieces = gradients.dWeights == nil ? 0 : parts * filterPanels * input.units * groups
      team.share(pieces, as: "filters' gradient") { piece in
        let (place, group) = piece.quotientAndRemainder(dividingBy: groups)
        multiplyToFilters(place, taps: input.taps.indices.part(group, of: groups), parts: parts, images, work)
      }
      if let dInput = gradients.dInput, let gradient {
        for residue in gradient.residues {
          multiplyToInput(residue, gradient, images, pass, into: dInput, work)
        }
      }
      team.wait()
    }
    if let dWeights = gradients.dWeights {
      team.share(shape.filters, as: "filters in their order") { filter in
        gather(filter, parts: pass.images == 0 ? 0 : parts, work, into: dWeights)
      }
    }
    team.share(shape.output.blocks, as: "sums of bias and slopes") { block in
      gradients.addImages(pass.images, work.sums, shape.output, block: block)
    }
  }

  /// Turns the gradient of a panel of the activated output into that before the activation, and writes it as the
  /// products read it.
  private func loadGradient(
    _ panel: Int, _ number: Int, _ image: Int, _ pass: ConvolutionPass, _ gradients: ConvolutionGradients,
    _ work: Workspace
  ) {
    let dY = gradients.dOutput + image * shape.output.count
    let sums = work.sums + image * 2 * filterLanes
    for block in 2 * panel..<min(2 * panel + 2, shape.output.blocks) {
      activationGradient(
        gradient: dY,
        PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes), shape.output,
        block: block, dBias: sums, dSlopes: sums + filterLanes)
    }
    let map = PendingMap(values: dY)
    if gradients.dInput != nil, let gradient {
      gradient.plane.write(
        unit: panel, 0..<gradient.planePixels, of: map,
        into: work.gradient + number * gradient.rowCount + panel * gradient.planePixels * Tiles.width)
    }
    let rows = work.gradientRows + (number * filterPanels + panel) * Tiles.width * gradientRow
    for row in 0..<Tiles.width { (rows + row * gradientRow).update(repeating: 0, count: gradientFront) }
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Tiles.count) { memory in
      let pixels = memory.baseAddress!
      for group in 0..<input.groups {
        let first = group * Tiles.width
        outputPlane.write(unit: panel, first..<first + Tiles.width, of: map, into: pixels)
        transposePixels(pixels, into: rows + gradientFront + first, rowStep: gradientRow)
      }
    }
  }

  /// Adds these images' part of the filters' gradient, for some taps of a part of the sum, a panel of filters and a
  /// unit of channels.
  private func multiplyToFilters(
    _ place: Int, taps: Range<Int>, parts: Int, _ images: Range<Int>, _ work: Workspace
  ) {
    let (pair, unit) = place.quotientAndRemainder(dividingBy: input.units)
    let (part, panel) = pair.quotientAndRemainder(dividingBy: filterPanels)
    engine.withTiles { tiles in
      for image in images where image % parts == part {
        let number = image - images.lowerBound
        let rows =
          work.gradientRows + (number * filterPanels + panel) * Tiles.width * gradientRow + gradientFront
        for index in taps {
          let tap = input.taps[index]
          tiles.multiply(
            tiles_product(
              a: rows - tap.offset, rowStep: Int64(gradientRow), places: nil, step: Int64(Tiles.width),
              b: work.pairs + number * input.pairCount + input.pairPlace(unit: unit, tap: tap),
              steps: Int64(input.groups), c: work.dFilters + (place * input.taps.count + index) * Tiles.count,
              rows: Int64(min(Tiles.width, shape.filters - panel * Tiles.width)), accumulates: image >= parts))
        }
      }
    }
  }

  /// Writes the gradient of the input's pixels of a residue.
  private func multiplyToInput(
    _ residue: TileGradient.Residue, _ gradient: TileGradient, _ images: Range<Int>, _ pass: ConvolutionPass,
    into dInput: UnsafeMutablePointer<Float>, _ work: Workspace
  ) {
    let cut = inputGradientCut(residue, images: images.count, members: pass.team.count)
    let packed = halves(of: pass.parameters.filters) + residue.filtersStart
    let output = TileMapOutput(
      extents: shape.input, columns: residue.columns, columnsInMemory: gradient.plane.columns, step: shape.stride,
      firstRow: residue.row, firstColumn: residue.column)
    pass.team.share(images.count * cut.pieces, as: "input gradients") { place in
      let (number, piece) = place.quotientAndRemainder(dividingBy: cut.pieces)
      multiply(
        cut.part(piece), work.gradient + number * gradient.rowCount + residue.start, places: residue.places, packed,
        residue.filters, work.tile
      ) { panel, pixels in
        output.store(
          work.tile, pixels, panel: panel, bias: nil,
          into: dInput + (images.lowerBound + number) * inputCount)
      }
    }
  }

  /// Adds up the parts of a filter's gradient in their order, (channels, kernel, kernel).
  private func gather(_ filter: Int, parts: Int, _ work: Workspace, into dWeights: UnsafeMutablePointer<Float>) {
    let (panel, row) = filter.quotientAndRemainder(dividingBy: Tiles.width)
    let count = shape.weightCount / shape.filters
    let target = dWeights + filter * count
    guard parts > 0 else { return target.update(repeating: 0, count: count) }
    let taps = input.taps.count
    // Patches have the places under the filter for channels.
    for channel in 0..<count / taps {
      let (unit, column) = channel.quotientAndRemainder(dividingBy: Tiles.width)
      for tap in 0..<taps {
        let place = ((panel * input.units + unit) * taps + tap) * Tiles.count + row * Tiles.width + column
        var sum = work.dFilters[place]
        for part in 1..<max(parts, 1) { sum += work.dFilters[part * filters.count + place] }
        target[channel * taps + tap] = sum
      }
    }
  }
}

// MARK: - Plan

extension TileConvolution {
  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    let most = max(1, imagesAtOnce(images, members: members))
    let parts = sumParts(images: images)
    for first in stride(from: 0, to: images, by: most) {
      let count = min(most, images - first)
      func shareProducts(_ name: String, pixels: Int, steps: Int, _ cut: Cut) {
        plan.share(
          name, pieces: count * cut.pieces,
          cost: realProduct(count, pixels, cut.panels) * realProduct(steps, Tiles.count),
          unevenness: unevenness(units: cut.panels, parts: cut.groups))
      }
      if input.paddedPieces > 0 {
        plan.share(
          "padded images", pieces: count * input.paddedPieces,
          cost: realProduct(count, input.paddedCount) * costOfMovedValue)
        plan.wait()
      }
      if use == .backward {
        plan.share(
          "output gradients", pieces: count * filterPanels,
          cost: realProduct(count, shape.output.count) * costOfTransformedValue)
      }
      plan.share(
        "input to bfloat16", pieces: count * input.pieces, cost: realProduct(count, input.rowCount) * costOfMovedValue)
      plan.wait()
      switch use {
      case .forward:
        shareProducts(
          "outputs", pixels: input.pixels, steps: filters.steps, forwardCut(images: count, members: members))
      case .backward:
        let groups = tapGroups(parts: parts, members: members)
        plan.share(
          "filters' gradient", pieces: parts * filterPanels * input.units * groups,
          cost: realProduct(count, input.groups, Tiles.width) * Double(filters.count),
          unevenness: unevenness(units: input.taps.count, parts: groups))
        for residue in gradient?.residues ?? [] {
          shareProducts(
            "input gradients", pixels: residue.pixels, steps: residue.filters.steps,
            inputGradientCut(residue, images: count, members: members))
        }
      }
      plan.wait()
    }
    if use == .backward {
      plan.share(
        "filters in their order", pieces: shape.filters,
        cost: realProduct(parts, shape.weightCount) * costOfMovedValue)
      plan.wait()
    }
    return plan
  }
}
