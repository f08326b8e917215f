import Diagnostics
import Kernels
import System
import Testing

/// Returns a rank on a host of eight cores, the only one there unless said otherwise, with all cores' threads.
private func rank(
  _ number: Int, host: String = "a", localRanks: Int = 1, mask: String = "0-7", cores: Int = 8, processors: Int? = nil,
  allowedCores: Int? = nil, cpuQuota: Double? = nil, hostProcessors: Int = 8, threads: Int = 8,
  program: String = "00", level: ProcessorLevel = .v4, builtFor: UInt32 = 127, instructions: UInt32 = 127,
  blasKernel: String = "Zen",
  hasData: Bool = true,
  fastDevices: [String] = [], bridges: [String] = [], layer: String = "ob1", carriers: [String] = ["self", "tcp"]
) -> RankFacts {
  RankFacts(
    rank: number, host: host, localRanks: localRanks, allowedProcessors: mask, hostProcessors: hostProcessors,
    localProcessors: processors ?? cores, localCores: cores,
    allowedCores: allowedCores ?? System.processors(ofList: mask)?.count ?? 0, cpuQuota: cpuQuota, threads: threads,
    processor: "P", level: level, builtFor: builtFor, hasInstructions: instructions, blasKernel: blasKernel,
    blasThreads: 1, program: program, hasData: hasData, fastDevices: fastDevices, bridges: bridges, messageLayer: layer,
    carriers: carriers)
}

private func findings(_ ranks: [RankFacts], threads: Int? = nil, leaves: Int = 8) -> [Finding] {
  placementFindings(ranks, threads: threads, leaves: leaves, dataDirectory: "/data/set")
}

@Suite struct PlacementTests {
  @Test func ranksWithCoresOfTheirOwnAreFine() {
    #expect(findings([rank(0)]).isEmpty)
    #expect(findings((0..<8).map { rank($0, localRanks: 8) }).isEmpty, "unbound, one core each")
    #expect(findings((0..<8).map { rank($0, localRanks: 8, mask: "\($0)") }).isEmpty, "bound, one core each")
    let sockets = (0..<8).map { rank($0, localRanks: 8, mask: $0 < 4 ? "0-3" : "4-7") }
    #expect(findings(sockets).isEmpty, "bound to sockets with a core each")
  }

