import Communication
import Configuration
import Foundation
import Kernels
import Network
import Randomness
import Step
import System
import Tracing

/// The time of a training step, split into its parts, on every rank.
public struct StepTimings: Codable, Sendable {
  /// The milliseconds of the parts of one rank's step, each a median over the steps.
  public struct Rank: Codable, Sendable {
    public var rank: Int
    public var images: Int
    public var forward: Double
    /// The wait for the other ranks' features, on rank 0.
    public var gather: Double
    public var fullyConnected: Double
    public var scatter: Double
    /// The time from the end of forward to the gradient of the rank's features, on ranks other than 0.
    public var wait: Double
    /// The processor time of the process in `wait`, as a share of one core from 0 to 1.
    public var waitProcessorShare: Double
    public var backward: Double
    /// The addition of the tower's gradients over the ranks, as far as backward does not hide it.
    public var exposedReduction: Double
    public var update: Double
    public var step: Double
    /// The largest resident memory of the process before rank 0 runs by itself.
    public var peakMegabytes: Double
    /// The memory that was expected to be resident, before it was touched.
    public var expectedMegabytes: Double
  }

  public var model: String
  public var batch: Int
  public var ranks: Int
  public var threads: Int
  public var runs: Int
  public var stepMilliseconds: Double
  /// The milliseconds of the quickest step, by the slowest rank's clock.
  public var quickestMilliseconds: Double
  public var imagesPerSecond: Double
  public var perRank: [Rank]
  /// The milliseconds of a step of the same mini-batch on rank 0 alone while the others are idle; nil with one rank.
  public var singleRankMilliseconds: Double?
  /// The single rank's time over the number of ranks times the step's time: the median over pairs of steps, one right
  /// after the other, so that other work of the machine counts in both.
  public var efficiency: Double?
}

public enum StepBenchmark {
  /// The largest relative error of features that rounding explains: Winograd's features differ from the direct ones by
  /// the rounding of many layers.
  private static let largestError = 1e-3

  /// Returns the largest relative error of features that rounding explains in a precision.
  ///
  /// Of operands that differ by a relative error ε, a share of about ε·2⁸ is rounded to the other neighbor in bfloat16,
  /// 2⁻⁸ away. So after a few layers, however small the first differences are, two computations are as far apart as two
  /// independent roundings, which have a standard deviation of 2⁻⁹/√3 each, in every layer: by 2⁻⁹·√(2/3)·√layers.
  /// Two and a half times as much is allowed.
  static func largestError(_ precision: Precision, _ architecture: ResolvedArchitecture) -> Double {
    guard precision == .bfloat16 else { return largestError }
    return 0x1p-8 * Double(architecture.weightLayerCount).squareRoot()
  }

  /// Times whole training steps on random images. All ranks must call it, and all get the result.
  ///
  /// - Parameters:
  ///   - batch: the number of images of a step, on all ranks together.
  ///   - leaves: the number of leaves that a step is divided into; nil for the choice of `leaves(batch:ranks:)`.
  ///   - threads: the number of threads of this rank.
  ///   - method: the method of all convolutions; nil for the choice by shape.
  ///   - precision: the precision of the operands of products.
  ///   - runs: the number of timed steps, of which the median counts.
  ///   - comparesWithOneRank: whether the same mini-batch is timed on rank 0 alone as well.
  /// - Throws: `VerificationError` where the tower's features differ from those of the direct convolution, or the
  ///   ranks' parameters from one another.
  public static func run(
    _ architecture: ResolvedArchitecture, batch: Int, leaves: Int? = nil, threads: Int, method: ConvolutionMethod?,
    precision: Precision = .float32, runs: Int, comparesWithOneRank: Bool = true, world: World
  ) throws -> StepTimings {
    let compares = comparesWithOneRank && world.size > 1
    // The comparison of the features takes minutes where the network is large.
    try checkMemory(batch, leaves, threads, world) {
      Network(architecture, convolution: method, precision: precision)
    }
    try verify(architecture, method: method, precision)
    func network() -> Network { randomNetwork(architecture, method, precision) }
    let together = try TimedStep(network(), batch, leaves, threads, world)
    // The peak is read before rank 0 has the memory of another network.
    let peak = megabytes(ProcessMemory.largest)
    let alone =
      try compares && world.rank == 0
      ? TimedStep(network(), batch, leaves, threads, try world.alone()) : nil
    var singles: [Double] = []
    for _ in 0..<runs {
      if let alone { singles.append(try alone.run()) }
      _ = try together.run()
    }
    try together.checkParameters()
    let own = together.parts(peakMegabytes: peak)
    let ranks = try world.allgather(own).enumerated().map { rank, parts in
      StepTimings.Rank(
        rank: rank, images: parts.images, forward: parts.forward, gather: parts.gather,
        fullyConnected: parts.fullyConnected, scatter: parts.scatter, wait: parts.wait,
        waitProcessorShare: parts.wait > 0 ? parts.waitProcessor / parts.wait : 0, backward: parts.backward,
        exposedReduction: parts.reduction, update: parts.update, step: parts.step, peakMegabytes: parts.peakMegabytes,
        expectedMegabytes: parts.expectedMegabytes)
    }
    let step = ranks.map(\.step).max() ?? own.step
    let quickest = try world.allgather(together.seconds.min() ?? 0).max() ?? 0
    let pairs = zip(singles, together.seconds).map { $0 / $1 }
    let (single, speedup) = try world.allgather(
      compares && world.rank == 0 ? (singles.median(), pairs.median()) : (0, 0))[0]
    return StepTimings(
      model: architecture.name, batch: batch, ranks: world.size, threads: threads, runs: runs,
      stepMilliseconds: step, quickestMilliseconds: 1e3 * quickest,
      imagesPerSecond: 1e3 * Double(batch) / step, perRank: ranks,
      singleRankMilliseconds: compares ? 1e3 * single : nil,
      efficiency: compares ? speedup / Double(world.size) : nil)
  }

