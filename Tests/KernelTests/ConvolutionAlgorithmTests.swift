import Kernels
import Randomness
import System
import Testing

/// One convolution by one method on several images.
private struct AlgorithmCase: Sendable, CustomTestStringConvertible {
  var shape: ConvolutionCase
  var method: ConvolutionMethod
  var images: Int
  /// Whether it is a network's first layer, on planar images.
  var readsImage = false
  var precision = Precision.float32
  /// The way to multiply tiles of bfloat16.
  var engine = TileEngine.floatProducts

  var testDescription: String {
    let way = precision == .bfloat16 ? ", bfloat16 by \(engine.name)" : ""
    return "\(readsImage ? "image" : method.rawValue)\(way), \(images) images, \(shape.testDescription)"
  }

  var choice: ConvolutionChoice {
    ConvolutionChoice(shape.shape, readsImage: readsImage, forced: method, precision: precision, engine: engine)
  }

  static let table = float32 + bfloat16

  /// All shapes of the kernels' table as tiles by every engine that runs here, and every eleventh case of float32 on
  /// rounded operands.
  private static let bfloat16: [AlgorithmCase] = {
    var cases: [AlgorithmCase] = []
    for engine in TileEngine.allCases where engine.runsHere {
      for shape in ConvolutionCase.table {
        for readsImage in shape.channels <= 17 ? [false, true] : [false] {
          cases.append(
            AlgorithmCase(
              shape: shape, method: .tiles, images: 1 + cases.count % 3, readsImage: readsImage, precision: .bfloat16,
              engine: engine))
        }
      }
      // More pixels than a band has, more images than their gradients have parts, and several panels of everything.
      for (stride, images) in [(1, 3), (2, 2), (1, 40)] {
        let extent = images > 3 ? 6 : 31
        cases.append(
          AlgorithmCase(
            shape: ConvolutionCase(
              ConvolutionShape(
                Extents(channels: 70, height: extent, width: extent), filters: 100, kernel: 3, stride: stride,
                padding: 1), seed: 9000 + images),
            method: .tiles, images: images, precision: .bfloat16, engine: engine))
      }
    }
    for var test in stride(from: 0, to: float32.count, by: 11).map({ float32[$0] }) where !test.readsImage {
      test.precision = .bfloat16
      cases.append(test)
    }
    return cases
  }()

  /// All shapes of the kernels' table; by Winograd those that it covers, with odd sizes, short last tiles, maps smaller
  /// than a tile, one channel, odd numbers of 16-channel blocks, and more tiles than a block holds.
  private static let float32: [AlgorithmCase] = {
    var cases: [AlgorithmCase] = []
    for shape in ConvolutionCase.table {
      for method in [ConvolutionMethod.direct, .im2col, .panels] {
        cases.append(AlgorithmCase(shape: shape, method: method, images: 1 + cases.count % 2))
      }
    }
    for shape in ConvolutionCase.table where shape.channels <= 17 {
      cases.append(AlgorithmCase(shape: shape, method: .direct, images: 1 + cases.count % 2, readsImage: true))
    }
    func winograd(_ c: Int, _ h: Int, _ w: Int, _ k: Int, _ kernel: Int, _ padding: Int, images: Int) {
      let smallest = max(1, kernel - 2 * padding)
      cases.append(
        AlgorithmCase(
          shape: ConvolutionCase(
            ConvolutionShape(
              Extents(channels: c, height: max(h, smallest), width: max(w, smallest)), filters: k, kernel: kernel,
              stride: 1, padding: padding), seed: 5000 + cases.count),
          method: .winograd, images: images))
    }
    for kernel in [2, 3] {
      for padding in 0...3 {
        for (index, extent) in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14].enumerated() {
          let channels = [1, 16, 17, 33, 48, 64][(index + padding) % 6]
          let filters = [3, 32, 16, 49, 15, 64][(index + 2 * padding) % 6]
          winograd(channels, extent, [5, 1, 12, 7][index % 4], filters, kernel, padding, images: 1 + index % 3)
        }
      }
      winograd(20, 61, 58, 36, kernel, 1, images: 2)
      winograd(16, 3, 3, 16, kernel, 1, images: 250)
      winograd(100, 14, 14, 70, kernel, 1, images: 5)
      // Blocks of all numbers of tiles, so that the product's last tile has every height.
      for images in 1...30 { winograd(16, 4, 4, 20, kernel, kernel == 3 ? 1 : 0, images: images) }
    }
    return cases
  }()
}

