import Checkpoint
import Configuration
import TestSupport
import Testing
import Training

/// Rates that change with every step, against PyTorch's and timm's (`Tests/Golden/regularization.py`).
@Suite struct RateCurveTests {
  private let golden: GoldenFile
  private let base = 0.1
  private let end = 0.002
  /// Forty steps, eight an epoch, after a warm-up of one and a half epochs.
  private let length = RunLength(samples: 80, batch: 10, epochs: 5)
  private let warmUp = Configuration.WarmUp(epochs: 1.5, start: 0.01)

  init() throws {
    golden = try GoldenFile("regularization.json")
  }

  /// - Parameter rates: the rates of the first steps.
  private func expect(
    _ schedule: Configuration.Schedule, _ warmUp: Configuration.WarmUp, equals rates: [Float],
    _ comment: Comment? = nil
  ) {
    let own = LearningRateSchedule(schedule, warmUp: warmUp, baseRate: base, length: length)
    for (iteration, expected) in rates.enumerated() {
      // PyTorch multiplies its way from step to step, and the file has float32.
      let error = abs(own.learningRate(at: iteration) - Double(expected))
      #expect(error <= 1e-6 * base, "\(comment ?? ""), step \(iteration)")
    }
  }

  @Test func cosineAfterAWarmUpIsPyTorchs() throws {
    let rates = try golden.tensor("cosine").values
    #expect(rates.count == 41)
    expect(.cosine(.init(end: end)), warmUp, equals: rates)
    // A number of epochs of its own.
    expect(.cosine(.init(epochs: 5, end: end)), warmUp, equals: rates)
  }

  @Test func polynomialIsPyTorchsAndTimms() throws {
    expect(.polynomial(.init(end: 0, power: 2)), warmUp, equals: try golden.tensor("polynomial/0").values)
    expect(.polynomial(.init(end: end, power: 0.9)), .none, equals: try golden.tensor("polynomial/end").values)
  }

  @Test func theRateStaysAtItsEnd() {
    let schedule = LearningRateSchedule(
      .cosine(.init(epochs: 2, end: end)), baseRate: base, length: length)
    #expect(schedule.learningRate(at: 15) > end)
    for iteration in [16, 17, 1000] { #expect(schedule.learningRate(at: iteration) == end, "\(iteration)") }
  }

  /// Tests that the rates of the older kinds are the bits that they were where there is no warm-up.
  @Test func dropsGoWithAWarmUp() {
    let steps = Configuration.Schedule.steps(.init(epochs: [1], factor: 10))
    var plain = LearningRateSchedule(steps, baseRate: base, length: length)
    var rising = LearningRateSchedule(steps, warmUp: warmUp, baseRate: base, length: length)
    #expect(plain.learningRate(at: 0) == base)
    #expect(rising.learningRate(at: 0) == 0.01 * base)
    let dropped = [
      plain.evaluated(validationTop1Error: 1, epochsDone: 1), rising.evaluated(validationTop1Error: 1, epochsDone: 1),
    ]
    #expect(dropped == [true, true])
    #expect(plain.learningRate(at: 8) == base / 10)
    #expect(abs(rising.learningRate(at: 8) - (0.01 + 0.99 * 8 / 12) * base / 10) <= 1e-15)
    #expect(rising.learningRate(at: 12) == base / 10)
  }

  /// A checkpoint's state and the number of the step are all that a rate depends on.
  @Test func aResumedScheduleGoesOnAlike() {
    var whole = LearningRateSchedule(.cosine(.init(end: end)), warmUp: warmUp, baseRate: base, length: length)
    let resumed = LearningRateSchedule(
      .cosine(.init(end: end)), warmUp: warmUp, baseRate: base, length: length, state: whole.state)
    for iteration in 0..<45 {
      #expect(whole.learningRate(at: iteration) == resumed.learningRate(at: iteration))
      let drops = whole.evaluated(validationTop1Error: 5, epochsDone: iteration)
      #expect(!drops)
    }
    #expect(!whole.isFinished)
    let before = whole.learningRate(at: 20)
    let goesBack = whole.rollBack(to: ScheduleState())
    #expect(goesBack)
    #expect(whole.learningRate(at: 20) == before / 10)
  }
}
