import Communication
import RankTestSupport
import Testing

/// Whole leaves on one thread each, leaves that all threads share, and more threads than leaves: a rank of p has 8/p
/// leaves of two images.
@Test(arguments: [2, 3, 5, 8])
func bitsOfAStepDoNotDependOnTheThreads(threads: Int) throws {
  func parameters(threads: Int) throws -> [UInt32] {
    let step = try RankStep(threads: threads)
    for iteration in 0..<3 {
      _ = try step.run(iteration: iteration) { Float($0 * 7 % 11) / 4 - 1 }
    }
    return step.network.parameters.values.map(\.bitPattern)
  }
  #expect(try parameters(threads: threads) == parameters(threads: 1))
}
