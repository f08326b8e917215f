import Communication
import Glibc
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
      #expect(world.localCores >= availableCores())
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
      #expect(error?.description.contains("invalid rank") == true, "\(String(describing: error))")
    }
  }

  @Test(.enabled(if: rankCount > 1, "needs ranks: run under mpirun"))
  func aWaitingRankLeavesTheCoreToOthers() {
    onAllRanks { world in
      try world.barrier()
      let start = processorSeconds()
      if world.rank == 0 { usleep(500_000) }
      _ = try world.broadcast("", root: 0)
      // MPI's own wait takes half a second of a core here, a sleeping one some hundredths.
      #expect(processorSeconds() - start < 0.25)
    }
  }

  /// Of this thread.
  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
}

@Test func theLibraryNamesItself() {
  let words = World.mpiVersion.split(separator: " ")
  #expect(words.count >= 2 && words.last?.first?.isNumber == true, "\(World.mpiVersion)")
}

@Test func someCoreIsAvailable() {
  #expect((1...sysconf(Int32(_SC_NPROCESSORS_ONLN))).contains(availableCores()))
}
