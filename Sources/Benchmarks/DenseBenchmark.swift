import Communication
import Kernels
import Network
import Randomness
import System

/// The cost of dense testing of a photograph: the whole picture and its mirror image go through the tower, and every
/// window of the last map through the fully connected layers.
public struct DenseTimings: Codable, Sendable {
  public var model: String
  public var precision: Precision
  public var height: Int
  public var width: Int
  public var threads: Int
  public var runs: Int
  /// The number of windows of the picture and its mirror image together.
  public var windows: Int
  /// The seconds of a picture on one thread.
  public var seconds: Double
  /// The seconds that a picture would take if its convolutions ran as fast as in the forward pass of training, and its
  /// windows went through the fully connected layers at the rate of a mini-batch.
  public var expectedSeconds: Double
  /// `expectedSeconds` as a percentage of `seconds`.
  public var percentOfTraining: Double
  /// The operations of the tower's convolutions by their definition, in the forward pass of training, in 10⁹ a second.
  public var trainingGigaflops: Double
  /// The largest resident memory of the process while it tests, with the network.
  public var peakMegabytes: Double
  /// The relative error of the scores of a small map's windows, against those computed window by window with the direct
  /// convolution.
  public var relativeError: Double
}

public enum DenseBenchmark {
  /// The number of windows that go through the fully connected layers together, as in evaluation.
  private static let rows = 256
  /// The number of images of a leaf of training.
  private static let leaf = 8
  /// Times dense testing of random pictures with random weights; each thread tests a picture of its own.
  ///
  /// - Throws: `ArchitectureError` where the picture is too large to count, `VerificationError` where the scores differ
  ///   from those computed window by window.
  public static func run(
    _ architecture: ResolvedArchitecture, height: Int, width: Int, threads: Int, method: ConvolutionMethod?,
    precision: Precision = .float32, runs: Int
  ) throws -> DenseTimings {
    // Only one network is in memory at a time, so that the peak is that of testing.
    let error = try verify(architecture, method, precision)
    let network = StepBenchmark.randomNetwork(architecture, method, precision)
    let form = try network.denseShape(PlaneExtents(height: height, width: width))
    let seconds = try time(network, form.extents, threads: threads, runs: runs)
    // The peak is read before training's forward pass, which has memory for the backward pass, too.
    let peak = StepBenchmark.megabytes(ProcessMemory.largest)
    let (tower, head) = (towerSeconds(network, runs: runs), headSeconds(network, runs: runs))
    let own = architecture.layers[architecture.towerLayers].reduce(0) { $0 + $1.multiplyAdds }
    let windows = 2 * form.allWindows.count
    let expected = 2 * tower * Double(form.multiplyAdds) / Double(own) + head * Double(windows)
    return DenseTimings(
      model: architecture.name, precision: precision, height: height, width: width, threads: threads, runs: runs,
      windows: windows, seconds: seconds, expectedSeconds: expected, percentOfTraining: 100 * expected / seconds,
      trainingGigaflops: 2e-9 * Double(own) / tower, peakMegabytes: peak, relativeError: error)
  }

  private static func randomPicture(_ count: Int) -> FloatBuffer {
    let picture = FloatBuffer(count)
    var random = SplitMix64(seed: 7)
    random.fill(picture.base, count: count)
    return picture
  }

  /// Returns the seconds of a thread for a picture and its mirror image.
  private static func time(_ network: Network, _ extents: PlaneExtents, threads: Int, runs: Int) throws -> Double {
    let channels = network.architecture.input.channels
    let picture = randomPicture(channels * extents.height * extents.width)
    let inference = Inference(network, rows: rows, on: ThreadPool(threads: threads))
    let form = try inference.form(extents)
    return medianSeconds(runs: runs) {
      inference.parallelFor(threads) { _, scorer in
        scorer.score(2, form: form) { side, target in
          target.update(from: picture.base, count: picture.count)
          guard side == 1 else { return }
          for row in 0..<channels * extents.height {
            var values = UnsafeMutableBufferPointer(start: target + row * extents.width, count: extents.width)
            values.reverse()
          }
        } use: { _, _ in
        }
      }
    }
  }

