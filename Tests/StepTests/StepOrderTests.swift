import Communication
import Network
import Step
import Testing

/// An order can ask for more than the step. The tests run in one process; `scripts/test` runs them on several ranks.
@Suite(.serialized) struct StepOrderTests {
  @Test func flagsOfAllRanksAreUnited() throws {
    let small = try RankStep()
    let (rank, size) = (small.world.rank, small.world.size)
    let united = (0..<size).reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
    #expect(try small.run(flags: 1 << UInt32(rank)).flags == united)
    // Those of the step before are forgotten, and those of one rank reach all.
    #expect(try small.run(iteration: 1).flags == 0)
    #expect(try small.run(iteration: 2, flags: rank == size - 1 ? 6 : 0).flags == 6)
  }

  /// A step that has diverged tells the flags too: a run can be stopped after it.
  @Test func flagsOfAStepThatDiverges() throws {
    let small = try RankStep()
    try small.set("conv1", .nan)
    let result = try small.run(flags: small.world.rank == 0 ? 5 : 0)
    #expect(result.divergence != nil && result.flags == 5 && result.statistics.isEmpty)
  }

  @Test func statisticsOfEveryLayerOnRank0() throws {
    let small = try RankStep()
    #expect(try small.run().statistics.isEmpty)
    let rows = try small.run(iteration: 1, notesStatistics: true).statistics
    guard small.world.rank == 0 else {
      #expect(rows.isEmpty)
      return
    }
    #expect(rows.map(\.layer) == ["conv1", "conv2", "fc1", "fc2"])
    for row in rows {
      let figures = [row.responseDeviation, row.gradientDeviation, row.updateRatio, row.decayShare]
      #expect(figures.allSatisfy { $0 > 0 && $0.isFinite } && row.decayShare < 1, "\(row)")
    }
  }

  /// Noting changes no bit of the parameters, and leaves every rank the whole momentum.
  @Test func notedStepsAreTheSame() throws {
    let (plain, noted) = (try RankStep(), try RankStep())
    for iteration in 0..<3 {
      let result = try plain.run(iteration: iteration)
      let other = try noted.run(iteration: iteration, notesStatistics: true)
      #expect(result.lossSum == other.lossSum && result.errors == other.errors)
    }
    try plain.step.gatherMomentum()
    let known = plain.world.rank == 0 ? 0..<plain.network.parameters.count : plain.network.architecture.towerRange
    func bits(_ values: UnsafeMutableBufferPointer<Float>) -> [UInt32] { values[known].map(\.bitPattern) }
    #expect(bits(plain.network.parameters.values) == bits(noted.network.parameters.values))
    #expect(bits(plain.step.momentum.values) == bits(noted.step.momentum.values))
  }

  @Test func timesAreThoseOfTheStep() throws {
    let small = try RankStep()
    let time = try small.run().time
    let isRoot = small.world.rank == 0
    let hasLeaves = !small.step.shares.slots(ofRank: small.world.rank).isEmpty
    #expect((time.forward > 0 && time.backward > 0) || !hasLeaves)
    #expect((time.fullyConnected > 0) == isRoot && (time.wait > 0) == !isRoot)
    #expect((time.update > 0) == (small.world.size == 1))
    #expect(time.total >= time.tower + time.fullyConnected && (0...1).contains(time.communicationShare))
  }
}
