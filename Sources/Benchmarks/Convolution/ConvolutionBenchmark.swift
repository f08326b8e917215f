import Kernels
import Network
import Randomness
import System
import Training

/// The passes of one convolution layer, timed after its results were compared with a Double reference.
public struct ConvolutionTimings: Codable, Sendable {
  /// The time of one pass on all images.
  public struct Pass: Codable, Sendable {
    public var milliseconds: Double
    /// The operations of the convolution by its definition, whatever the algorithm needs, in 10⁹ a second.
    public var gigaflops: Double
    /// The rate of the algorithm's own products, which are fewer than those of the definition where it saves some, as a
    /// percentage of `peakGigaflops`.
    public var percentOfPeak: Double
    /// ‖result − reference‖ / ‖reference‖ over a thousand values (200 weights) in Double; nil for a sum of passes.
    public var relativeError: Double?
  }

  public var layer: String
  public var channels: Int
  public var filters: Int
  public var height: Int
  public var width: Int
  public var kernel: Int
  public var stride: Int
  public var algorithm: String
  /// Whether the layer reads the network's input, which has no gradient.
  public var isFirst: Bool
  public var images: Int
  public var peakGigaflops: Double
  /// The forward pass with the transformation of the filters, which happens once in a step.
  public var forward: Pass
  /// `backward` less `weightGradient`; nil for the network's first layer, whose input has no gradient, and where noise
  /// leaves no difference.
  public var inputGradient: Pass?
  public var weightGradient: Pass
  /// Both gradients, computed together as in a step.
  public var backward: Pass
}

/// A result that differs from its reference by more than its algorithm's rounding, so that its time would mean nothing.
public struct VerificationError: ExitStatusError, CustomStringConvertible {
  public let description: String
  public var exitStatus: ExitStatus { .internalError }
}

public enum ConvolutionBenchmark {
  /// The largest relative error that rounding explains: ten times the error measured for F(4×4, 3×3).
  private static let largestError = 3e-5

  /// Times every convolution of a tower on one thread.
  ///
  /// - Parameters:
  ///   - images: the number of images of a pass.
  ///   - method: the method of all convolutions; nil for the choice by shape.
  ///   - precision: the precision of their operands; the peak is that of the products in this precision.
  ///   - layers: the names of the layers to time; nil for all.
  ///   - runs: the number of timed runs of a pass, of which the median counts.
  ///   - report: takes each layer's timings.
  /// - Throws: `VerificationError` where a result is wrong.
  public static func run(
    _ architecture: ResolvedArchitecture, images: Int, method: ConvolutionMethod?, precision: Precision = .float32,
    layers: Set<String>?, runs: Int, report: (ConvolutionTimings) -> Void
  ) throws {
    let peak = measuredPeakRate(precision, clock: monotonicSeconds) * 1e-9
    let tower = Tower(architecture, convolution: method, precision: precision)
    for case let layer as ConvolutionLayer in tower.layers where layers?.contains(layer.name) ?? true {
      report(try time(layer, images: images, precision, peak: peak, runs: runs))
    }
  }

