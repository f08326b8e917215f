import Images
import Kernels
import System

/// Loads the samples of coming iterations ahead of the step, on threads of its own, into a bounded number of buffers.
///
/// A loaded input depends only on seed, epoch and sample, so neither threads nor timing change any bit. The thread that
/// made the feed is the only one that takes samples from it.
package final class SampleFeed {
  /// The number of iterations that are loaded or being loaded at once: the one in use and those ahead of it.
  package static let depth = 2

  private let source: any SampleSource
  /// This rank's slots of the mini-batch.
  let slots: Range<Int>
  private let end: Int
  private var stream: SampleStream
  private let state: State
  private let threads: [WorkerThread]
  /// The first iteration that is not ordered yet.
  private var ordered: Int

  /// - Parameters:
  ///   - slots: this rank's slots of the mini-batch.
  ///   - start: the iteration that is taken first.
  ///   - end: the iteration after the last that is taken; nothing is loaded from it on.
  package init(
    _ source: any SampleSource, stream: SampleStream, slots: Range<Int>, from start: Int, to end: Int, threads: Int
  ) {
    self.source = source
    self.stream = stream
    self.slots = slots
    self.end = end
    ordered = start
    state = State(source, slotCount: slots.count)
    self.threads = Self.start(threads, state)
  }

  deinit {
    state.finish()
    for thread in threads { thread.join() }
  }

  /// Orders the samples of the coming iterations, and waits until those of `iteration` are there. The buffers of
  /// earlier iterations are used again.
  ///
  /// - Throws: the first error that any thread met.
  package func take(iteration: Int) throws(DataError) {
    precondition(
      iteration < end && iteration >= ordered - Self.depth,
      "iteration \(iteration) is taken, of those from \(ordered - Self.depth) to \(end - 1)")
    ordered = max(ordered, iteration)
    while ordered < min(end, iteration + Self.depth) {
      let samples = stream.samples(iteration: ordered, slots: slots)
      source.announce(samples.map(\.sample))
      state.order(iteration: ordered, samples)
      ordered += 1
    }
    // Without threads, the caller loads what it needs.
    if threads.isEmpty { state.work(while: { !state.isLoaded(iteration: iteration) }) }
    try state.wait(iteration: iteration)
  }

  /// Copies the input of a slot of the iteration that was taken last. Any thread may call it.
  package func copy(iteration: Int, slot: Int, into target: UnsafeMutablePointer<Float>) {
    target.update(from: input(iteration: iteration, slot: slot), count: source.extents.count)
  }

  /// Returns the input of a slot of the iteration that was taken last, which stays until another one is taken. Any
  /// thread may call it.
  func input(iteration: Int, slot: Int) -> UnsafePointer<Float> {
    UnsafePointer(state.place(iteration: iteration, index: slot - slots.lowerBound))
  }

  // MARK: - Threads

  /// Starts threads, fewer than `count` where the system starts no more, and perhaps none.
  private static func start(_ count: Int, _ state: State) -> [WorkerThread] {
    var threads: [WorkerThread] = []
    for index in 1...max(count, 1) {
      guard let thread = try? WorkerThread(name: "load \(index)", { state.work() }) else { break }
      threads.append(thread)
    }
    return threads
  }

  /// The state that the taking thread and the loading ones share.
  ///
  /// Sendable: everything that changes is read and written under the lock, except the buffers' values: each thread
  /// writes the slots that it took off the queue, and the taker reads them when all of the iteration's are done.
  private final class State: @unchecked Sendable {
    private struct Item {
      let iteration: Int
      let index: Int
      let epoch: Int
      let sample: Int
    }

    private let source: any SampleSource
    private let slotCount: Int
    private let buffers: [FloatBuffer]
    private let failure = FirstFailure()

    /// The loading threads wait for orders, the taker for samples: two conditions under one lock.
    private let ordered: Condition
    private let loaded: Condition
    private var queue: [Item] = []
    private var next = 0
    /// The number of samples of each iteration that are not loaded yet.
    private var missing: [Int: Int] = [:]
    private var ended = false
    private var failed = false

    init(_ source: any SampleSource, slotCount: Int) {
      self.source = source
      self.slotCount = slotCount
      buffers = (0..<SampleFeed.depth).map { _ in FloatBuffer(slotCount * source.extents.count) }
      ordered = Condition()
      loaded = Condition(lockOf: ordered)
    }

    func place(iteration: Int, index: Int) -> UnsafeMutablePointer<Float> {
      buffers[iteration % SampleFeed.depth].base + index * source.extents.count
    }

    func order(iteration: Int, _ samples: [(epoch: Int, sample: Int)]) {
      ordered.withLock {
        missing[iteration] = samples.count
        queue.removeFirst(next)
        next = 0
        for (index, (epoch, sample)) in samples.enumerated() {
          queue.append(Item(iteration: iteration, index: index, epoch: epoch, sample: sample))
        }
        ordered.broadcast()
      }
    }

    func wait(iteration: Int) throws(DataError) {
      loaded.withLock {
        loaded.wait { !failed && missing[iteration, default: 0] > 0 }
        missing = missing.filter { $0.key > iteration }
      }
      try failure.check()
    }

    func finish() {
      ordered.withLock {
        ended = true
        ordered.broadcast()
      }
    }

    /// Whether all of an iteration's samples are loaded, or one of them cannot be.
    func isLoaded(iteration: Int) -> Bool {
      ordered.withLock { failed || missing[iteration, default: 0] == 0 }
    }

    /// Loads the ordered samples until the feed ends, or as long as it is told to go on.
    func work(while goesOn: () -> Bool = { true }) {
      while goesOn(), let item = nextItem() {
        let succeeded = Trace.span("sample", .loading, item.sample) {
          failure.attempt { () throws(DataError) in
            try source.load(
              sample: item.sample, epoch: item.epoch, into: place(iteration: item.iteration, index: item.index))
          }
        }
        loaded.withLock {
          missing[item.iteration, default: 1] -= 1
          failed = failed || !succeeded
          if failed || missing[item.iteration, default: 0] == 0 { loaded.broadcast() }
        }
      }
    }

    /// Waits for an order; returns nil once the feed ends.
    private func nextItem() -> Item? {
      ordered.withLock {
        ordered.wait { next == queue.count && !ended }
        guard !ended else { return nil }
        next += 1
        return queue[next - 1]
      }
    }
  }
}