  /// Returns the seconds of a thread for one image of the network's own size in the forward pass of training.
  private static func towerSeconds(_ network: Network, runs: Int) -> Double {
    let tower = network.tower
    let (memory, scratch) = (LeafMemory(tower, capacity: leaf), FloatBuffer(tower.scratchCount(images: leaf)))
    let filters = TowerFilters(tower, keepsAll: true)
    let pool = ThreadPool(threads: 1)
    let images = randomPicture(leaf * tower.imageCount)
    memory.images.update(from: images.base, count: images.count)
    tower.prepare(network.parameters, on: pool)
    for layer in tower.layers.indices {
      tower.transformFilters(ofLayer: layer, for: .forward, network.parameters, into: filters, on: pool)
    }
    return medianSeconds(runs: runs) {
      for layer in tower.layers.indices {
        tower.forward(layer: layer, LeafPass(memory, images: leaf, filters: filters, scratch: scratch.base))
      }
    } / Double(leaf)
  }

  /// Returns the seconds of a thread for one window among many.
  private static func headSeconds(_ network: Network, runs: Int) -> Double {
    let memory = HeadMemory(network.head, rows: rows, threads: 1, forTraining: false)
    let features = randomPicture(rows * network.head.featureCount)
    let pool = ThreadPool(threads: 1)
    return medianSeconds(runs: runs) {
      network.head.forward(
        features.base, HeadPass(rows: rows, parameters: network.parameters, memory: memory, on: pool))
    } / Double(rows)
  }

  /// Compares the scores of a picture of a few windows with those computed one by one, with the direct convolution.
  /// Returns the relative error.
  private static func verify(
    _ architecture: ResolvedArchitecture, _ method: ConvolutionMethod?, _ precision: Precision
  ) throws -> Double {
    let expected = try scores(architecture, .direct, precision, windowByWindow: true)
    let computed = try scores(architecture, method, precision, windowByWindow: false)
    guard computed.count == expected.count, computed.count >= 4, Set(expected).count == expected.count else {
      throw VerificationError(
        description:
          "expected \(expected.count) windows of different scores, found \(computed.count), or some that are the same")
    }
    var (difference, norm) = (0.0, 0.0)
    for (value, reference) in zip(computed.joined(), expected.joined()) {
      difference += Double(value - reference) * Double(value - reference)
      norm += Double(reference) * Double(reference)
    }
    let error = (difference / norm).squareRoot()
    guard error < StepBenchmark.largestError(precision, architecture) else {
      throw VerificationError(
        description: "the windows' scores differ from those computed one by one by \(error) of their norm")
    }
    return error
  }

  /// Returns the scores of the windows of a random picture that has two of them below each other and two side by side.
  private static func scores(
    _ architecture: ResolvedArchitecture, _ method: ConvolutionMethod?, _ precision: Precision, windowByWindow: Bool
  ) throws -> [[Float]] {
    let network = StepBenchmark.randomNetwork(architecture, method, precision)
    let input = architecture.input
    var extents = input.plane
    while try network.denseShape(extents).allWindows.rows.count < 2 { extents.height += 1 }
    while try network.denseShape(extents).allWindows.columns.count < 2 { extents.width += 1 }
    let picture = randomPicture(input.channels * extents.height * extents.width)
    let inference = Inference(network, rows: rows, on: ThreadPool(threads: 1))
    let form = try inference.form(extents)
    guard !windowByWindow else { return inference.scoresWindowByWindow(picture.base, form: form) }
    var scores: [[Float]] = []
    inference.parallelFor(1) { _, scorer in
      scorer.score(1, form: form) { _, target in
        target.update(from: picture.base, count: picture.count)
      } use: { _, own in
        scores.append(Array(UnsafeBufferPointer(start: own, count: network.head.classes)))
      }
    }
    return scores
  }
}
