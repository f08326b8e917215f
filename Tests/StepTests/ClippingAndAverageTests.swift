import Communication
import Kernels
import Network
import RankTestSupport
import Step
import Testing

/// Limits of the gradient and the moving average of the parameters, with the bits of one rank on any ranks.
/// `scripts/test` runs these on several ranks.
@Suite(.serialized) struct ClippingAndAverageTests {
  private static let everything = StepSettings(
    seed: 3, average: WeightAverage(decay: 0.6), valueLimit: 0.5, normLimit: 0.75)

  /// The parameters that this rank has the newest values of after `gatherAverage`.
  private func own(_ step: RankStep) -> [ParameterDescription] {
    step.network.architecture.parameters.filter { $0.part == .tower || step.world.rank == 0 }
  }

  private func values(_ step: RankStep, _ buffer: FloatBuffer) -> [Float] {
    withExtendedLifetime(step) { own(step).flatMap { Array(buffer.values[$0.range]) } }
  }

  private func trained(_ settings: StepSettings?, in world: World, steps: Int = 4) throws -> RankStep {
    let small = try RankStep(in: world, settings: settings)
    for iteration in 0..<steps {
      let result = try small.run(iteration: iteration, notesStatistics: iteration == 1) { Float($0 * 7 % 11) - 4.7 }
      #expect(result.isFinite && result.divergence == nil)
    }
    try small.step.gatherMomentum()
    try small.step.gatherAverage()
    return small
  }

  @Test(
    .enabled(if: rankCount & (rankCount - 1) == 0 && rankCount <= 8, "ranks that hold no whole subtrees"),
    arguments: [
      everything, StepSettings(seed: 3, normLimit: 0.1), StepSettings(seed: 3, valueLimit: 0.01),
      StepSettings(seed: 3, average: WeightAverage(decay: 0.9)),
    ])
  func bitsOfOneRank(settings: StepSettings) throws {
    let world = try startedWorld()
    let (together, alone) = (try trained(settings, in: world), try trained(settings, in: world.alone()))
    for (some, all) in [
      (together.network.parameters, alone.network.parameters), (together.step.momentum, alone.step.momentum),
    ] + zip([together.step.average].compactMap(\.self), [alone.step.average].compactMap(\.self)) {
      #expect(values(together, some).map(\.bitPattern) == values(together, all).map(\.bitPattern))
    }
  }

  /// A limit that nothing reaches changes no bit, although the update then comes later and is not fused.
  @Test func wideLimitsChangeNoBit() throws {
    let world = try startedWorld()
    let (plain, wide) = (
      try trained(nil, in: world), try trained(StepSettings(seed: 3, valueLimit: 1e20, normLimit: 1e20), in: world)
    )
    #expect(values(plain, plain.network.parameters) == values(wide, wide.network.parameters))
    #expect(values(plain, plain.step.momentum) == values(wide, wide.step.momentum))
  }

  /// The first step from rest moves the parameters by the rate times the gradient: its norm is the limit, and it has
  /// the direction of the step without one.
  @Test func theNormOfAllParametersIsLimited() throws {
    let world = try startedWorld()
    let limit = 0.02
    func momentum(_ settings: StepSettings?) throws -> [Float] {
      let small = try RankStep(in: world.alone(), settings: settings)
      _ = try small.step.run(
        StepOrder(
          iteration: 0, sgd: SGD(learningRate: 1, momentum: 0.9, weightDecay: 0),
          labels: (0..<small.batch).map { Int32($0 % RankStep.classes) })
      ) { slot, target in
        for index in 0..<16 { target[index] = Float((slot * 5 + index * 3) % 7) - 3 }
      }
      return withExtendedLifetime(small) {
        small.network.architecture.parameters.flatMap { Array(small.step.momentum.values[$0.range]) }
      }
    }
    func norm(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
    let (plain, limited) = (try momentum(nil), try momentum(StepSettings(seed: 3, normLimit: limit)))
    #expect(norm(plain) > 2 * limit)
    #expect(abs(norm(limited) - limit * norm(plain) / (norm(plain) + 1e-6)) <= 1e-6 * limit)
    let scale = norm(limited) / norm(plain)
    #expect(zip(plain, limited).allSatisfy { abs(Double($0) * scale - Double($1)) <= 1e-6 * limit })
    let cut = try momentum(StepSettings(seed: 3, valueLimit: 0.002))
    #expect(zip(plain, cut).allSatisfy { max(-0.002, min(0.002, $0)) == $1 })
    #expect(plain.contains { abs($0) > 0.002 } && plain.contains { abs($0) < 0.002 })
  }

  /// The average of the parameters after each step by its definition, in Double.
  @Test func theAverageIsItsDefinition() throws {
    let small = try RankStep(settings: StepSettings(seed: 3, average: WeightAverage(decay: 0.6)))
    let average = try #require(small.step.average)
    var expected: [Double] = []
    for iteration in 0..<5 {
      _ = try small.run(iteration: iteration)
      let parameters = values(small, small.network.parameters)
      let decay = min(0.6, Double(iteration) / Double(iteration + 1))
      if iteration == 0 { expected = parameters.map(Double.init) }
      for (place, value) in parameters.enumerated() {
        expected[place] = decay * expected[place] + (1 - decay) * Double(value)
      }
      try small.step.gatherAverage()
      for (own, value) in zip(values(small, average), expected) { #expect(abs(Double(own) - value) <= 1e-6) }
    }
  }

  /// A gradient that is not finite is found in its layer, also where the norm is limited.
  @Test func divergenceIsFoundInItsLayer() throws {
    for settings in [StepSettings(seed: 3), StepSettings(seed: 3, normLimit: 1)] {
      let small = try RankStep(settings: settings)
      try small.set("fc2", 3e38)
      let result = try small.run { _ in 1e-30 }
      #expect(result.divergence != nil || !result.isFinite)
    }
  }
}

extension StepSettings: CustomTestStringConvertible {
  public var testDescription: String { "average \(average?.decay ?? 0), limits \(valueLimit), \(normLimit ?? 0)" }
}