  private static func time(
    _ layer: ConvolutionLayer, images: Int, _ precision: Precision, peak: Double, runs: Int
  ) throws -> ConvolutionTimings {
    let (algorithm, name) = (layer.choice.algorithm, layer.choice.name)
    let shape = algorithm.shape
    let isFirst = layer.choice.readsImage
    var random = SplitMix64(seed: 7)
    func filled(_ count: Int) -> FloatBuffer {
      let buffer = FloatBuffer(count)
      random.fill(buffer.base, count: count)
      return buffer
    }
    let lanes = shape.output.blocks * blockWidth
    let weights = filled(shape.weightCount)
    let input = FloatBuffer(images * algorithm.inputCount)
    if isFirst {
      random.fill(input.base, count: input.count)
    } else {
      fillBlocked(input.base, shape.input, images: images, &random)
    }
    let bias = filled(lanes)
    let slopes = FloatBuffer(lanes)
    slopes.values.update(repeating: 0.25)
    let filters = FloatBuffer(max(algorithm.filterCount(.forward), algorithm.filterCount(.backward)))
    let output = FloatBuffer(images * shape.output.count)
    let given = FloatBuffer(output.count)
    fillBlocked(given.base, shape.output, images: images, &random)
    // Some algorithms turn the gradient of the activated output into that of the output itself in place.
    let dOutput = FloatBuffer(output.count)
    let dInput = FloatBuffer(isFirst ? 0 : input.count)
    let (dWeights, dBias, dSlopes) = (FloatBuffer(shape.weightCount), FloatBuffer(lanes), FloatBuffer(lanes))
    let scratch = FloatBuffer(algorithm.scratchCount(images: images, members: 1))
    let operands = ConvolutionPass(
      images: images, input: PendingMap(values: input.base),
      parameters: ConvolutionParameters(filters: filters.base, bias: bias.base, slopes: slopes.base),
      output: output.base, scratch: scratch.base)

    func transform(_ use: FilterUse) {
      for piece in 0..<algorithm.filterPieces {
        algorithm.transformFilters(weights.base, use, piece: piece, into: filters.base)
      }
    }
    func forward() {
      transform(.forward)
      algorithm.forward(operands)
    }
    func backward(withInput: Bool) {
      if withInput { transform(.backward) }
      algorithm.backward(
        operands,
        ConvolutionGradients(
          dOutput: dOutput.base, dInput: withInput ? dInput.base : nil, dWeights: dWeights.base, dBias: dBias.base,
          dSlopes: dSlopes.base))
    }

    forward()
    dOutput.base.update(from: given.base, count: given.count)
    backward(withInput: !isFirst)
    let errors = ConvolutionSamples(
      shape: shape, images: images, input: input.base, inputIsPlanar: isFirst, weights: weights.base, bias: bias.base,
      output: output.base, dOutput: given.base, slope: 0.25, precision: precision
    ).relativeErrors(output: output.base, dInput: isFirst ? nil : dInput.base, dWeights: dWeights.base)
    for (pass, error) in [
      ("output", errors.forward), ("input gradient", errors.inputGradient ?? 0),
      ("weight gradient", errors.weightGradient),
    ] where !(error < largestError) {
      throw VerificationError(
        description: "\(layer.name), \(name): the \(pass) differs from the reference by \(error) of its norm")
    }

    let forwardSeconds = medianSeconds(runs: runs, forward)
    let weightSeconds = medianSeconds(runs: runs) { backward(withInput: false) }
    let bothSeconds = isFirst ? weightSeconds : medianSeconds(runs: runs) { backward(withInput: true) }
    func pass(_ seconds: Double, passes: Int = 1, _ error: Double?) -> ConvolutionTimings.Pass {
      let gigaflops = 2e-9 * Double(passes * images * shape.multiplyAdds) / seconds
      let products = 2e-9 * Double(passes * images * algorithm.productCount) / seconds
      return ConvolutionTimings.Pass(
        milliseconds: 1e3 * seconds, gigaflops: gigaflops, percentOfPeak: 100 * products / peak, relativeError: error)
    }
    return ConvolutionTimings(
      layer: layer.name, channels: shape.channels, filters: shape.filters, height: shape.height, width: shape.width,
      kernel: shape.kernel, stride: shape.stride, algorithm: name, isFirst: isFirst, images: images,
      peakGigaflops: peak,
      forward: pass(forwardSeconds, errors.forward),
      inputGradient: isFirst || bothSeconds <= weightSeconds
        ? nil : pass(bothSeconds - weightSeconds, errors.inputGradient),
      weightGradient: pass(weightSeconds, errors.weightGradient),
      backward: pass(bothSeconds, passes: isFirst ? 1 : 2, nil))
  }

  /// Fills maps with random values, and with zeros beyond the real channels, as a network's maps have them.
  private static func fillBlocked(
    _ values: UnsafeMutablePointer<Float>, _ extents: BlockedExtents, images: Int, _ random: inout SplitMix64
  ) {
    random.fill(values, count: images * extents.count)
    let last = extents.channels % blockWidth
    guard last > 0 else { return }
    for image in 0..<images {
      let block = values + image * extents.count + (extents.blocks - 1) * extents.planeCount
      for pixel in 0..<extents.height * extents.width {
        for lane in last..<blockWidth { block[pixel * blockWidth + lane] = 0 }
      }
    }
  }
}
