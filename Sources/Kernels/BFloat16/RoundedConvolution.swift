import System

/// A float32 algorithm on operands that are rounded to bfloat16.
///
/// The products are exact in float32, and only their sums are rounded: the results are those of bfloat16 products with
/// float32 sums but for what the algorithm itself rounds. The gradients of bias and slopes come from what was not
/// rounded yet.
struct RoundedConvolution<Algorithm: ConvolutionAlgorithm>: ConvolutionAlgorithm {
  /// The algorithm.
  let algorithm: Algorithm
  /// Whether the algorithm rounds the filters itself, as one that reads parts of them in many pieces has to.
  let roundsFilters: Bool

  init(_ algorithm: Algorithm, roundsFilters: Bool) {
    self.algorithm = algorithm
    self.roundsFilters = roundsFilters
  }

  var shape: ConvolutionShape { algorithm.shape }
  var inputCount: Int { algorithm.inputCount }
  var productCount: Int { algorithm.productCount }
  func filterCount(_ use: FilterUse) -> Int { algorithm.filterCount(use) }
  var filterPieces: Int { algorithm.filterPieces }
  private var lanes: Int { shape.output.blocks * blockWidth }

  func transformFilters(
    _ weights: UnsafePointer<Float>, _ use: FilterUse, piece: Int, into filters: UnsafeMutablePointer<Float>
  ) {
    guard !roundsFilters else { return algorithm.transformFilters(weights, use, piece: piece, into: filters) }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.weightCount) { rounded in
      roundToBFloat16(weights, count: shape.weightCount, into: rounded.baseAddress!)
      algorithm.transformFilters(rounded.baseAddress!, use, piece: piece, into: filters)
    }
  }

  // MARK: - Memory

  /// The memory of a pass.
  private struct Workspace {
    /// The rounded inputs.
    let input: UnsafeMutablePointer<Float>
    /// The sums of bias and slopes of each image.
    let sums: UnsafeMutablePointer<Float>
    /// The sums that the algorithm makes of the rounded gradient, which nobody reads.
    let unread: UnsafeMutablePointer<Float>
    /// The memory of the algorithm.
    let scratch: UnsafeMutablePointer<Float>
    /// The number of floats in all.
    let count: Int

    /// - Parameter scratch: nil where only the extents are wanted.
    init(_ own: RoundedConvolution, _ scratch: UnsafeMutablePointer<Float>?, images: Int, members: Int) {
      let base = scratch ?? UnsafeMutablePointer(bitPattern: MemoryLayout<Float>.alignment)!
      input = base
      sums = input + (images * own.inputCount).dividedUp(by: blockWidth) * blockWidth
      unread = sums + images * 2 * own.lanes
      self.scratch = unread + 2 * own.lanes
      count = self.scratch - base + own.algorithm.scratchCount(images: images, members: members)
    }
  }

  func scratchCount(images: Int, members: Int) -> Int {
    Workspace(self, nil, images: images, members: members).count
  }

  // MARK: - Passes

  /// The number of floats that a piece rounds of an input which is not a blocked map.
  private static var floatsInPiece: Int { 1 << 14 }

  /// Writes the rounded inputs, and returns the pass over them.
  private func rounded(_ pass: ConvolutionPass, _ work: Workspace) -> ConvolutionPass {
    if inputCount == shape.input.count {
      let (blocks, plane) = (shape.input.blocks, shape.input.planeCount)
      pass.team.share(pass.images * blocks, as: "input to bfloat16") { place in
        let from = pass.input.values + place * plane
        let to = work.input + place * plane
        guard let slopes = pass.input.slopes else { return roundToBFloat16(from, count: plane, into: to) }
        let a = load(slopes + place % blocks * blockWidth)
        var index = 0
        while index < plane {
          store(roundedToBFloat16(activated(load(from + index), slope: a)), to + index)
          index &+= blockWidth
        }
      }
    } else {
      let count = pass.images * inputCount
      pass.team.share(count.dividedUp(by: Self.floatsInPiece), as: "input to bfloat16") { piece in
        let first = piece * Self.floatsInPiece
        roundToBFloat16(
          pass.input.values + first, count: min(Self.floatsInPiece, count - first), into: work.input + first)
      }
    }
    pass.team.wait()
    var rounded = pass
    rounded.input = PendingMap(values: work.input)
    rounded.scratch = work.scratch
    return rounded
  }

  func forward(_ pass: ConvolutionPass) {
    let work = Workspace(self, pass.scratch, images: pass.images, members: pass.team.count)
    algorithm.forward(rounded(pass, work))
  }

  func backward(_ pass: ConvolutionPass, _ gradients: ConvolutionGradients) {
    let work = Workspace(self, pass.scratch, images: pass.images, members: pass.team.count)
    pass.team.share(pass.images * shape.output.blocks, as: "output gradients to bfloat16") { place in
      let (image, block) = place.quotientAndRemainder(dividingBy: shape.output.blocks)
      let dY = gradients.dOutput + image * shape.output.count
      let sums = work.sums + image * 2 * lanes
      activationGradient(
        gradient: dY,
        PendingMap(values: pass.output + image * shape.output.count, slopes: pass.parameters.slopes), shape.output,
        block: block, dBias: sums, dSlopes: sums + lanes)
      let plane = dY + block * shape.output.planeCount
      roundToBFloat16(plane, count: shape.output.planeCount, into: plane)
    }
    var rounded = rounded(pass, work)
    // The gradient has passed the activation.
    rounded.parameters.slopes = nil
    var products = gradients
    (products.dBias, products.dSlopes) = (work.unread, work.unread + lanes)
    algorithm.backward(rounded, products)
    pass.team.share(shape.output.blocks, as: "sums of bias and slopes") { block in
      gradients.addImages(pass.images, work.sums, shape.output, block: block)
    }
  }

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    if use == .backward {
      plan.share(
        "output gradients to bfloat16", pieces: images * shape.output.blocks,
        cost: realProduct(images, shape.output.count) * costOfTransformedValue)
    }
    let pieces =
      inputCount == shape.input.count
      ? images * shape.input.blocks : (images * inputCount).dividedUp(by: Self.floatsInPiece)
    plan.share("input to bfloat16", pieces: pieces, cost: realProduct(images, inputCount) * costOfMovedValue)
    plan.wait()
    plan.append(algorithm.plan(use, images: images, members: members))
    return plan
  }
}
