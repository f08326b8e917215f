import Images
import Testing

/// Returns the samples of the first `iterations` iterations, one after another.
private func drawn(_ stream: SampleStream, iterations: Int) -> [(epoch: Int, sample: Int)] {
  var stream = stream
  return (0..<iterations).flatMap { stream.samples(iteration: $0, slots: 0..<stream.batch) }
}

@Test(arguments: [(50, 8), (50, 50), (7, 20), (1, 3), (64, 8)])
func eachEpochHoldsEachSampleOnce(sampleCount: Int, batch: Int) {
  let stream = SampleStream(seed: 3, sampleCount: sampleCount, batch: batch)
  let iterations = stream.iterations(inEpochs: 4)
  #expect((iterations - 1) * batch < 4 * sampleCount && iterations * batch >= 4 * sampleCount)
  let samples = drawn(stream, iterations: iterations)
  for epoch in 0..<4 {
    let part = samples[epoch * sampleCount..<(epoch + 1) * sampleCount]
    #expect(part.allSatisfy { $0.epoch == epoch })
    #expect(part.map(\.sample).sorted() == Array(0..<sampleCount))
  }
  for iteration in 0..<iterations {
    #expect(stream.epoch(ofIteration: iteration) == samples[iteration * batch].epoch)
  }
}

@Test func epochsAndSeedsHaveOrdersOfTheirOwn() {
  let samples = drawn(SampleStream(seed: 3, sampleCount: 100, batch: 100), iterations: 2).map(\.sample)
  let others = drawn(SampleStream(seed: 4, sampleCount: 100, batch: 100), iterations: 1).map(\.sample)
  #expect(samples[..<100] != samples[100...])
  #expect(Array(samples[..<100]) != others)
  #expect(Array(samples[..<100]) != Array(0..<100))
}

@Test func iterationsDoNotDependOnEarlierCallsNorOnOtherSlots() {
  let samples = drawn(SampleStream(seed: 3, sampleCount: 50, batch: 8), iterations: 20)
  var visited = SampleStream(seed: 3, sampleCount: 50, batch: 8)
  for iteration in [17, 2, 19, 6, 6, 0] {
    for slots in [5..<8, 0..<5, 3..<3] {
      var fresh = SampleStream(seed: 3, sampleCount: 50, batch: 8)
      let expected = slots.map { samples[iteration * 8 + $0] }
      #expect(visited.samples(iteration: iteration, slots: slots).elementsEqual(expected, by: ==))
      #expect(fresh.samples(iteration: iteration, slots: slots).elementsEqual(expected, by: ==))
    }
  }
}