  /// Compares the memory that a step will take with what is left, before any of it is touched. All ranks call it.
  ///
  /// - Parameter network: makes the network, without values.
  private static func checkMemory(
    _ batch: Int, _ leaves: Int?, _ threads: Int, _ world: World, _ network: () -> Network
  ) throws {
    let before = FloatBuffer.largeBytes
    let step = DistributedStep(
      network(), world: world, shares: shares(batch, leaves, world), StepSettings(seed: 1),
      on: ThreadPool(threads: threads, spins: false))
    _ = try world.checkMemory(bytes: FloatBuffer.largeBytes - before - step.untouchedBytes)
  }

  /// Records steps on random images, after a first one that touches all memory. All ranks must call it.
  ///
  /// - Parameters: those of `run`.
  /// - Returns: on rank 0, what became of the trace; nil elsewhere.
  public static func trace(
    _ request: TraceRequest, _ architecture: ResolvedArchitecture, batch: Int, leaves: Int? = nil, threads: Int,
    method: ConvolutionMethod?, precision: Precision = .float32, world: World
  ) throws -> StepTrace.Outcome? {
    let timed = try TimedStep(randomNetwork(architecture, method, precision), batch, leaves, threads, world)
    let trace = StepTrace(request, threads: timed.threadCount, world: world)
    for iteration in 0..<request.steps {
      _ = try trace.begin(iteration: iteration, isFollowed: false)
      _ = try timed.run()
    }
    return try trace.finish()
  }

  /// Returns the number of leaves of a mini-batch: such that they have about 16 images, as those of a mini-batch of 128
  /// have, and that every rank has one; at most as many as training has by default.
  static func leaves(batch: Int, ranks: Int) -> Int {
    var leaves = 1
    while leaves < Configuration.Training.defaultLeaves, batch > 16 * leaves || leaves < ranks { leaves *= 2 }
    return leaves
  }

  private static func shares(_ batch: Int, _ leaves: Int?, _ world: World) -> Shares {
    Shares(batch: batch, ranks: world.size, leaves: leaves ?? Self.leaves(batch: batch, ranks: world.size))
  }

  /// The parts of a rank's step, in milliseconds, as ranks exchange them.
  private struct Parts: BitwiseCopyable {
    var images = 0
    var forward = 0.0
    var gather = 0.0
    var fullyConnected = 0.0
    var scatter = 0.0
    var wait = 0.0
    var waitProcessor = 0.0
    var backward = 0.0
    var reduction = 0.0
    var update = 0.0
    var step = 0.0
    var peakMegabytes = 0.0
    var expectedMegabytes = 0.0
  }

  /// Runs and times steps of one network on the ranks of a world, on random images.
  private final class TimedStep {
    private(set) var seconds: [Double] = []
    private let architecture: ResolvedArchitecture
    private let world: World
    private let network: Network
    private let pool: ThreadPool
    private let step: DistributedStep
    private let image: FloatBuffer
    private let labels: [Int32]
    private let expectedBytes: Int
    private var times: [StepTime] = []

    /// Runs a first step that is not counted: it touches all memory for the first time.
    init(_ network: Network, _ batch: Int, _ leaves: Int?, _ threads: Int, _ world: World) throws {
      let architecture = network.architecture
      self.architecture = architecture
      self.network = network
      self.world = world
      let shares = StepBenchmark.shares(batch, leaves, world)
      pool = ThreadPool(threads: threads, spins: !world.threads(asked: threads).takeTurns)
      let before = FloatBuffer.largeBytes
      step = DistributedStep(network, world: world, shares: shares, StepSettings(seed: 1), on: pool)
      let bytes = FloatBuffer.largeBytes - before - step.untouchedBytes
      expectedBytes = ProcessMemory.resident + bytes
      _ = try world.checkMemory(bytes: bytes)
      image = randomImage(architecture)
      labels = (0..<batch).map { Int32($0 % architecture.classes) }
      _ = try run()
      (seconds, times) = ([], [])
    }

