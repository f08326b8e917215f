import Communication
import Testing

extension RankTests {
  @Test func bytesOfEachRootReachEveryRank() {
    onAllRanks { world in
      for root in 0..<world.size {
        for length in [0, 1, 13, 70_001] {
          let bytes = memory([UInt8](repeating: UInt8(world.rank + 1), count: length))
          defer { bytes.deallocate() }
          try world.broadcast(UnsafeMutableRawBufferPointer(bytes), root: root)
          #expect(bytes.allSatisfy { $0 == UInt8(root + 1) }, "root \(root), length \(length)")
        }
      }
    }
  }

  @Test func textsOfEachRootReachEveryRank() {
    onAllRanks { world in
      for root in 0..<world.size {
        let received = try world.broadcast(text(of: world.rank), root: root)
        #expect(received == text(of: root))
      }
    }
  }

  @Test func valuesAndTextsAreGatheredInTheOrderOfRanks() {
    struct Place: BitwiseCopyable, Equatable {
      var index: Int32
      var share: Double
    }
    onAllRanks { world in
      let ranks = 0..<world.size
      let places = try world.allgather(Place(index: Int32(world.rank), share: 0.1 * Double(world.rank)))
      #expect(places == ranks.map { Place(index: Int32($0), share: 0.1 * Double($0)) })
      #expect(try world.allgather(text(of: world.rank)) == ranks.map(text))
      #expect(try world.allgather("") == ranks.map { _ in "" })
    }
  }

  @Test func integersAreSummedAndCompared() {
    onAllRanks { world in
      let ranks = (0..<world.size).map(Int64.init)
      for count in [0, 1, 5, 1001] {
        let indices = (0..<count).map(Int64.init)
        // Beyond what Double or Int32 could hold.
        let value = { (rank: Int64, i: Int64) in (rank - 1) << 55 + rank * 7 - i }
        var sums = indices.map { value(Int64(world.rank), $0) }
        var maxima = sums
        try world.allreduceSum(&sums)
        try world.allreduceMaximum(&maxima)
        #expect(sums == indices.map { i in ranks.reduce(0) { $0 + value($1, i) } })
        #expect(maxima == indices.map { i in ranks.map { value($0, i) }.max()! })
      }
    }
  }

  /// Lengths and characters differ between the ranks, and one is empty.
  private func text(of rank: Int) -> String {
    rank == 1 ? "" : String(repeating: "Größe \(rank), ", count: rank * 37 % 11 + 1)
  }
}
