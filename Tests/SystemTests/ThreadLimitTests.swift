import System
import Testing

@Suite struct ThreadLimitTests {
  private func limit(_ environment: [String: String]) -> ThreadLimit? { ThreadLimit.read(environment).limit }

  @Test func openMPComesBeforeSlurm() {
    #expect(limit([:]) == nil)
    #expect(limit(["SLURM_CPUS_PER_TASK": "4"]) == ThreadLimit(count: 4, variable: .slurm))
    #expect(limit(["OMP_NUM_THREADS": "3", "SLURM_CPUS_PER_TASK": "4"]) == ThreadLimit(count: 3, variable: .openMP))
    #expect(limit(["OMP_NUM_THREADS": "8", "SLURM_CPUS_PER_TASK": "4"]) == ThreadLimit(count: 8, variable: .openMP))
  }

  @Test(arguments: ["4,2", "4", " 4 , 2", "4,x", "4,"]) func theFirstOfAListCounts(text: String) {
    #expect(limit(["OMP_NUM_THREADS": text]) == ThreadLimit(count: 4, variable: .openMP))
  }

  @Test(arguments: ["", "0", "-2", "many", "2 3", ",4", "1.5", "0x2"]) func whatIsNoNumberIsIgnored(text: String) {
    let (limit, warnings) = ThreadLimit.read(["OMP_NUM_THREADS": text, "SLURM_CPUS_PER_TASK": "4"])
    #expect(limit == ThreadLimit(count: 4, variable: .slurm), "the next variable counts")
    #expect(
      warnings.map(\.description) == [
        "OMP_NUM_THREADS: expected a number of threads, 1 or more, found \(text.debugDescription), which is ignored. "
          + "Correct the variable, or unset it"
      ])
  }

  @Test func bothMayBeIgnored() {
    let (limit, warnings) = ThreadLimit.read(["OMP_NUM_THREADS": "a", "SLURM_CPUS_PER_TASK": "4,2"])
    #expect(limit == nil && warnings.count == 2)
    #expect(warnings[1].text.hasPrefix("SLURM_CPUS_PER_TASK: ") && warnings[1].text.contains(#"found "4,2""#))
  }

  /// A variable that another one goes before is not complained about.
  @Test func whatDoesNotCountIsNotRead() {
    #expect(ThreadLimit.read(["OMP_NUM_THREADS": "2", "SLURM_CPUS_PER_TASK": "a"]).warnings.isEmpty)
  }
}