    /// The number of threads: those that compute, also the fully connected layers, and one for messages.
    var threadCount: Int {
      let head = step.largestPool === pool ? 0 : step.largestPool.threadCount - 1
      return pool.threadCount + head + 1
    }

    /// Runs one step, which all ranks of the world begin together. Returns its seconds.
    func run() throws -> Double {
      try world.barrier()
      let start = monotonicSeconds()
      let sgd = SGD(learningRate: 1e-4, momentum: 0.9, weightDecay: 0.0005)
      let result = try step.run(StepOrder(iteration: seconds.count, sgd: sgd, labels: labels)) { [image] _, target in
        target.update(from: image.base, count: image.count)
      }
      seconds.append(monotonicSeconds() - start)
      times.append(result.time)
      guard result.isFinite else {
        throw VerificationError(description: "the loss or a gradient of a random mini-batch is NaN or infinite")
      }
      return seconds.last!
    }

    func checkParameters() throws {
      let tower = UnsafeBufferPointer(rebasing: network.parameters.values[architecture.towerRange])
      let hashes = try world.allgather(bitsHash(tower))
      guard hashes.allSatisfy({ $0 == hashes[0] }) else {
        throw VerificationError(description: "the ranks' parameters differ after the same steps")
      }
    }

    func parts(peakMegabytes: Double) -> Parts {
      func part(_ path: KeyPath<StepTime, Double>) -> Double { 1e3 * times.map { $0[keyPath: path] }.median() }
      return Parts(
        images: step.shares.slots(ofRank: world.rank).count, forward: part(\.forward), gather: part(\.gather),
        fullyConnected: part(\.fullyConnected), scatter: part(\.scatter), wait: part(\.wait),
        waitProcessor: part(\.waitProcessor), backward: part(\.backward),
        reduction: part(\.reduction), update: part(\.update), step: 1e3 * seconds.median(),
        peakMegabytes: peakMegabytes, expectedMegabytes: StepBenchmark.megabytes(expectedBytes))
    }
  }

  static func randomNetwork(
    _ architecture: ResolvedArchitecture, _ method: ConvolutionMethod?, _ precision: Precision = .float32
  ) -> Network {
    let network = Network(architecture, convolution: method, precision: precision)
    Initializer(rule: .he(.forward), fullyConnected: .rule)
      .fill(network.parameters.values, for: architecture, seed: 3)
    return network
  }

  static func randomImage(_ architecture: ResolvedArchitecture) -> FloatBuffer {
    let image = FloatBuffer(architecture.input.count)
    var random = SplitMix64(seed: 5)
    random.fill(image.base, count: image.count)
    return image
  }

  /// Compares the features of an image with those of the direct convolution.
  ///
  /// - Throws: `VerificationError` where they differ by more than rounding.
  static func verify(
    _ architecture: ResolvedArchitecture, method: ConvolutionMethod?, _ precision: Precision = .float32
  ) throws {
    let image = randomImage(architecture)
    func features(_ method: ConvolutionMethod?) -> [Float] {
      let network = randomNetwork(architecture, method, precision)
      let tower = network.tower
      let pool = ThreadPool(threads: 1)
      let memory = LeafMemory(tower, capacity: 1)
      let scratch = FloatBuffer(tower.scratchCount(images: 1))
      let filters = TowerFilters(tower, keepsAll: false)
      memory.images.update(from: image.base, count: image.count)
      tower.prepare(network.parameters, on: pool)
      for layer in tower.layers.indices {
        tower.transformFilters(ofLayer: layer, for: .forward, network.parameters, into: filters, on: pool)
        tower.forward(layer: layer, LeafPass(memory, images: 1, filters: filters, scratch: scratch.base))
      }
      return Array(UnsafeBufferPointer(start: memory.features, count: tower.featureCount))
    }
    let (computed, reference) = (features(method), features(.direct))
    var (difference, norm) = (0.0, 0.0)
    for (value, expected) in zip(computed, reference) {
      difference += Double(value - expected) * Double(value - expected)
      norm += Double(expected) * Double(expected)
    }
    let error = (difference / norm).squareRoot()
    guard error < largestError(precision, architecture) else {
      throw VerificationError(
        description: "the tower's features differ from those of the direct convolution by \(error) of their norm")
    }
  }

  static func megabytes(_ bytes: Int) -> Double { Double(bytes) / 0x1p20 }
}
