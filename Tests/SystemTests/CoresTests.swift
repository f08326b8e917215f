import System
import Testing

@Suite struct CoresTests {
  @Test func someCoreIsAvailable() {
    #expect((1...onlineCores()).contains(availableCores()))
  }

  @Test func masksAreCounted() {
    #expect(coreCount(of: []) == 0)
    #expect(coreCount(of: [0b101, 0, 0xff]) == 10)
  }

  /// The test runs on a thread of its own, since the affinity is a thread's.
  @Test func aThreadMovesToOneCore() throws {
    let thread = try WorkerThread(name: "move") {
      let all = affinityMask()
      guard let place = all.firstIndex(where: { $0 != 0 }) else {
        Issue.record("no mask")
        return
      }
      var one = [UInt8](repeating: 0, count: all.count)
      one[place] = all[place] & ~(all[place] - 1)
      #expect(setAffinity(one))
      #expect(affinityMask() == one && availableCores() == 1)
      // No processor at all is refused.
      #expect(!setAffinity([UInt8](repeating: 0, count: all.count)))
      #expect(setAffinity(all) && affinityMask() == all)
    }
    thread.join()
  }
}
