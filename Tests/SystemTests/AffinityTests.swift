import System
import Testing

@Suite struct AffinityTests {
  @Test func someProcessorIsAvailable() {
    #expect((1...onlineProcessors()).contains(availableProcessors()))
  }

  @Test func masksAreCounted() {
    #expect(processorCount(of: []) == 0)
    #expect(processorCount(of: [0b101, 0, 0xff]) == 10)
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
      #expect(affinityMask() == one && availableProcessors() == 1)
      // No processor at all is refused.
      #expect(!setAffinity([UInt8](repeating: 0, count: all.count)))
      #expect(setAffinity(all) && affinityMask() == all)
    }
    thread.join()
  }

  @Test(
    arguments: [
      ("0-3,8", [0, 1, 2, 3, 8]), ("5", [5]), ("", nil), ("3-1", nil), ("a", nil), ("1-2-3", nil), ("-1", nil),
      ("0-99999999", nil),
    ] as [(String, [Int]?)])
  func processorLists(text: String, numbers: [Int]?) {
    #expect(processors(ofList: text) == numbers.map { Set($0) })
  }

  @Test func masksHaveNumbers() {
    #expect(processors(ofMask: []).isEmpty && processors(ofMask: [0, 0]).isEmpty)
    #expect(processors(ofMask: [0b101, 0, 0b1000_0001]) == [0, 2, 16, 23])
  }
}
