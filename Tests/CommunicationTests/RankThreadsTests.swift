import Communication
import System
import Testing

/// A rank on a host whose processors are cores, unless said otherwise.
private func place(
  _ processors: some Sequence<Int>, cores: Set<Int>? = nil, part: Topology.Place = .cores,
  quotas: [ProcessorQuota] = [], limit: ThreadLimit? = nil
) -> RankPlace {
  let processors = Set(processors)
  return RankPlace(processors: processors, cores: cores ?? processors, part: part, quotas: quotas, limit: limit)
}

private func counts(_ places: [RankPlace], asked: Int? = nil) -> [Int] {
  RankThreads.divide(places, asked: asked).map(\.count)
}

/// The words of the banner for ranks of one host.
private func banner(_ places: [RankPlace], asked: Int? = nil) -> String {
  let threads = RankThreads.divide(places, asked: asked)
  return ThreadPlan(threads, hosts: threads.map { _ in "a" }, warnings: []).description
}

@Suite struct RankThreadsTests {
  // MARK: - Cores

  /// `mpirun --bind-to core`, `--map-by numa --bind-to numa` and the like.
  @Test func ranksWithDifferentCoresGetAllOfTheirOwn() {
    let cores = (0..<4).map { place([$0], part: .core) }
    #expect(counts(cores) == [1, 1, 1, 1] && banner(cores) == "4 × 1 thread, a core each")
    let domains = (0..<4).map { place($0 * 16..<$0 * 16 + 16, part: .domain) }
    #expect(counts(domains) == [16, 16, 16, 16] && banner(domains) == "4 × 16 threads, a NUMA domain each")
    let sockets = (0..<2).map { place($0 * 32..<$0 * 32 + 32, part: .socket) }
    #expect(banner(sockets) == "2 × 32 threads, a socket each")
    let sets = (0..<2).map { place($0 * 3..<$0 * 3 + 3) }
    #expect(counts(sets) == [3, 3] && banner(sets) == "2 × 3 threads, 3 cores each")
    let uneven = [place(0..<6), place(6..<8)]
    #expect(counts(uneven) == [6, 2] && banner(uneven) == "2 × 2 to 6 threads")
  }

  /// `mpirun --bind-to none`.
  @Test func ranksWithTheSameCoresDivideThem() {
    let four = (0..<4).map { _ in place(0..<64, part: .host) }
    #expect(counts(four) == [16, 16, 16, 16] && banner(four) == "4 × 16 threads, sharing the host")
    #expect(counts((0..<3).map { _ in place(0..<64) }) == [21, 21, 21], "what is left over is rounded down")
    #expect(counts((0..<3).map { _ in place(0..<6) }) == [2, 2, 2], "three thirds are a whole")
    #expect(counts((0..<7).map { _ in place(0..<49) }) == [Int](repeating: 7, count: 7))
    #expect(counts((0..<8).map { _ in place(0..<2) }) == [Int](repeating: 1, count: 8), "at least one")
    let one = [place(0..<64, part: .host)]
    #expect(counts(one) == [64] && banner(one) == "1 × 64 threads, the whole host")
    #expect(banner([place([5], part: .core)]) == "1 × 1 thread, a core")
    let pairs = (0..<4).map { place($0 / 2 * 8..<$0 / 2 * 8 + 8, part: .domain) }
    #expect(counts(pairs) == [4, 4, 4, 4] && banner(pairs) == "4 × 4 threads, sharing a NUMA domain")
    #expect(banner([place(0..<6), place(0..<6)]) == "2 × 3 threads, sharing 6 cores")
  }

  @Test func coresThatSomeRanksShareAreDividedAmongThese() {
    // Rank 0 has 0 to 3, rank 1 has 2 to 7: 2 + 2/2, and 4 + 2/2.
    #expect(counts([place(0..<4), place(2..<8)]) == [3, 5])
    // One is bound, two may use everything: 1/3, and 1/3 + 3/2 each.
    #expect(counts([place([0]), place(0..<4), place(0..<4)]) == [1, 1, 1])
    #expect(counts([place(0..<2), place(0..<8), place(0..<8)]) == [1, 3, 3])
  }

  @Test func aHostWhereRanksHaveDifferentPartsNamesNone() {
    #expect(banner([place(0..<4, part: .domain), place(4..<8)]) == "2 × 4 threads")
  }

  // MARK: - Hardware threads