  @Test func moreRanksThanCores() throws {
    let found = findings((0..<8).map { rank($0, localRanks: 8, mask: "0,1", cores: 2) })
    #expect(found.map(\.severity) == [.warning])
    #expect(found[0].text == "host a: 8 ranks share 2 cores")
    #expect(
      found[0].advice
        == "Start fewer ranks, or use more hosts; if neither is possible, export OMPI_MCA_mpi_yield_when_idle=1")
    #expect(findings([rank(0), rank(1)], threads: 5).first?.text == "host a: 2 ranks of 5 threads share 8 cores")
  }

  @Test func ranksOnOneCoreWhileOthersAreFree() {
    let found = findings([rank(0, localRanks: 2, mask: "3"), rank(1, localRanks: 2, mask: "3")])
    #expect(found.map(\.severity) == [.warning])
    #expect(found[0].text == "host a: 2 ranks, 0 and 1 among them, are bound to the same 1 core (3) of 8")
    #expect(found[0].advice == "Start with mpirun --bind-to core, or --bind-to none where other jobs share the host")
  }

  @Test func aJobWithAPartOfItsHost() {
    let found = findings([rank(0, mask: "0-1", cores: 2, hostProcessors: 64)])
    #expect(found.map(\.severity) == [.note])
    #expect(found[0].text == "host a: the job may use 2 of its 64 processors")
    #expect(found[0].advice.hasPrefix("If the host is yours alone, ask the scheduler for all its cores (Slurm: "))
  }

  @Test func hardwareThreadsOfACoreCountOnce() {
    // Eight cores of two hardware threads.
    let bound = (0..<8).map { rank($0, mask: "\($0),\($0 + 8)", processors: 16, allowedCores: 1, hostProcessors: 16) }
    #expect(findings(bound).isEmpty)
    let crowded = (0..<16).map { rank($0, mask: "\($0)", processors: 16, hostProcessors: 16) }
    #expect(findings(crowded, leaves: 16).map(\.text) == ["host a: 16 ranks share 8 cores"])
    let same = (0..<2).map { rank($0, mask: "3,11", processors: 16, allowedCores: 1, hostProcessors: 16) }
    #expect(
      findings(same).map(\.text) == [
        "host a: 2 ranks, 0 and 1 among them, are bound to the same 1 core (3,11) of 8"
      ])
  }

  @Test func aQuotaOfProcessorTime() {
    let found = findings([rank(0, cores: 2, processors: 8, cpuQuota: 2.5)])
    #expect(found.map(\.severity) == [.note])
    #expect(
      found[0].text
        == "host a: the CPU quota of a cgroup gives its processes the time of 2.5 cores, and rank 0 may run on 8")
    #expect(
      found[0].advice
        == "Ask for more if the job is to use all its cores (Slurm: --cpus-per-task; docker run --cpus)")
    #expect(findings([rank(0, cpuQuota: 8)]).isEmpty && findings([rank(0, cpuQuota: 100)]).isEmpty)
    let crowded = findings((0..<4).map { rank($0, cores: 2, processors: 8, cpuQuota: 2) })
    #expect(crowded.map(\.text).first == "host a: 4 ranks share 2 cores")
  }

  @Test func ranksThatGiveOtherBits() {
    let found = findings((0..<3).map { rank($0) })
    #expect(found.map(\.severity) == [.note])
    #expect(found[0].text == "with 3 ranks results agree with other numbers of ranks to rounding only")
    #expect(
      found[0].advice
        == "With 8 leaves 1, 2, 4 and 8 ranks give the same bits as each other; --leaves changes that for a new run")
    #expect(findings((0..<2).map { rank($0) }, leaves: 1).count == 1)
    #expect(findings((0..<16).map { rank($0, host: "\($0 / 8)") }, leaves: 16).isEmpty)
  }

  @Test func moreRanksThanLeavesOrImages() {
    let ranks = (0..<16).map { rank($0, host: "\($0)") }
    let found = findings(ranks)
    #expect(found.map(\.severity) == [.note])
    #expect(
      found[0].text
        == "16 ranks are more than the 8 leaves of a mini-batch: results agree with other numbers of ranks to rounding "
        + "only")
    #expect(
      found[0].advice
        == "Start a new run with --leaves and as many leaves as ranks, a power of two, or one rank a NUMA domain, "
        + "whose cores share a leaf: mpirun -np DOMAINS --map-by ppr:1:numa --bind-to numa prelu-dist …")
    let idle = placementFindings(ranks, leaves: 8, images: 10, dataDirectory: "/data/set")
    #expect(idle.map(\.severity) == [.warning])
    #expect(idle[0].text == "6 of 16 ranks have no image of a mini-batch of 10")
    #expect(
      idle[0].advice
        == "Start one rank a NUMA domain, whose cores share the images of a rank: mpirun -np DOMAINS --map-by "
        + "ppr:1:numa --bind-to numa prelu-dist …")
    #expect(placementFindings(ranks, leaves: 16, images: 16, dataDirectory: "/data/set").isEmpty)
  }

  /// Returns ranks on a host of 64 cores in eight NUMA domains.
  private func large(_ masks: [String], threads: Int, domains: Int, cores: Int? = nil) -> [RankFacts] {
    masks.indices.map { number in
      let own = System.processors(ofList: masks[number])!.count
      var facts = rank(
        number, localRanks: masks.count, mask: masks[number], cores: cores ?? own * masks.count,
        hostProcessors: 64, threads: threads)
      facts.allowedDomains = domains
      (facts.reachableProcessors, facts.reachableCores, facts.reachableDomains) = (64, 64, 8)
      return facts
    }
  }

  @Test func oneRankOnOneCoreOfMany() {
    let found = findings(large(["0"], threads: 1, domains: 1))
    #expect(found.map(\.severity).first == .warning)
    #expect(found[0].text == "host a: rank 0 is bound to 1 core of the 64 that the job has there")
    #expect(
      found[0].advice
        == "Start one rank a NUMA domain: mpirun -np 8 --map-by ppr:1:numa --bind-to numa prelu-dist …")
    let four = findings(large(["0", "1", "2", "3"], threads: 1, domains: 1))
    #expect(four.contains { $0.text == "host a: 4 ranks are bound to 4 cores of the 64 that the job has there" })
  }

  @Test func aRankADomainIsFine() {
    let masks = (0..<8).map { "\(8 * $0)-\(8 * $0 + 7)" }
    #expect(findings(large(masks, threads: 8, domains: 1)).isEmpty)
  }

  @Test func ranksThatReachOverDomains() {
    let found = findings(large(["0-63"], threads: 64, domains: 8))
    #expect(found.map(\.severity) == [.warning])
    #expect(
      found[0].text
        == "host a: rank 0 computes on the cores of 8 NUMA domains, where memory of the others is slow to reach")
    #expect(
      found[0].advice
        == "Start one rank a NUMA domain: mpirun -np 8 --map-by ppr:1:numa --bind-to numa prelu-dist …")
  }

  @Test func ranksOfOneThread() {
    let found = findings(large((0..<64).map { "\($0)" }, threads: 1, domains: 1), leaves: 64)
    #expect(found.map(\.severity) == [.note])
    #expect(
      found[0].text
        == "host a: 64 ranks of one thread, each with filters, gradients and messages of its own, in 8 NUMA domains")
  }

  @Test func fewerThreadsThanCores() {
    let found = findings([rank(0, threads: 1)])
    #expect(found.map(\.severity) == [.warning])
    #expect(found[0].text == "host a: rank 0 has 1 thread for 8 cores")
    #expect(
      found[0].advice
        == "Leave out --threads, OMP_NUM_THREADS and SLURM_CPUS_PER_TASK: each rank then has a thread for each of its "
        + "cores")
    #expect(findings([rank(0, threads: 5)]).isEmpty)
  }

  @Test func anotherProgramIsAProblemOnEachHostThatHasIt() {
    let ranks = [
      rank(0), rank(1, host: "b", program: "11"), rank(2, host: "b", program: "11"), rank(3, host: "c", program: ""),
    ]
    let found = findings(ranks)
    #expect(found.map(\.severity) == [.problem, .problem])
    #expect(
      found[0].text == "host b (rank 1) runs another program than rank 0 on host a: digest 11, rank 0's is 00")
    #expect(
      found[0].advice
        == "Install the same build of prelu-dist on every host, or start it by the path of a shared folder")
    #expect(found[1].text.contains("host c (rank 3)") && found[1].text.contains("digest unknown"))
  }

  @Test func anotherKernelIsAWarning() {
    let found = findings([rank(0), rank(1, host: "b", blasKernel: "Haswell")])
    #expect(found.map(\.severity) == [.warning])
    #expect(
      found.first?.text == "host b (rank 1) has another BLAS kernel than host a: Haswell, rank 0's is Zen")
    #expect(
      found.first?.advice == """
        With --convolution im2col, which alone uses it, results are the same bits only with one kernel: leave \
        OPENBLAS_CORETYPE unset, or set it to Zen on all hosts
        """)
  }

  @Test func littleSharedMemoryIsNamedOnce() {
    func ranks(_ free: Int?) -> [RankFacts] {
      (0..<4).map { number in
        var rank = rank(number, localRanks: 4, mask: "\(2 * number)-\(2 * number + 1)", allowedCores: 2, threads: 2)
        rank.sharedMemory = free
        return rank
      }
    }
    #expect(findings(ranks(16 << 20)).isEmpty && findings(ranks(nil)).isEmpty)
    let found = findings(ranks(1 << 20))
    #expect(found.map(\.severity) == [.warning])
    #expect(
      found.first?.text
        == "host a: expected 16.8 MB free in /dev/shm for the messages of 4 ranks, found 1.0 MB")
    #expect(!findings([ranks(0)[0]]).contains { $0.text.contains("/dev/shm") }, "a rank by itself sends no messages")
  }

  @Test func otherLevelsAreANote() {
    let hosts = ["a", "b", "c", "c", "d", "e", "f"]
    let ranks = hosts.enumerated().map { rank($0, host: $1, level: $1 == "b" ? .v4 : .v3) }
    let found = findings(ranks).filter { $0.text.contains("level") }
    #expect(found.map(\.severity) == [.note])
    #expect(found.first?.text == "the hosts' processors have different levels: v4 on b; v3 on a, c, d, e and 1 more")
    #expect(
      found.first?.advice == """
        Results in float32 are the same bits on all, and those in bfloat16 are computed on each as on the least of \
        them; mpirun -x PRELU_LEVEL=v3 makes all run the same program
        """)
  }

  @Test func aProgramForOlderProcessors() {
    let found = findings([rank(0, builtFor: 7)])
    #expect(found.map(\.severity) == [.note])
    #expect(found.first?.text == "host a: the program is built for AVX2, the processor has AVX-512")
    #expect(
      found.first?.advice == """
        A program for each level, of which every host takes the best, comes from scripts/install --levels v3,v4, \
        unless PRELU_LEVEL is set
        """)
    #expect(findings([rank(0, builtFor: 63)]).isEmpty, "of the same kind")
  }

  @Test func dataThatOneHostLacks() {
    let found = findings([rank(0), rank(1, host: "b", hasData: false)])
    #expect(found.map(\.severity) == [.problem])
    #expect(found[0].text == "host b does not have the data /data/set")
    #expect(found[0].advice == "Put the data set at the same path on every host, or name another with --data")
  }

  @Test func aFastNetworkThatIsNotUsed() {
    let fast = (0..<2).map { rank($0, host: "\($0)", fastDevices: ["mlx5_0"]) }
    #expect(findings(fast).map(\.severity) == [.warning, .warning])
    #expect(
      findings(fast)[0].text == "host 0: messages go over TCP, although there is a fast network (mlx5_0)"
        && findings(fast)[0].advice.hasPrefix("Load an Open MPI that was built with UCX (InfiniBand) or PSM2"))
    #expect(findings([fast[0]]).isEmpty, "one host needs no network")
    let used = (0..<2).map { rank($0, host: "\($0)", fastDevices: ["mlx5_0"], layer: "ucx", carriers: []) }
    #expect(findings(used).isEmpty)
  }

  @Test func bridgesOfContainers() {
    let found = findings((0..<2).map { rank($0, host: "\($0)", bridges: ["docker0"]) })
    #expect(found.map(\.severity) == [.note, .note])
    #expect(found[0].text == "host 0: the bridge docker0 may have the same address on every host")
    #expect(
      found[0].advice
        == "If ranks hang at the start, name the network: export OMPI_MCA_btl_tcp_if_include=eth0")
  }
}

