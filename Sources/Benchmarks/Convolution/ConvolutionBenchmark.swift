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
      report(
        try time(
          layer, ConvolutionOperands(random: layer.choice, images: images), images: images, precision,
          largestError: largestError, peak: peak, runs: runs))
    }
  }

  /// Times the convolutions of a trained network on its own weights, on images, and on random gradients.
  ///
  /// - Parameters: as those of the other `run`.
  public static func run(
    _ trained: TrainedOperands, layers: Set<String>?, runs: Int, report: (ConvolutionTimings) -> Void
  ) throws {
    let precision = trained.network.tower.precision
    let peak = measuredPeakRate(precision, clock: monotonicSeconds) * 1e-9
    try trained.forEachConvolution { layer, operands in
      guard layers?.contains(layer.name) ?? true else { return }
      // Nothing bounds the relative error of a sum of any values; that of random ones is known.
      report(
        try time(
          layer, operands, images: trained.count, precision, largestError: .infinity, peak: peak, runs: runs))
    }
  }

  private static func time(
    _ layer: ConvolutionLayer, _ operands: ConvolutionOperands, images: Int, _ precision: Precision,
    largestError: Double, peak: Double, runs: Int
  ) throws -> ConvolutionTimings {
    let (algorithm, name) = (layer.choice.algorithm, layer.choice.name)
    let shape = algorithm.shape
    let isFirst = layer.choice.readsImage
    let lanes = shape.output.blocks * blockWidth
    let filters = FloatBuffer(max(algorithm.filterCount(.forward), algorithm.filterCount(.backward)))
    let output = FloatBuffer(images * shape.output.count)
    // Some algorithms turn the gradient of the activated output into that of the output itself in place.
    let dOutput = FloatBuffer(output.count)
    let dInput = FloatBuffer(isFirst ? 0 : images * algorithm.inputCount)
    let (dWeights, dBias, dSlopes) = (FloatBuffer(shape.weightCount), FloatBuffer(lanes), FloatBuffer(lanes))
    let scratch = FloatBuffer(algorithm.scratchCount(images: images, members: 1))
    let pass = ConvolutionPass(
      images: images, input: PendingMap(values: operands.input.base),
      parameters: ConvolutionParameters(
        filters: filters.base, bias: operands.bias.base, slopes: operands.slopes.base),
      output: output.base, scratch: scratch.base)

    func transform(_ use: FilterUse) {
      for piece in 0..<algorithm.filterPieces {
        algorithm.transformFilters(operands.weights.base, use, piece: piece, into: filters.base)
      }
    }
    func forward() {
      transform(.forward)
      algorithm.forward(pass)
    }
    func backward(withInput: Bool) {
      if withInput { transform(.backward) }
      algorithm.backward(
        pass,
        ConvolutionGradients(
          dOutput: dOutput.base, dInput: withInput ? dInput.base : nil, dWeights: dWeights.base, dBias: dBias.base,
          dSlopes: dSlopes.base))
    }

    forward()
    dOutput.base.update(from: operands.dOutput.base, count: dOutput.count)
    backward(withInput: !isFirst)
    let errors = ConvolutionSamples(
      shape: shape, images: images, operands: operands, inputIsPlanar: isFirst, output: output.base,
      precision: precision
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
    func timed(_ seconds: Double, passes: Int = 1, _ error: Double?) -> ConvolutionTimings.Pass {
      let gigaflops = 2e-9 * Double(passes * images * shape.multiplyAdds) / seconds
      let products = 2e-9 * Double(passes * images * algorithm.productCount) / seconds
      return ConvolutionTimings.Pass(
        milliseconds: 1e3 * seconds, gigaflops: gigaflops, percentOfPeak: 100 * products / peak, relativeError: error)
    }
    return ConvolutionTimings(
      layer: layer.name, channels: shape.channels, filters: shape.filters, height: shape.height, width: shape.width,
      kernel: shape.kernel, stride: shape.stride, algorithm: name, isFirst: isFirst, images: images,
      peakGigaflops: peak,
      forward: timed(forwardSeconds, errors.forward),
      inputGradient: isFirst || bothSeconds <= weightSeconds
        ? nil : timed(bothSeconds - weightSeconds, errors.inputGradient),
      weightGradient: timed(weightSeconds, errors.weightGradient),
      backward: timed(bothSeconds, passes: isFirst ? 1 : 2, nil))
  }
}
