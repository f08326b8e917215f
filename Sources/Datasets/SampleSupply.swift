import Images
import System

/// Supplies the training step with its samples: this rank's images, and on rank 0 the labels of the whole mini-batch.
///
/// A `SampleFeed` loads photographs, which take long, ahead of the step; the step's own threads load other images.
public final class SampleSupply {
  private let source: any SampleSource
  private var stream: SampleStream
  private let loadingThreads: Int
  private let endIteration: Int
  /// The feed; nil where samples load fast, and before the first iteration.
  private var feed: SampleFeed?

  /// - Parameters:
  ///   - loadingThreads: the number of threads that load images ahead, where loading takes long.
  ///   - endIteration: the iteration after the last whose samples are taken; nothing is loaded from it on.
  public init(_ source: any SampleSource, stream: SampleStream, loadingThreads: Int, endIteration: Int) {
    self.source = source
    self.stream = stream
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
    let known = labelsAll ? 0..<stream.batch : slots
    let places = stream.samples(iteration: iteration, slots: known)
    let labels = labelsAll ? places.map { source.labels[$0.sample] } : []
    if source.isCostly {
      if feed?.slots != slots {
        feed = SampleFeed(
          source, stream: stream, slots: slots, from: iteration, to: endIteration, threads: loadingThreads)
      }
      try feed?.take(iteration: iteration)
    }
    return Samples(
      labels: labels, iteration: iteration, source: source, places: places, firstSlot: known.lowerBound, feed: feed)
  }

  /// Returns the number of iterations after which each sample has been seen `epochs` times. The last iteration may take
  /// samples of the next epoch too.
  public func iterations(inEpochs epochs: Int) -> Int { stream.iterations(inEpochs: epochs) }

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
  public let labels: [Int32]
  fileprivate let iteration: Int
  fileprivate let source: any SampleSource
  fileprivate let places: [(epoch: Int, sample: Int)]
  fileprivate let firstSlot: Int
  fileprivate let feed: SampleFeed?
  private let failure = FirstFailure()

  fileprivate init(
    labels: [Int32], iteration: Int, source: any SampleSource, places: [(epoch: Int, sample: Int)], firstSlot: Int,
    feed: SampleFeed?
  ) {
    self.labels = labels
    self.iteration = iteration
    self.source = source
    self.places = places
    self.firstSlot = firstSlot
    self.feed = feed
  }

  /// Writes the image of a slot, (channels, height, width). Any thread may call it. An error waits for `check`.
  public func load(slot: Int, into target: UnsafeMutablePointer<Float>) {
    if let feed { return feed.copy(iteration: iteration, slot: slot, into: target) }
    let (epoch, sample) = places[slot - firstSlot]
    failure.attempt { () throws(DataError) in try source.load(sample: sample, epoch: epoch, into: target) }
  }

  /// Throws the first error that `load` met.
  public func check() throws(DataError) { try failure.check() }
}
