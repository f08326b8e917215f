import Communication
import Glibc
import RankTestSupport
import System
import Testing

extension RankTests {
  @Test func everyRankKnowsItsPlace() {
    onAllRanks { world in
      #expect(world.size == rankCount)
      #expect(try world.allgather(world.rank) == Array(0..<rankCount))
      #expect((0..<world.localSize).contains(world.localRank))
      #expect((1...world.size).contains(world.localSize))
      #expect(!world.hostName.isEmpty)
      let hosts = try world.allgather(world.hostName)
      #expect(hosts.filter { $0 == world.hostName }.count == world.localSize)
      #expect(world.localProcessors >= availableProcessors() && (1...world.localProcessors).contains(world.localCores))
      #expect(processorCount(of: world.localProcessorMask) == world.localProcessors)
      #expect(world.localPlaces.count == world.localSize)
      #expect(world.localPlaces[world.localRank] == RankPlace())
    }
  }

  @Test func startingAgainGivesTheSameWorld() {
    onAllRanks { world in
      let again = try World.start()
      #expect(again === world)
    }
  }

  @Test func anErrorOfMPIIsThrown() {
    onAllRanks { world in
      let error = #expect(throws: MPIError.self) {
        _ = try [UInt8(1)].withUnsafeBytes { try world.send($0, to: world.size, tag: 0) }
      }
      #expect(error?.call == "MPI_Isend")
      #expect(error?.code != 0)
      #expect(error?.description.hasPrefix("MPI_Isend failed: ") == true, "\(String(describing: error))")
      #expect(error?.message.lowercased().contains("invalid rank") == true, "\(String(describing: error))")
      let end = ". `prelu-dist doctor` under the same mpirun looks at hosts and network"
      #expect(error?.description.hasSuffix(end) == true, "\(String(describing: error))")
    }
  }

  @Test(.enabled(if: rankCount > 1, "needs ranks: run under mpirun"))
  func aWaitingRankLeavesTheCoreToOthers() {
    onAllRanks { world in
      try world.barrier()
      let start = threadProcessorSeconds()
      if world.rank == 0 { usleep(500_000) }
      _ = try world.broadcast("", root: 0)
      // MPI's own wait takes half a second of a core here, a sleeping one some hundredths.
      #expect(threadProcessorSeconds() - start < 0.25)
    }
  }
}

/// A fault that all ranks find is not the fault of one rank.
@Test func aFailureSaysWhereItWas() {
  func words(_ failed: Int, of ranks: Int) -> String {
    RankFailure(rank: 2, host: "node2", message: "no room", exitStatus: .inputOutput, failedRanks: failed, ranks: ranks)
      .description
  }
  #expect(words(1, of: 1) == "no room" && words(4, of: 4) == "no room")
  #expect(words(1, of: 4) == "on rank 2, host node2: no room")
  #expect(words(2, of: 4) == "on rank 2, host node2 (and on 1 other rank): no room")
  #expect(words(3, of: 4) == "on rank 2, host node2 (and on 2 other ranks): no room")
}

@Test func versionsAreShort() {
  #expect(shortVersion("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4") == "Open MPI 4.1.4")
  #expect(shortVersion("MPICH Version:      4.0.2\nMPICH Release date: Thu Apr  7\n") == "MPICH 4.0.2")
  #expect(shortVersion("Intel(R) MPI Library 2021.9 for Linux* OS\n") == "Intel(R) MPI Library 2021.9 for Linux* OS")
}

@Test func theLibraryNamesItself() {
  let words = World.mpiVersion.split(separator: " ")
  #expect(words.count >= 2 && words.last?.first?.isNumber == true, "\(World.mpiVersion)")
}
