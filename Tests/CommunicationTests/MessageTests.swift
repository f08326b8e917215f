import Communication
import Testing

extension RankTests {
  /// Messages go round the ring of ranks; one rank alone sends to itself.
  @Test func messagesArriveWholeAndByTag() {
    onAllRanks { world in
      let next = (world.rank + 1) % world.size
      let previous = (world.rank + world.size - 1) % world.size
      let lengths = [0, 1, 7, 4097, 1_000_003]
      let outgoing = lengths.map { memory(message(from: world.rank, length: $0)) }
      let incoming = lengths.map { memory([UInt8](repeating: 0xA5, count: $0)) }
      defer { for bytes in outgoing + incoming { bytes.deallocate() } }

      var requests: [Request] = []
      for tag in lengths.indices {
        requests.append(try world.send(UnsafeRawBufferPointer(outgoing[tag]), to: next, tag: tag))
      }
      // In the opposite order: the tag decides.
      for tag in lengths.indices.reversed() {
        requests.append(
          try world.receive(UnsafeMutableRawBufferPointer(incoming[tag]), from: previous, tag: tag))
      }
      try world.wait(requests)
      for (length, received) in zip(lengths, incoming) {
        #expect(Array(received) == message(from: previous, length: length), "length \(length)")
      }
      try world.wait(requests)
    }
  }

  private func message(from rank: Int, length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ rank &* 101) >> 3) }
  }
}

/// Counts above 2³¹ would need gigabytes here; the cut itself needs none.
@Test func longMessagesAreCutInParts() {
  #expect(chunks(0) == [0..<0])
  #expect(chunks(5) == [0..<5])
  #expect(chunks(1 << 30) == [0..<1 << 30])
  #expect(chunks(5 << 30 | 3).map(\.count) == [Int](repeating: 1 << 30, count: 5) + [3])
  #expect(chunks(7, ofAtMost: 3) == [0..<3, 3..<6, 6..<7])
  #expect(chunks(6, ofAtMost: 3) == [0..<3, 3..<6])
}
