import Images
import System

/// Supplies the training step with its samples: this rank's images, and on rank 0 the labels of the whole mini-batch.
///
/// A `SampleFeed` loads photographs, which take long, ahead of the step; the step's own threads load other images.
/// Where images are mixed with their partners, the feed holds the partners too, and other images are loaded a second
/// time.
public final class SampleSupply {
  private let source: any SampleSource
  private var stream: SampleStream
  /// The mixing of images; nil for none.
  private let mixing: SampleMixing?
  private let loadingThreads: Int
  private let endIteration: Int
  /// The feed; nil where samples load fast, and before the first iteration.
  private var feed: SampleFeed?

  /// - Parameters:
  ///   - mixing: the mixing of images with one another; nil for none.
  ///   - loadingThreads: the number of threads that load images ahead, where loading takes long.
  ///   - endIteration: the iteration after the last whose samples are taken; nothing is loaded from it on.
  public init(
    _ source: any SampleSource, stream: SampleStream, mixing: SampleMixing? = nil, loadingThreads: Int,
    endIteration: Int
  ) {
    self.source = source
    self.stream = stream
    self.mixing = mixing
    self.loadingThreads = loadingThreads
    self.endIteration = endIteration
  }

  /// Returns the samples of an iteration, and waits for those that are loaded ahead.
  ///
  /// - Parameters:
  ///   - slots: this rank's slots of the mini-batch.
  ///   - labelsAll: whether to return the labels of the whole mini-batch, or none.
  /// - Throws: the first error that any loading thread met.
  public func take(iteration: Int, slots: Range<Int>, labelsAll: Bool) throws(DataError) -> Samples {
    let loaded = mixing == nil ? slots : SampleMixing.paired(slots, batch: stream.batch)
    let known = labelsAll ? 0..<stream.batch : loaded
    let places = stream.samples(iteration: iteration, slots: known)
    if source.isCostly {
      if feed?.slots != loaded {
        feed = SampleFeed(
          source, stream: stream, slots: loaded, from: iteration, to: endIteration, threads: loadingThreads)
      }
      try feed?.take(iteration: iteration)
    }
    var samples = Samples(
      iteration: iteration, source: source, places: places, firstSlot: known.lowerBound, feed: feed)
    samples.mixes = mixing.map { mixing in
      known.map { slot in
        guard SampleMixing.partner(of: slot, batch: stream.batch) != nil else { return .none }
        return mixing.draw(seed: stream.seed, iteration: iteration, slot: slot, of: source.extents)
      }
    }
    if labelsAll { samples.label() }
    return samples
  }

  /// Returns the number of iterations after which each sample has been seen `epochs` times. The last iteration may take
  /// samples of the next epoch too.
  public func iterations(inEpochs epochs: Int) -> Int { stream.iterations(inEpochs: epochs) }

  /// The number of samples of an epoch.
  public var epochLength: Int { stream.sampleCount }

  /// Returns the bytes of the samples that are loaded ahead.
  ///
  /// - Parameter slots: this rank's slots of the mini-batch.
  public func bytesAhead(slots: Range<Int>) -> Int {
    source.isCostly ? Self.bytesAhead(images: slots.count, source.extents) : 0
  }

  /// Returns the bytes of the samples that are loaded ahead where loading takes long.
  ///
  /// - Parameter images: the number of this rank's images of a mini-batch.
  public static func bytesAhead(images: Int, _ extents: Extents) -> Int {
    SampleFeed.depth * images * extents.count * MemoryLayout<Float>.stride
  }

  /// Forgets the samples that were loaded ahead, because the run goes on from another iteration.
  public func restart() { feed = nil }
}

/// The samples of one iteration.
public struct Samples {
  /// The labels of the whole mini-batch where they were asked for; empty elsewhere.
  public private(set) var labels: [Int32] = []
  /// The labels of the slots' partners where labels were asked for and images are mixed; empty elsewhere.
  public private(set) var partners: [Int32] = []
  /// The share of each slot's own label; empty where no image is mixed.
  public private(set) var shares: [Double] = []
  fileprivate let iteration: Int
  fileprivate let source: any SampleSource
  fileprivate let places: [(epoch: Int, sample: Int)]
  fileprivate let firstSlot: Int
  fileprivate let feed: SampleFeed?
  /// The mixing of each slot of `places`; nil where no image is mixed.
  fileprivate var mixes: [SampleMixing.Mix]?
  private let failure = FirstFailure()

  fileprivate init(
    iteration: Int, source: any SampleSource, places: [(epoch: Int, sample: Int)], firstSlot: Int, feed: SampleFeed?
  ) {
    self.iteration = iteration
    self.source = source
    self.places = places
    self.firstSlot = firstSlot
    self.feed = feed
  }

  /// Takes the labels of all slots, which `places` holds then.
  fileprivate mutating func label() {
    labels = places.map { source.labels[$0.sample] }
    guard let mixes else { return }
    shares = mixes.map(\.share)
    partners = labels.indices.map { labels[SampleMixing.partner(of: $0, batch: labels.count) ?? $0] }
  }

  /// Writes the image of a slot, (channels, height, width). Any thread may call it. An error waits for `check`.
  public func load(slot: Int, into target: UnsafeMutablePointer<Float>) {
    loadAlone(slot: slot, into: target)
    guard let mix = mixes?[slot - firstSlot], mix != .none else { return }
    let partner = slot ^ 1
    if let feed {
      return mix.apply(to: target, partner: feed.input(iteration: iteration, slot: partner), source.extents)
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: source.extents.count) { memory in
      guard let memory = memory.baseAddress else { return }
      loadAlone(slot: partner, into: memory)
      mix.apply(to: target, partner: memory, source.extents)
    }
  }

  private func loadAlone(slot: Int, into target: UnsafeMutablePointer<Float>) {
    if let feed { return feed.copy(iteration: iteration, slot: slot, into: target) }
    let (epoch, sample) = places[slot - firstSlot]
    failure.attempt { () throws(DataError) in try source.load(sample: sample, epoch: epoch, into: target) }
  }

  /// Throws the first error that `load` met.
  public func check() throws(DataError) { try failure.check() }
}
