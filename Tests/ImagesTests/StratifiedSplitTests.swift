import Images
import Testing

@Test(arguments: [1, 7, 40, 90])
func eachClassGivesItsShare(count: Int) {
  let labels = (0..<100).map { Int32($0 < 80 ? 0 : $0 < 95 ? 1 : 2) }
  let split = StratifiedSplit(labels: labels, count: count)
  #expect(split.held.count == count && (split.kept + split.held).sorted() == Array(0..<100))
  #expect(split.held == split.held.sorted() && split.kept == split.kept.sorted())
  for (label, size) in [(Int32(0), 80), (1, 15), (2, 5)] {
    let held = split.held.count { labels[$0] == label }
    #expect(held < size && abs(Double(held) - Double(size * count) / 100) <= 1, "class \(label): \(held)")
  }
  #expect(split == StratifiedSplit(labels: labels, count: count))
}

/// The images that training puts aside itself are those of before, unless a class would lose its last one.
@Test func trainingKeepsAnImageOfEachClass() {
  let large = (0..<1000).map { Int32($0 % 10) }
  let plain = splitIndices(labels: [Int32](repeating: 0, count: 1000), held: 300)
  #expect(splitIndices(labels: large, held: 300) == plain)
  let small = (0..<100).map { Int32($0 / 2) }
  for held in [10, 30, 50] {
    let split = splitIndices(labels: small, held: held)
    #expect(split.held.count == held && Set(split.kept.map { small[$0] }).count == 50)
    #expect(Set(split.kept + split.held).count == 100)
  }
}

@Test func balancedSamplesComeEquallyOftenOfEachClass() {
  let labels = [Int32](repeating: 3, count: 90) + [Int32](repeating: 5, count: 9) + [7]
  var stream = SampleStream(seed: 2, labels: labels, batch: 8, sampling: .balanced)
  var drawn = (0..<150).flatMap { stream.samples(iteration: $0, slots: 0..<8) }
  var counts: [Int32: Int] = [:]
  for one in drawn { counts[labels[one.sample], default: 0] += 1 }
  #expect(counts == [3: 400, 5: 400, 7: 400])
  // All images of a class come equally often, and each time with another number, which the augmentation is drawn by.
  var own: [Int: [Int]] = [:]
  for one in drawn { own[one.sample, default: []].append(one.epoch) }
  #expect(own.values.allSatisfy { $0 == Array(0..<$0.count) })
  for (label, size) in [(Int32(3), 90), (5, 9), (7, 1)] {
    let times = own.filter { labels[$0.key] == label }.map(\.value.count)
    #expect(times.count == size && (times.max() ?? 0) - (times.min() ?? 0) <= 1)
  }
  // Ranks that draw other slots, and in another order, get the same samples.
  var other = SampleStream(seed: 2, labels: labels, batch: 8, sampling: .balanced)
  for iteration in [149, 3, 77] {
    for slots in [4..<8, 0..<3] {
      let again = other.samples(iteration: iteration, slots: slots)
      #expect(again.map(\.sample) == slots.map { drawn[8 * iteration + $0].sample })
    }
  }
  drawn = []
  #expect(stream.iterations(inEpochs: 2) == 25)
}