/// The results of all passes, planar, on poisoned memory.
private struct PassResults {
  /// OpenBLAS's number of threads, which its bits depend on, must not change between two passes that are compared.
  private static let libraryIsSingleThreaded: Void = MatrixLibrary.useCallingThreadOnly()

  var output: [Float] = []
  var dInput: [Float] = []
  var dWeights: [Float]
  var dBias: [Float]
  var dSlopes: [Float]
  var isIntact: Bool
  var restIsZero: Bool

  init(
    _ choice: ConvolutionChoice, _ trials: [ConvolutionTrial], slopes: [Float]?, outputSlopes: [Float]?,
    on team: ThreadPool = ThreadPool(threads: 1), isFrozen: Bool = false
  ) {
    Self.libraryIsSingleThreaded
    let shape = trials[0].shape
    let algorithm = choice.algorithm
    func filters(_ use: FilterUse) -> GuardedBuffer {
      let buffer = GuardedBuffer(algorithm.filterCount(use))
      for piece in 0..<algorithm.filterPieces {
        algorithm.transformFilters(trials[0].weights, use, piece: piece, into: buffer.base)
      }
      return buffer
    }
    let images = trials.count
    let outputExtents = algorithm.shape.output
    let isImage = choice.readsImage
    let input = GuardedBuffer(trials.flatMap { isImage ? $0.input : $0.blockedInput })
    let inputSlopes = slopes.map { GuardedBuffer(filled($0)) }
    let pendingInput = PendingMap(values: input.base, slopes: inputSlopes.map { UnsafePointer($0.base) })
    let bias = GuardedBuffer(filled(trials[0].bias))
    let output = GuardedBuffer(images * outputExtents.count)
    let scratch = GuardedBuffer(algorithm.scratchCount(images: images, members: team.threadCount))
    let a = outputSlopes.map { GuardedBuffer(filled($0)) }
    func pass(_ filters: GuardedBuffer, _ scratch: GuardedBuffer, _ member: TeamMember) -> ConvolutionPass {
      ConvolutionPass(
        images: images, input: pendingInput,
        parameters: ConvolutionParameters(
          filters: filters.base, bias: bias.base, slopes: a.map { UnsafePointer($0.base) }),
        output: output.base, scratch: scratch.base, team: member)
    }
    let forwardFilters = filters(.forward)
    team.run { algorithm.forward(pass(forwardFilters, scratch, $0)) }

    let again = GuardedBuffer(algorithm.scratchCount(images: images, members: team.threadCount))
    let dOutput = GuardedBuffer(trials.flatMap(\.blockedOutputGradient))
    let dInput = GuardedBuffer(isImage ? 0 : images * algorithm.inputCount)
    let dWeights = GuardedBuffer(trials[0].weights.count)
    let (dBias, dSlopes) = (GuardedBuffer(bias.count), GuardedBuffer(bias.count))
    let backwardFilters = filters(.backward)
    team.run {
      algorithm.backward(
        pass(backwardFilters, again, $0),
        ConvolutionGradients(
          dOutput: dOutput.base, dInput: isImage ? nil : dInput.base,
          dWeights: isFrozen ? nil : dWeights.base, dBias: dBias.base, dSlopes: dSlopes.base))
    }

    self.dWeights = dWeights.values
    self.dBias = Array(dBias.values[..<shape.filters])
    self.dSlopes = Array(dSlopes.values[..<shape.filters])
    restIsZero = (dBias.values + dSlopes.values).enumerated().allSatisfy {
      $0.offset % bias.count < shape.filters || $0.element == 0
    }
    for image in 0..<images {
      let y = Array(output.values[image * outputExtents.count..<(image + 1) * outputExtents.count])
      self.output += planar(y, channels: shape.filters, height: shape.outputHeight, width: shape.outputWidth)
      restIsZero =
        restIsZero
        && beyond(y, channels: shape.filters, height: shape.outputHeight, width: shape.outputWidth)
          .allSatisfy { $0 == 0 }
      guard !isImage else { continue }
      let dX = Array(dInput.values[image * algorithm.inputCount..<(image + 1) * algorithm.inputCount])
      self.dInput += planar(dX, channels: shape.channels, height: shape.height, width: shape.width)
      restIsZero =
        restIsZero
        && beyond(dX, channels: shape.channels, height: shape.height, width: shape.width).allSatisfy { $0 == 0 }
    }
    isIntact = [
      input, bias, output, scratch, again, dOutput, dInput, dWeights, dBias, dSlopes, forwardFilters, backwardFilters,
    ].allSatisfy(\.isIntactAround)
  }
}