@Suite struct LonelyRankTests {
  @Test func srunWithoutPMIx() throws {
    let finding = try #require(lonelyRank(["SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "3"]))
    #expect(
      finding.severity == .problem && finding.text == "srun started 8 processes, but each of them is alone")
    #expect(
      finding.advice == """
        Start them by srun --mpi=pmix for Open MPI, or --mpi=pmi2 for MPICH (srun --mpi=list shows whether Slurm has \
        it), or by mpirun
        """)
  }

  @Test(arguments: [("PMI_SIZE", "MPICH's mpiexec"), ("OMPI_COMM_WORLD_SIZE", "Open MPI's mpirun")])
  func launcherOfAnotherLibrary(variable: String, launcher: String) {
    let finding = lonelyRank([variable: "4"])
    #expect(finding?.severity == .problem)
    #expect(finding?.text == "\(launcher) started 4 processes, but each of them is alone")
    let advice = "Start them by the launcher of the MPI library that prelu-dist was built with ("
    #expect(finding?.advice.hasPrefix(advice) == true)
  }

  @Test func whatIsAloneRightly() {
    #expect(lonelyRank([:]) == nil)
    #expect(lonelyRank(["SLURM_NTASKS": "8"]) == nil, "a batch script's own process")
    #expect(lonelyRank(["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"]) == nil)
    let mpirun = ["SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0", "OMPI_COMM_WORLD_SIZE": "1"]
    #expect(lonelyRank(mpirun) == nil, "mpirun's daemons are srun's tasks")
  }
}
