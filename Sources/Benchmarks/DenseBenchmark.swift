import Communication
import Kernels
import Network

/// What dense testing of a photograph costs: the whole picture and its mirror image through the tower, and every window of
/// the last map through the fully connected layers.
public struct DenseTimings: Codable, Sendable {
  public var model: String
  public var height: Int
  public var width: Int
  public var threads: Int
  public var runs: Int
  /// Of the picture and its mirror image together.
  public var windows: Int
  /// Of a picture on one thread.
  public var seconds: Double
  /// What a picture would take if its convolutions ran as fast as in the forward pass of training, and its windows went
  /// through the fully connected layers at the rate of a mini-batch.
  public var expectedSeconds: Double
  /// The latter as a share of the former, in per cent.
  public var percentOfTraining: Double
  /// Of the tower's convolutions by their definition, in the forward pass of training.
  public var trainingGigaflops: Double
  /// Of the process that tests, with the network.
  public var peakMegabytes: Double
  /// Of the scores of a small map's windows, against those computed window by window with the direct convolution.
  public var relativeError: Double
}

public enum DenseBenchmark {
  /// Windows that go through the fully connected layers together, as in evaluation.
  private static let rows = 256
  /// Images of a leaf of training.
  private static let leaf = 8
  /// Winograd's scores may differ from the direct ones by rounding that many layers have added to.
  private static let largestError = 1e-3

  /// Times dense testing of random pictures by random weights; each thread tests a picture of its own.
  ///
  /// - Throws: `ArchitectureError` where the picture is too large to count, `VerificationError` where the scores differ
  ///   from those computed window by window.
  public static func run(
    _ architecture: ResolvedArchitecture, height: Int, width: Int, threads: Int, method: ConvolutionMethod?, runs: Int
  ) throws -> DenseTimings {
    // One network in memory at a time, so that the peak is testing's.
    let error = try verify(architecture, method)
    let network = StepBenchmark.randomNetwork(architecture, method)
    let form = try network.denseShape(FrameExtents(height: height, width: width))
    let seconds = try time(network, form.extents, threads: threads, runs: runs)
    // The forward pass of training has room for the way back.
    let peak = StepBenchmark.peakMegabytes()
    let (tower, head) = (towerSeconds(network, runs: runs), headSeconds(network, runs: runs))
    let own = architecture.layers[architecture.towerLayers].reduce(0) { $0 + $1.multiplyAdds }
    let windows = 2 * form.allWindows.count
    let expected = 2 * tower * Double(form.multiplyAdds) / Double(own) + head * Double(windows)
    return DenseTimings(
      model: architecture.architecture.name, height: height, width: width, threads: threads, runs: runs,
      windows: windows, seconds: seconds, expectedSeconds: expected, percentOfTraining: 100 * expected / seconds,
      trainingGigaflops: 2e-9 * Double(own) / tower, peakMegabytes: peak, relativeError: error)
  }

  private static func randomPicture(_ count: Int) -> FloatBuffer {
    let picture = FloatBuffer(count)
    var random = SystemlessRandom(state: 7)
    random.fill(picture.base, count: count)
    return picture
  }

  /// Seconds of a thread for a picture and its mirror image.
  private static func time(_ network: Network, _ extents: FrameExtents, threads: Int, runs: Int) throws -> Double {
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

  /// Seconds of a thread for one image of the network's own size in the forward pass of training.
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
        tower.forward(layer: layer, memory, images: leaf, filters: filters, scratch: scratch)
      }
    } / Double(leaf)
  }

  /// Seconds of a thread for one window among many.
  private static func headSeconds(_ network: Network, runs: Int) -> Double {
    let memory = HeadMemory(network.head, rows: rows, threads: 1, forTraining: false)
    let features = randomPicture(rows * network.head.featureCount)
    let pool = ThreadPool(threads: 1)
    return medianSeconds(runs: runs) {
      network.head.forward(features.base, rows: rows, parameters: network.parameters, memory: memory, on: pool)
    } / Double(rows)
  }

  /// Compares the scores of a picture of a few windows with those computed one by one, with the direct convolution.
  private static func verify(_ architecture: ResolvedArchitecture, _ method: ConvolutionMethod?) throws -> Double {
    let expected = try scores(architecture, .direct, windowByWindow: true)
    let computed = try scores(architecture, method, windowByWindow: false)
    guard computed.count == expected.count, computed.count >= 4, Set(expected).count == expected.count else {
      throw VerificationError(
        description: "\(computed.count) windows instead of \(expected.count), or some are the same")
    }
    var (difference, norm) = (0.0, 0.0)
    for (value, reference) in zip(computed.joined(), expected.joined()) {
      difference += Double(value - reference) * Double(value - reference)
      norm += Double(reference) * Double(reference)
    }
    let error = (difference / norm).squareRoot()
    guard error < largestError else {
      throw VerificationError(
        description: "the windows' scores differ from those computed one by one by \(error) of their norm")
    }
    return error
  }

  /// Of a random picture that has two windows below each other and two beside.
  private static func scores(
    _ architecture: ResolvedArchitecture, _ method: ConvolutionMethod?, windowByWindow: Bool
  ) throws -> [[Float]] {
    let network = StepBenchmark.randomNetwork(architecture, method)
    let input = architecture.input
    var extents = FrameExtents(height: input.height, width: input.width)
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
