/// The algorithm `im2col`: convolution as a matrix product by OpenBLAS.
///
/// A row of the matrix holds the values under the filter for one output pixel, ordered by filter row, filter column,
/// channel, so that it is put together from blocks of 16 channels. An image is computed in bands of output rows, which
/// keeps the matrix small. One member of a team computes everything: this algorithm is there to be compared with.
struct Im2colConvolution: ConvolutionAlgorithm {
  let shape: ConvolutionShape
  /// The number of output rows of a band.
  private let bandRows: Int

  private static var pixelsWanted: Int { 512 }

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    bandRows = min(shape.outputHeight, max(1, Self.pixelsWanted / shape.outputWidth))
  }

  var inputCount: Int { shape.input.count }
  private var inputLanes: Int { shape.input.blocks * blockWidth }
  private var filterLanes: Int { shape.output.blocks * blockWidth }
  private var taps: Int { shape.kernel * shape.kernel }
  /// The number of columns of the matrix.
  private var depth: Int { taps * inputLanes }
  private var bandPixels: Int { bandRows * shape.outputWidth }

  /// The number of floats of the filters, [filter row][filter column][16·channel blocks][16·filter blocks].
  func filterCount(_ use: FilterUse) -> Int { depth * filterLanes }
  var filterPieces: Int { taps }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece tap: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    let target = filters + tap * inputLanes * filterLanes
    target.update(repeating: 0, count: inputLanes * filterLanes)
    for filter in 0..<shape.filters {
      for channel in 0..<shape.channels {
        target[channel * filterLanes + filter] = weights[(filter * shape.channels + channel) * taps + tap]
      }
    }
  }

  // Scratch: a band's matrix, its outputs as rows of pixels, the filters' gradient, the sums of bias and slopes.
  private var rowsStart: Int { bandPixels * depth }
  private var dFiltersStart: Int { rowsStart + bandPixels * filterLanes }
  func scratchCount(images: Int, members: Int) -> Int { dFiltersStart + (depth + 2) * filterLanes }

  private func forEachBand(_ body: (Range<Int>) -> Void) {
    for row in stride(from: 0, to: shape.outputHeight, by: bandRows) {
      body(row..<min(row + bandRows, shape.outputHeight))
    }
  }

  /// Calls `body(place in the matrix, place in the image's map or nil, channel block)` for all blocks of a band; nil
  /// stands for a place in the padding.
  @inline(__always)
  private func forEachPlace(_ band: Range<Int>, _ body: (_ place: Int, _ source: Int?, _ block: Int) -> Void) {
    var place = 0
    for row in band {
      for column in 0..<shape.outputWidth {
        for r in 0..<shape.kernel {
          let y = row &* shape.stride &+ r &- shape.padding
          for s in 0..<shape.kernel {
            let x = column &* shape.stride &+ s &- shape.padding
            let isPixel = y >= 0 && y < shape.height && x >= 0 && x < shape.width
            for block in 0..<shape.input.blocks {
              let source = block &* shape.input.planeCount &+ (y &* shape.width &+ x) &* blockWidth
              body(place, isPixel ? source : nil, block)
              place &+= blockWidth
            }
          }
        }
      }
    }
  }

  private func loadBand(
    _ band: Range<Int>, _ image: Int, _ input: PendingMap, into matrix: UnsafeMutablePointer<Float>
  ) {
    let map = input.values + image * inputCount
    forEachPlace(band) { place, source, block in
      guard let source else { return store(.zero, matrix + place) }
      let a = input.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
      store(activated(load(map + source), slope: a), matrix + place)
    }
  }

  /// Calls `body(place in the rows of pixels, place in the blocked map, filter block)` for all outputs of a band.
  @inline(__always)
  private func forEachOutput(_ band: Range<Int>, _ body: (_ place: Int, _ target: Int, _ block: Int) -> Void) {
    var place = 0
    for row in band {
      for column in 0..<shape.outputWidth {
        for block in 0..<shape.output.blocks {
          body(
            place, block &* shape.output.planeCount &+ (row &* shape.outputWidth &+ column) &* blockWidth, block)
          place &+= blockWidth
        }
      }
    }
  }

  func forward(_ pass: ConvolutionPass) { pass.team.share(1, as: "products") { _ in computeForward(pass) } }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    pass.team.share(1, as: "products") { _ in computeBackward(pass, gradients) }
  }

  private func computeForward(_ pass: ConvolutionPass) {
    let (matrix, rows, bias) = (pass.scratch, pass.scratch + rowsStart, pass.parameters.bias)
    for image in 0..<pass.images {
      let map = pass.output + image * shape.output.count
      forEachBand { band in
        loadBand(band, image, pass.input, into: matrix)
        matrixProduct(
          MatrixOperand(matrix, leading: depth), MatrixOperand(pass.parameters.filters, leading: filterLanes),
          into: MatrixResult(rows, leading: filterLanes),
          ProductExtents(rows: band.count * shape.outputWidth, columns: filterLanes, depth: depth))
        forEachOutput(band) { place, target, block in
          store(load(rows + place) + load(bias + block &* blockWidth), map + target)
        }
      }
    }
  }

  private func computeBackward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let (matrix, rows, dFilters) = (pass.scratch, pass.scratch + rowsStart, pass.scratch + dFiltersStart)
    let sums = dFilters + depth * filterLanes
    dFilters.update(repeating: 0, count: depth * filterLanes)
    gradients.dBias.update(repeating: 0, count: filterLanes)
    gradients.dSlopes.update(repeating: 0, count: filterLanes)
    for image in 0..<pass.images {
      let dY = gradients.dOutput + image * shape.output.count
      let y = PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes)
      for block in 0..<shape.output.blocks {
        activationGradient(gradient: dY, y, shape.output, block: block, dBias: sums, dSlopes: sums + filterLanes)
      }
      add(sums, to: gradients.dBias, count: filterLanes)
      add(sums + filterLanes, to: gradients.dSlopes, count: filterLanes)
      let dInput = gradients.dInput.map { $0 + image * inputCount }
      dInput?.update(repeating: 0, count: inputCount)
      forEachBand { band in
        let pixels = band.count * shape.outputWidth
        forEachOutput(band) { place, target, _ in store(load(dY + target), rows + place) }
        if gradients.dWeights != nil {
          loadBand(band, image, pass.input, into: matrix)
          matrixProduct(
            MatrixOperand(matrix, leading: depth, isTransposed: true), MatrixOperand(rows, leading: filterLanes),
            into: MatrixResult(dFilters, leading: filterLanes, accumulates: true),
            ProductExtents(rows: depth, columns: filterLanes, depth: pixels))
        }
        guard let dInput else { return }
        matrixProduct(
          MatrixOperand(rows, leading: filterLanes),
          MatrixOperand(pass.parameters.filters, leading: filterLanes, isTransposed: true),
          into: MatrixResult(matrix, leading: depth),
          ProductExtents(rows: pixels, columns: depth, depth: filterLanes))
        forEachPlace(band) { place, source, _ in
          guard let source else { return }
          store(load(dInput + source) + load(matrix + place), dInput + source)
        }
      }
    }
    guard let dWeights = gradients.dWeights else { return }
    for filter in 0..<shape.filters {
      for channel in 0..<shape.channels {
        for tap in 0..<taps {
          dWeights[(filter * shape.channels + channel) * taps + tap] =
            dFilters[(tap * inputLanes + channel) * filterLanes + filter]
        }
      }
    }
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    let products = realProduct(images, shape.multiplyAdds)
    plan.share("products", pieces: 1, cost: use == .forward ? products : 2 * products)
    plan.wait()
    return plan
  }
}