  @Test func hardwareThreadsOfACoreCountOnce() {
    // Four cores of two threads: processor n and n + 4 are core n.
    func both(_ cores: Range<Int>) -> RankPlace {
      place(Array(cores) + cores.map { $0 + 4 }, cores: Set(cores), part: .host)
    }
    #expect(counts([both(0..<4)]) == [4] && counts([both(0..<4), both(0..<4)]) == [2, 2])
    let one = RankThreads.divide([both(0..<4)])[0]
    #expect(one.cores == 4 && one.processors == 8)
    // The siblings of a core on two ranks (`mpirun --bind-to hwthread`).
    let siblings = [place([0], cores: [0]), place([4], cores: [0])]
    #expect(counts(siblings) == [1, 1])
    #expect(RankThreads.coresInUse(siblings) == 1 && RankThreads.coresInUse([both(0..<4), both(0..<4)]) == 4)
  }

  // MARK: - Quotas

  @Test func aQuotaLimitsTheCores() {
    func limited(_ cores: Double) -> [RankPlace] {
      [place(0..<8, part: .host, quotas: [ProcessorQuota(group: "g", cores: cores)])]
    }
    #expect(counts(limited(2)) == [2] && banner(limited(2)) == "1 × 2 threads by the CPU quota of the cgroup")
    #expect(counts(limited(2.9)) == [2] && counts(limited(0.3)) == [1], "rounded down, at least one")
    #expect(counts(limited(8)) == [8] && banner(limited(8)) == "1 × 8 threads, the whole host")
    #expect(counts(limited(100)) == [8])
  }

  @Test func ranksOfAGroupShareItsQuota() {
    let job = ProcessorQuota(group: "job", cores: 8)
    let together = (0..<4).map { _ in place(0..<64, quotas: [job]) }
    #expect(counts(together) == [2, 2, 2, 2] && RankThreads.coresInUse(together) == 8)
    // Each rank has a group of its own below the job's, and the tighter limit counts.
    let steps = (0..<4).map { rank in
      place(0..<64, quotas: [ProcessorQuota(group: "step \(rank)", cores: rank == 0 ? 1 : 4), job])
    }
    #expect(counts(steps) == [1, 2, 2, 2])
    // Two containers on one host.
    let containers = (0..<2).map { place(0..<64, quotas: [ProcessorQuota(group: "\($0)", cores: 8)]) }
    #expect(counts(containers) == [8, 8] && RankThreads.coresInUse(containers) == 16)
    let bound = (0..<2).map { place([$0], quotas: [ProcessorQuota(group: "job", cores: 8)]) }
    #expect(counts(bound) == [1, 1] && banner(bound) == "2 × 1 thread, 1 core each")
  }

  // MARK: - Requests

  @Test func theEnvironmentIsALimit() {
    let openMP = ThreadLimit(count: 3, variable: .openMP)
    let slurm = ThreadLimit(count: 2, variable: .slurm)
    func ranks(_ limit: ThreadLimit) -> [RankPlace] { (0..<2).map { _ in place(0..<16, part: .host, limit: limit) } }
    #expect(banner(ranks(openMP)) == "2 × 3 threads by OMP_NUM_THREADS")
    #expect(banner(ranks(slurm)) == "2 × 2 threads by SLURM_CPUS_PER_TASK")
    let many = ThreadLimit(count: 16, variable: .openMP)
    #expect(banner(ranks(many)) == "2 × 8 threads, sharing the host", "more than there is gives what there is")
    #expect(ThreadPlan(RankThreads.divide(ranks(many)), hosts: ["a", "a"], warnings: []).warnings.isEmpty)
    #expect(banner([place(0..<8, part: .host, limit: openMP), place(0..<8, part: .host)]) == "2 × 3 to 4 threads")
  }

  @Test func theOptionIsFollowed() {
    let limit = ThreadLimit(count: 2, variable: .openMP)
    let ranks = (0..<2).map { _ in place(0..<8, limit: limit) }
    #expect(counts(ranks, asked: 4) == [4, 4] && banner(ranks, asked: 4) == "2 × 4 threads by --threads")
    #expect(banner(ranks, asked: 1) == "2 × 1 thread by --threads")
  }

