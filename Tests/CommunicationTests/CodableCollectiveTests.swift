import Communication
import System
import Testing

extension RankTests {
  /// Values of all kinds, other ones on each rank.
  private struct Sample: Codable, Equatable {
    enum Word: Codable, Equatable {
      case none
      case words([String], count: Int)
    }

    var name: String
    var doubles: [Double]
    var floats: [Float]
    var numbers: [Int: UInt64]
    var optional: Int?
    var word: Word

    init(_ rank: Int) {
      name = "Größe \(rank) \"\\\u{0}\n$null"
      doubles = [0.1, -0.0, .leastNonzeroMagnitude, 1e300, .infinity, -.infinity, 1 / 3, 0x1.fffffffffffffp-1]
      doubles = doubles.map { $0 * Double(rank + 1) }
      floats = [0.1, -0.0, .leastNonzeroMagnitude, 16_777_215, .infinity, -.infinity, 1 / 3, 0x1.fffffep127]
      floats.append(Float(rank) * 0.7)
      numbers = [rank: .max - UInt64(rank), -1: 0]
      optional = rank % 2 == 0 ? nil : rank
      word = rank % 2 == 0 ? .words(["a", ""], count: rank) : .none
    }

    /// Bits and not values, so that −0 is not 0.
    var bits: [UInt64] { doubles.map(\.bitPattern) + floats.map { UInt64($0.bitPattern) } }
  }

  @Test func valuesOfEachRootReachEveryRank() {
    onAllRanks { world in
      for root in 0..<world.size {
        let received = try world.broadcast(world.rank == root ? Sample(root) : nil, root: root)
        #expect(received == Sample(root) && received.bits == Sample(root).bits)
        // What the others pass does not matter.
        #expect(try world.broadcast(Sample(world.rank), root: root) == Sample(root))
        #expect(try world.broadcast(world.rank, root: root) == root)
        #expect(try world.broadcast([String](repeating: "x", count: world.rank), root: root).count == root)
        let none: Int? = try world.broadcast(.some(world.rank == root ? nil : 7), root: root)
        #expect(none == nil)
      }
    }
  }

  /// A call of MPI counts in 31 bits; what is longer in all comes rank by rank.
  @Test func bytesBeyondTheLimitOfACallAreGathered() {
    onAllRanks { world in
      let expected = (0..<world.size).map { rank in (0..<3 * rank + 1).map { UInt8(10 * rank + $0) } }
      for limit in [0, 5, 1000] {
        let all = try world.allgather(expected[world.rank], atOnce: limit)
        #expect(all.map(Array.init) == expected, "\(limit)")
      }
    }
  }

  @Test func valuesOfAllKindsAreGatheredInTheOrderOfRanks() {
    onAllRanks { world in
      let all = try world.allgather(Sample(world.rank))
      #expect(all == (0..<world.size).map { Sample($0) })
      #expect(all.map(\.bits) == (0..<world.size).map { Sample($0).bits })
      #expect(try world.allgather(Array(0..<world.rank)) == (0..<world.size).map { Array(0..<$0) })
      // Codable, and gathered as it lies: of which a NaN keeps every bit.
      let odd = Double(bitPattern: 0xfff8_0000_0000_0000 | UInt64(world.rank))
      #expect(try world.allgather(odd).map(\.bitPattern) == (0..<world.size).map { 0xfff8_0000_0000_0000 | UInt64($0) })
    }
  }

  @Test func aNaNStaysOne() {
    onAllRanks { world in
      let values = try world.fromRoot { [Double.nan, -.nan, .infinity, 0] }
      #expect(values.map(\.isNaN) == [true, true, false, false] && values[2] == .infinity)
      #expect(try world.allgather([Float.nan]).allSatisfy { $0[0].isNaN })
    }
  }

  @Test func theRootsValueIsMadeThereOnly() {
    onAllRanks { world in
      var calls = 0
      let value = try world.fromRoot {
        calls += 1
        return Sample(world.rank)
      }
      #expect(value == Sample(0) && calls == (world.rank == 0 ? 1 : 0))
    }
  }

  private struct Missing: ExitStatusError, CustomStringConvertible {
    let description = "no such thing"
    let exitStatus = System.ExitStatus.missingInput
  }

  @Test func aFailureOfTheRootIsThrownByAll() {
    onAllRanks { world in
      let error = #expect(throws: RankFailure.self) { try world.fromRoot { () throws -> Int in throw Missing() } }
      #expect(error?.rank == 0 && error?.failedRanks == 1 && error?.ranks == world.size)
      #expect(error?.message == "no such thing" && error?.exitStatus == .missingInput)
      #expect(error?.host == world.hostNames[0])
      // A value that cannot be encoded is one too.
      struct Unwilling: Codable {
        init() {}
        init(from decoder: any Decoder) throws { throw Missing() }
        func encode(to encoder: any Encoder) throws { throw Missing() }
      }
      #expect(throws: RankFailure.self) { try world.fromRoot { Unwilling() } }
      // And the ranks still understand one another.
      let ranks = try world.allgather(world.rank)
      #expect(ranks == Array(0..<world.size))
    }
  }

  @Test func ranksAgreeOnFailure() {
    onAllRanks { world in
      for failing in 0..<world.size {
        let error = #expect(throws: RankFailure.self) {
          try world.agree { if world.rank >= failing { throw Missing() } }
        }
        #expect(error?.rank == failing && error?.failedRanks == world.size - failing)
        #expect(error?.exitStatus == .missingInput)
      }
      struct Unknown: Error {}
      let error = #expect(throws: RankFailure.self) { try world.agree { throw Unknown() } }
      #expect(error?.exitStatus == .internalError)
      // A result may be nil, and differ.
      let own = try world.agree { world.rank == 0 ? nil : world.rank }
      #expect(own == (world.rank == 0 ? nil : world.rank))
    }
  }

  @Test func anyRankCounts() {
    onAllRanks { world in
      let (none, all) = (try world.any(false), try world.any(true))
      #expect(!none && all)
      for rank in 0..<world.size {
        let isAny = try world.any(world.rank == rank)
        #expect(isAny)
      }
    }
  }

  @Test func hostsHaveTheirRanks() {
    onAllRanks { world in
      #expect(try world.allgather(world.hostName) == world.hostNames)
      #expect(world.hosts.flatMap(\.ranks).sorted() == Array(0..<world.size))
      for host in world.hosts { #expect(host.ranks.allSatisfy { world.hostNames[$0] == host.name }) }
      let cores = world.threads().cores
      #expect((1...max(1, availableProcessors())).contains(cores))
      #expect(cores * world.localSize <= max(world.localCores, world.localSize))
      let alone = try world.alone()
      #expect(alone.hostNames == [world.hostName] && alone.hosts.map(\.ranks) == [[0]])
    }
  }
}

@Test func hostsComeInTheOrderOfTheirLowestRanks() {
  let hosts = World.hosts(ofRanks: ["b", "a", "b", "c", "a"])
  #expect(hosts.map(\.name) == ["b", "a", "c"])
  #expect(hosts.map(\.ranks) == [[0, 2], [1, 4], [3]])
  #expect(World.hosts(ofRanks: []).isEmpty)
}
