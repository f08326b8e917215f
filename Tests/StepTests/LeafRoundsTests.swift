import Step
import Testing

@Test(arguments: 0...33, [1, 2, 3, 5, 8, 64])
func everyLeafIsComputedOnceAndNoThreadIsIdle(leaves: Int, threads: Int) {
  let rounds = LeafRounds(leaves: leaves, threads: threads).rounds
  #expect(rounds.flatMap { Array($0.leaves) } == Array(0..<leaves))
  for round in rounds {
    if round.isShared {
      #expect(threads > 1 && round.leaves.count == 1)
    } else {
      #expect(round.leaves.count == threads || threads == 1)
    }
  }
  #expect(rounds.count { $0.isShared } == (threads > 1 ? leaves % threads : 0))
}
