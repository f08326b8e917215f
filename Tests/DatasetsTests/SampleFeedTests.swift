import Datasets
import Glibc
import Images
import Synchronization
import System
import Testing

/// Every sample of every iteration arrives where it belongs, whatever the threads do.
@Suite struct SampleFeedTests {
  /// An input says which sample and epoch it is; loading takes a while, longer for some.
  private final class NumberedSamples: SampleSource {
    let extents = Extents(channels: 1, height: 1, width: 2)
    let classCount = 1
    let labels: [Int32]
    let mean = MeanImage(values: [0, 0], extents: Extents(channels: 1, height: 1, width: 2))
    let scale: Float = 1
    let broken: Int?
    let loads = Atomic<Int>(0)

    init(_ count: Int, broken: Int? = nil) {
      labels = [Int32](repeating: 0, count: count)
      self.broken = broken
    }

    func load(sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>) throws(DataError) {
      usleep(UInt32(sample * 37 % 11) * 30)
      loads.add(1, ordering: .relaxed)
      if sample == broken {
        throw DataError(.invalid, path: "picture \(sample)", expected: "a picture", found: "none")
      }
      output[0] = Float(sample)
      output[1] = Float(epoch)
    }
  }

  @Test(arguments: [1, 2, 5]) func everySampleArrives(threads: Int) throws {
    let source = NumberedSamples(23)
    var stream = SampleStream(seed: 9, sampleCount: 23, batch: 8)
    let slots = 2..<7
    let feed = SampleFeed(source, stream: stream, slots: slots, from: 3, to: 40, threads: threads)
    for iteration in 3..<40 {
      try feed.take(iteration: iteration)
      for (slot, expected) in zip(slots, stream.samples(iteration: iteration, slots: slots)) {
        var input: [Float] = [.nan, .nan]
        input.withUnsafeMutableBufferPointer {
          feed.copy(iteration: iteration, slot: slot, into: $0.baseAddress!)
        }
        #expect(input == [Float(expected.sample), Float(expected.epoch)], "iteration \(iteration), slot \(slot)")
      }
    }
    // Nothing beyond the end is loaded, and nothing twice.
    #expect(source.loads.load(ordering: .relaxed) == 37 * slots.count)
  }

  @Test func aRankWithoutSlotsWaitsForNothing() throws {
    let source = NumberedSamples(5)
    let stream = SampleStream(seed: 1, sampleCount: 5, batch: 4)
    let feed = SampleFeed(source, stream: stream, slots: 0..<0, from: 0, to: 10, threads: 2)
    for iteration in 0..<10 { try feed.take(iteration: iteration) }
    #expect(source.loads.load(ordering: .relaxed) == 0)
  }

  @Test func anErrorReachesTheOneWhoTakes() {
    let source = NumberedSamples(6, broken: 4)
    let stream = SampleStream(seed: 1, sampleCount: 6, batch: 6)
    let feed = SampleFeed(source, stream: stream, slots: 0..<6, from: 0, to: 4, threads: 3)
    let error = #expect(throws: DataError.self) {
      for iteration in 0..<4 { try feed.take(iteration: iteration) }
    }
    #expect(error?.path == "picture 4")
  }
}
