import System

/// The cuts of the filters' gradient, and the memory of a pass.
extension PanelConvolution {
  // MARK: - Bands of the sum over the pixels

  /// The number of pixels of a band.
  private static var bandPixels: Int { 196 }

  // A band is a part of an image, or several images where maps are small.
  private var bandImages: Int { max(1, Self.bandPixels / grid.pixels) }
  private var imageBands: Int { grid.pixels.dividedUp(by: Self.bandPixels) }

  /// The bands of some images, of which the first begins a band.
  func bands(_ images: Range<Int>) -> Range<Int> {
    images.lowerBound / bandImages * imageBands..<images.upperBound.dividedUp(by: bandImages) * imageBands
  }

  /// The pixels of a band, counted through all images.
  func band(_ number: Int, images: Int) -> Range<Int> {
    let (group, place) = number.quotientAndRemainder(dividingBy: imageBands)
    let start = group * bandImages * grid.pixels + place * Self.bandPixels
    return start..<min(start + Self.bandPixels, min((group + 1) * bandImages, images) * grid.pixels)
  }

  /// The pixels of a band whose patches have more than zeros at a panel of places; not cut where a band holds several
  /// images.
  func seenPixels(of band: Range<Int>, panel: Int) -> Range<Int> {
    guard bandImages == 1 else { return band }
    let rows = grid.seenRows(panel)
    let start = band.lowerBound / grid.pixels * grid.pixels
    return band.clamped(to: start + rows.lowerBound * grid.columns..<start + rows.upperBound * grid.columns)
  }

  /// The number of sums over bands that make up the filters' gradient: enough for a team even where filters are few.
  func sumParts(images: Int) -> Int {
    max(1, min(bands(0..<images).count, 32 / (grid.panels * filterPanels)))
  }

  /// The number of groups of panels of filters into which a part of the sum for a panel of places is cut.
  func filterGroups(parts: Int, members: Int) -> Int {
    evenParts(ofEach: parts * grid.panels, units: filterPanels, members: members)
  }

  /// The number of images whose gradients lie as rows of panels at the same time: those of whole bands.
  func imagesAtOnce(_ images: Int, members: Int) -> Int {
    min(images, max(members, (1 << 20) / gradientFloats).dividedUp(by: bandImages) * bandImages)
  }

  // MARK: - Memory

  /// The number of floats of an image's gradient as rows of panels.
  var gradientFloats: Int { filterPanels * gradientRows }
  var gradientRows: Int { grid.pixels * PanelProduct.width }
  /// The number of floats of a part of the filters' gradient.
  var dFilterCount: Int { grid.panels * filterPanels * PanelProduct.width * PanelProduct.width }
  var filterLanes: Int { shape.output.blocks * blockWidth }

  /// The memory of a pass.
  struct Workspace {
    /// The output's gradients of some images as rows, [panel][image][pixel][32].
    let gradients: UnsafeMutablePointer<Float>
    /// The filters' gradient, [part of the sum][panel of filters][place under the filter][32].
    let dFilters: UnsafeMutablePointer<Float>
    /// The sums of bias and slopes of each image.
    let sums: UnsafeMutablePointer<Float>
    /// The member's own part of a map, as it is copied or as a panel of patches, and the outputs of a product.
    let own: (band: UnsafeMutablePointer<Float>, outputs: UnsafeMutablePointer<Float>)
    /// The number of floats in all.
    let count: Int

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ all: PanelConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int, index: Int) {
      let products = [all.outputs] + all.residues.map(\.product)
      let patchFloats = min(PanelConvolution.bandPixels, images * all.grid.pixels) * PanelProduct.width
      let bandFloats = max(patchFloats, products.map(\.bandCount).max()!)
      let outputFloats = products.map(\.outputCount).max()!
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      gradients = base
      dFilters = gradients + all.imagesAtOnce(images, members: members) * all.gradientFloats
      sums = dFilters + all.sumParts(images: images) * all.dFilterCount
      let ownStart = sums + images * 2 * all.filterLanes
      own.band = ownStart + index * (bandFloats + outputFloats)
      own.outputs = own.band + bandFloats
      count = ownStart - base + members * (bandFloats + outputFloats)
    }
  }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members, index: 0).count
  }

  func workspace(_ pass: ConvolutionPass) -> Workspace {
    Workspace(self, pass.scratch, images: pass.images, members: pass.team.count, index: pass.team.index)
  }
}