/// The bound on `scaledError` by method. By the definition, by im2col and by tiles a result is a plain sum: products of
/// bfloat16 are exact in Float, and an instruction for bfloat16 rounds its sums no more often than once a product.
/// F(4×4, 3×3) multiplies numbers up to 2.5² times as large as its inputs and subtracts most of them again: ten times
/// the rounding error, measured 1 to 2 and, on maps of a few pixels, where little averages out, up to twice that.
/// F(3×3, 2×2) has factors of 1 and ½ only.
private func bound(_ method: ConvolutionMethod, kernel: Int) -> Double {
  switch (method, kernel) {
  case (.winograd, 3): 10 * roundingBound
  case (.winograd, _): 4 * roundingBound
  case (_, _): roundingBound
  }
}

@Test(arguments: AlgorithmCase.table)
private func everyAlgorithmIsTheReference(test: AlgorithmCase) {
  let shape = test.shape
  var numbers = SplitMix64(shape.seed + 7)
  let outputSlopes = numbers.slopes(shape.filters)
  let trials = (0..<test.images).map { image in
    var one = shape
    one.seed += 100_000 * image
    return ConvolutionTrial(one)
  }
  /// An operand, which is a Float before it is rounded.
  func operand(_ value: Double) -> Double {
    test.precision == .float32 ? value : Double(test.precision.operand(Float(value)))
  }
  let (weights, bias) = (trials[0].weights.map { operand(Double($0)) }, trials[0].bias.map(Double.init))
  let choice = test.choice
  #expect(choice.method == test.method)
  let limit = bound(test.method, kernel: shape.kernel)
  let pixels = shape.outputHeight * shape.outputWidth

  // Nothing is pending on an image.
  for (slopes, passSlopes) in [(nil, nil), (test.readsImage ? nil : trials[0].slopes, outputSlopes)] {
    let results = PassResults(choice, trials, slopes: slopes, outputSlopes: passSlopes)
    #expect(results.isIntact && results.restIsZero)

    // Value and the sum of its terms' magnitudes, for all images.
    var (output, dInput) = ((value: [Double](), size: [Double]()), (value: [Double](), size: [Double]()))
    var dWeights = (
      value: [Double](repeating: 0, count: weights.count), size: [Double](repeating: 0, count: weights.count)
    )
    var dBias = (
      value: [Double](repeating: 0, count: shape.filters), size: [Double](repeating: 0, count: shape.filters)
    )
    var dSlopes = dBias
    func add(_ values: [Double], to sums: inout [Double]) {
      for index in values.indices { sums[index] += values[index] }
    }
    for (image, trial) in trials.enumerated() {
      let x = activatedReference(trial.input, slopes: slopes).map(operand)
      output.value += shape.reference.forward(input: x, weights: weights, bias: bias)
      output.size += shape.reference.forward(input: x.map(abs), weights: weights.map(abs), bias: bias.map(abs))
      // The gradient through the activation depends on the outputs' own signs as they were computed.
      let y = results.output[image * shape.filters * pixels..<(image + 1) * shape.filters * pixels]
      var dY: [Double] = []
      for (index, y) in y.enumerated() {
        let (filter, given) = (index / pixels, Double(trial.dOutput[index]))
        let a = passSlopes.map { Double($0[filter]) } ?? 1
        let slope = ActivationReference.slopeGradient(given, Double(y))
        dY.append(ActivationReference.inputGradient(given, Double(y), slope: a))
        dBias.value[filter] += dY[index]
        dBias.size[filter] += abs(dY[index])
        dSlopes.value[filter] += slope
        dSlopes.size[filter] += abs(slope)
      }
      dY = dY.map(operand)
      dInput.value += shape.reference.inputGradient(dOutput: dY, weights: weights)
      dInput.size += shape.reference.inputGradient(dOutput: dY.map(abs), weights: weights.map(abs))
      add(shape.reference.weightGradient(input: x, dOutput: dY), to: &dWeights.value)
      add(shape.reference.weightGradient(input: x.map(abs), dOutput: dY.map(abs)), to: &dWeights.size)
    }
    #expect(scaledError(results.output, output.value, output.size) < limit)
    if !test.readsImage { #expect(scaledError(results.dInput, dInput.value, dInput.size) < limit) }
    #expect(scaledError(results.dWeights, dWeights.value, dWeights.size) < limit)
    #expect(scaledError(results.dBias, dBias.value, dBias.size) < roundingBound)
    #expect(scaledError(results.dSlopes, dSlopes.value, dSlopes.size) < roundingBound)
  }
}

/// An image's results may not depend on the images beside it, nor on how many there are.
@Test(arguments: ConvolutionMethod.allCases, [2, 3])
func bitsOfAnImageDoNotDependOnItsNeighbors(method: ConvolutionMethod, kernel: Int) {
  for precision in Precision.allCases {
    checkBitsOfAnImage(method, kernel, precision, .chosen)
  }
  checkBitsOfAnImage(.tiles, kernel, .bfloat16, .emulatedTiles)
}

private func checkBitsOfAnImage(
  _ method: ConvolutionMethod, _ kernel: Int, _ precision: Precision, _ engine: TileEngine
) {
  let shape = ConvolutionCase(
    ConvolutionShape(
      Extents(channels: 24, height: 9, width: 11), filters: 40, kernel: kernel, stride: 1, padding: 1), seed: 321)
  let trials = (0..<5).map { image in
    var one = shape
    one.seed += image
    return ConvolutionTrial(one)
  }
  let algorithm = ConvolutionChoice(shape.shape, forced: method, precision: precision, engine: engine).algorithm
  let filters = GuardedBuffer(algorithm.filterCount(.forward))
  for piece in 0..<algorithm.filterPieces {
    algorithm.transformFilters(trials[0].weights, .forward, piece: piece, into: filters.base)
  }
  let bias = GuardedBuffer(filled(trials[0].bias))
  func outputs(_ trials: ArraySlice<ConvolutionTrial>) -> [UInt32] {
    let output = GuardedBuffer(trials.count * shape.output.count)
    let scratch = GuardedBuffer(algorithm.scratchCount(images: trials.count, members: 1))
    let input = GuardedBuffer(trials.flatMap(\.blockedInput))
    algorithm.forward(
      ConvolutionPass(
        images: trials.count, input: PendingMap(values: input.base),
        parameters: ConvolutionParameters(filters: filters.base, bias: bias.base, slopes: nil), output: output.base,
        scratch: scratch.base))
    return output.bits
  }
  let together = outputs(trials[...])
  #expect(together == trials.indices.flatMap { outputs(trials[$0...$0]) }, "seed \(shape.seed)")
  #expect(together == outputs(trials[..<2]) + outputs(trials[2...]), "seed \(shape.seed)")
}

/// However many threads share a pass, and whichever of them comes late, the bits are those of one thread.
@Test(arguments: AlgorithmCase.table, [2, 3, 5])
private func bitsDoNotDependOnTheTeam(test: AlgorithmCase, threads: Int) {
  let trials = (0..<test.images).map { image in
    var one = test.shape
    one.seed += 100_000 * image
    return ConvolutionTrial(one)
  }
  var numbers = SplitMix64(test.shape.seed + 7)
  let outputSlopes = numbers.slopes(test.shape.filters)
  let choice = test.choice
  func run(threads: Int) -> PassResults {
    PassResults(
      choice, trials, slopes: test.readsImage ? nil : trials[0].slopes, outputSlopes: outputSlopes,
      on: ThreadPool(threads: threads))
  }
  let (alone, together) = (run(threads: 1), run(threads: threads))
  #expect(together.isIntact && together.restIsZero)
  for (name, one, other) in [
    ("output", alone.output, together.output), ("dInput", alone.dInput, together.dInput),
    ("dWeights", alone.dWeights, together.dWeights), ("dBias", alone.dBias, together.dBias),
    ("dSlopes", alone.dSlopes, together.dSlopes),
  ] {
    #expect(one.map(\.bitPattern) == other.map(\.bitPattern), "\(name), seed \(test.shape.seed)")
  }
}

/// A layer whose weights nobody asks for hands the same gradient down, whatever lay in memory.
@Test(arguments: AlgorithmCase.table.filter { !$0.readsImage }, [1, 3])
private func frozenWeightsChangeNothingElse(test: AlgorithmCase, threads: Int) {
  let trials = (0..<test.images).map { image in
    var one = test.shape
    one.seed += 100_000 * image
    return ConvolutionTrial(one)
  }
  func run(isFrozen: Bool) -> PassResults {
    PassResults(
      test.choice, trials, slopes: trials[0].slopes, outputSlopes: nil, on: ThreadPool(threads: threads),
      isFrozen: isFrozen)
  }
  let (trained, frozen) = (run(isFrozen: false), run(isFrozen: true))
  #expect(frozen.isIntact && frozen.restIsZero)
  for (name, one, other) in [
    ("dInput", trained.dInput, frozen.dInput), ("dBias", trained.dBias, frozen.dBias),
    ("dSlopes", trained.dSlopes, frozen.dSlopes),
  ] {
    #expect(one.map(\.bitPattern) == other.map(\.bitPattern), "\(name), seed \(test.shape.seed)")
  }
}
