import Testing
import prelu_dist

/// The words of a sweep about its runs: the message that one ended with, and the time that is left.
@Suite struct SweepWordsTests {
  @Test(
    arguments: [
      ("epoch 1: loss 2\nprelu-dist: a: expected b, found c\n", "a: expected b, found c"),
      // A launcher speaks after the program, and warnings are no reason.
      (
        "prelu-dist: rank 1 on host x: no\n-----\nPrimary job terminated normally.\n-----\n", "rank 1 on host x: no"
      ),
      ("prelu-dist: warning: a is b\nKilled\n----\n\n", "Killed"),
      ("prelu-dist: first\nprelu-dist: last\nprelu-dist: warning: more\n", "last"),
      ("\n----\n", nil), ("", nil),
    ] as [(String, String?)])
  func theLastMessageOfALog(text: String, message: String?) {
    #expect(SweepLog.lastMessage(of: text) == message)
  }

  @Test func theTimeThatIsLeft() {
    var estimate = SweepEstimate()
    estimate.add(epochs: 0, seconds: 9)
    #expect(estimate.secondsLeft(training: [3], waiting: [4], parallel: 1) == nil)
    estimate.add(epochs: 4, seconds: 40)
    // One after the other; side by side; the last one alone; none.
    #expect(estimate.secondsLeft(training: [3], waiting: [4, 4], parallel: 1) == 110)
    #expect(estimate.secondsLeft(training: [3, 1], waiting: [4, 4], parallel: 2) == 70)
    #expect(estimate.secondsLeft(training: [2, 0], waiting: [9], parallel: 4) == 90)
    #expect(estimate.secondsLeft(training: [], waiting: [], parallel: 2) == 0)
    // Slower epochs count by their number.
    estimate.add(epochs: 1, seconds: 60)
    #expect(estimate.secondsLeft(training: [1], waiting: [], parallel: 1) == 20)
  }

  @Test(arguments: [
    (12, 300, "--recipe photos --batch 8"), (400, 300, "--recipe photos --batch 16"),
    (2559, 300, "--recipe photos --batch 64"), (2560, 300, "--recipe photos"), (199_999, 300, "--recipe photos"),
    (1_281_167, 300, "--recipe imagenet-small14"),
  ])
  func theCommandThatSuitsAPack(pictures: Int, side: Int, options: String) {
    let suggestion = PackSuggestion(path: "p.h5", pictures: pictures, shorterSide: side)
    #expect(suggestion.command == "prelu-dist train --data p.h5 \(options)" && suggestion.doubt == nil)
    let small = PackSuggestion(path: "p.h5", pictures: pictures, shorterSide: 32)
    #expect(small.doubt?.hasPrefix("most pictures have a shorter side of 32 pixels or less") == true)
  }
}