  /// Threads without a processor would take turns with the others; a part of a processor is one more thread's.
  @Test func askedForThreadsHaveAProcessorEach() {
    let two = (0..<2).map { _ in place(0..<2) }
    #expect(counts(two, asked: 4) == [1, 1] && RankThreads.divide(two, asked: 4)[0].surplus == 3)
    #expect(counts((0..<8).map { _ in place(0..<2) }, asked: 4) == [Int](repeating: 1, count: 8))
    let three = RankThreads.divide((0..<3).map { _ in place(0..<4) }, asked: 3)
    #expect(three.allSatisfy { $0.count == 2 && $0.surplus == 1 && $0.takeTurns })
    let half = ProcessorQuota(group: "g", cores: 1.5)
    #expect(counts([place(0..<8, quotas: [half])], asked: 6) == [2])
    #expect(RankThreads.divide(two)[0].surplus == 0)
  }

  // MARK: - Warnings

  private func warnings(_ places: [RankPlace], asked: Int) -> [String] {
    ThreadPlan(
      RankThreads.divide(places, asked: asked), hosts: places.indices.map { "host\($0 / 2)" },
      warnings: places.map(\.warnings)
    ).warnings.map(\.description)
  }

  @Test func moreThreadsThanProcessorsAreAWarningOfAllRanksTogether() {
    let two = (0..<2).map { _ in place(0..<2) }
    #expect(warnings(two, asked: 1).isEmpty)
    #expect(
      warnings(two, asked: 2) == [
        "rank 0 on host host0 (and 1 other rank likewise) was to have 2 threads, and its share of the host "
          + "is 1 processor: it computes with 1. Leave --threads out, or give at most 1"
      ])
    let bound = (0..<4).map { place($0 == 2 ? 4..<6 : $0 * 8 + 8..<$0 * 8 + 16) }
    #expect(
      warnings(bound, asked: 4) == [
        "rank 2 on host host1 was to have 4 threads, and its share of the host is 2 processors: it computes with 2. "
          + "Leave --threads out, or give at most 2"
      ])
    #expect(warnings((0..<5).map { _ in place([0]) }, asked: 2)[0].contains("(and 4 other ranks likewise)"))
  }

  /// The hardware threads of a core may be asked for; the time of a quota cannot be exceeded.
  @Test func hardwareThreadsMayBeAskedFor() {
    let siblings = place(0..<8, cores: [0, 1, 2, 3])
    #expect(warnings([siblings], asked: 8).isEmpty && warnings([siblings], asked: 9).count == 1)
    let limited = place(0..<8, cores: [0, 1, 2, 3], quotas: [ProcessorQuota(group: "g", cores: 2)])
    #expect(warnings([limited], asked: 2).isEmpty && warnings([limited], asked: 3).count == 1)
  }

  /// More ranks than cores is `doctor`'s to tell: each rank still has one thread.
  @Test func oneThreadIsNeverTooMany() {
    let ranks = (0..<8).map { _ in place(0..<2) }
    #expect(warnings(ranks, asked: 1).isEmpty)
  }

  @Test func equalWarningsAreGivenOnce() {
    var ranks = (0..<4).map { _ in place(0..<4) }
    let (first, second) = (ThreadWarning("a", advice: "b"), ThreadWarning("c", advice: "d"))
    for rank in 0..<4 { ranks[rank].warnings = rank == 3 ? [second] : [first] }
    #expect(warnings(ranks, asked: 1) == ["a. b", "c. d"])
  }

  // MARK: - This process

  @Test func thisProcessHasAPlace() {
    let place = RankPlace(environment: ["OMP_NUM_THREADS": "many"])
    #expect(!place.processors.isEmpty && place.cores.isSubset(of: place.processors) && place.limit == nil)
    #expect(place.warnings.count == 1)
    // Where the system does not tell the mask, all processors are there.
    #expect(RankPlace(mask: []).processors == Set(0..<onlineProcessors()))
    #expect(ThreadPlan(ofThisProcess: 1).ranks.map(\.count) == [1])
  }
}

extension RankTests {
  @Test func allRanksHaveTheSamePlan() {
    onAllRanks { world in
      let plan = try world.threadPlan(asked: nil)
      #expect(plan.ranks.count == world.size && plan.ranks[world.rank] == world.threads())
      #expect(try world.allgather(plan.description) == (0..<world.size).map { _ in plan.description })
      let asked = try world.threadPlan(asked: 4096)
      #expect(asked.ranks.allSatisfy { $0.count < 4096 && $0.count + $0.surplus == 4096 && $0.reason == .option })
      #expect(asked.warnings.count == 1, "one for all ranks")
      // The ranks of a host never have more threads than cores, unless there are more ranks.
      let here = RankThreads.divide(world.localPlaces)
      #expect(here.map(\.count).reduce(0, +) <= max(world.localCores, world.localSize))
    }
  }
}
