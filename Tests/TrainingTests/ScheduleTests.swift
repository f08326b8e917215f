import Checkpoint
import Configuration
import Testing
import Training

/// Drops do not depend on it.
private let length = RunLength(samples: 10, batch: 1, epochs: 1)

@Test func plateauDropsTwiceThenEnds() {
  var plateau = Configuration.Schedule.Plateau()
  plateau.patience = 2
  plateau.threshold = 0.001
  var schedule = LearningRateSchedule(.plateau(plateau), baseRate: 0.01, length: length)
  // Better, better by too little (twice: a plateau), then three plateaus' worth of no change.
  let errors = [20.0, 19.0, 18.99, 18.985, 18.985, 18.99, 19.0, 19.0]
  var rates: [Double] = []
  for (epoch, error) in errors.enumerated() {
    _ = schedule.evaluated(validationTop1Error: error, epochsDone: epoch + 1)
    rates.append(schedule.learningRate(at: 0))
  }
  #expect(rates == [0.01, 0.01, 0.01, 0.001, 0.001, 0.0001, 0.0001, 0.0001])
  #expect(schedule.isFinished)
}

@Test func plateauStateSurvivesACheckpoint() {
  let plateau = Configuration.Schedule.plateau(.init())
  var whole = LearningRateSchedule(plateau, baseRate: 0.01, length: length)
  var cut = whole
  for (epoch, error) in [9.0, 8.0, 8.5, 8.4, 8.3, 7.0, 7.5, 7.4, 7.3, 7.2].enumerated() {
    cut = LearningRateSchedule(plateau, baseRate: 0.01, length: length, state: cut.state)
    let dropped = cut.evaluated(validationTop1Error: error, epochsDone: epoch + 1)
    #expect(dropped == whole.evaluated(validationTop1Error: error, epochsDone: epoch + 1))
    #expect(cut.state == whole.state)
  }
}

@Test func stepsDropAfterTheirEpochs() {
  var steps = Configuration.Schedule.Steps()
  steps.epochs = [2, 3]
  var schedule = LearningRateSchedule(.steps(steps), baseRate: 0.1, length: length)
  let dropped = (1...4).map { schedule.evaluated(validationTop1Error: 10, epochsDone: $0) }
  #expect(dropped == [false, true, true, false])
  #expect(schedule.learningRate(at: 0) == 0.1 / 10 / 10)
  #expect(!schedule.isFinished)
}

/// The schedule's part in going back: the state of the checkpoint, a tenth of the rate, twice.
@Test func rollbacksLowerTheRateTwice() {
  var schedule = LearningRateSchedule(.steps(.init(epochs: [1])), baseRate: 0.5, length: length)
  let dropped = schedule.evaluated(validationTop1Error: 10, epochsDone: 1)
  #expect(dropped && schedule.state.learningRateDrops == 1)
  let former = ScheduleState()
  let first = schedule.rollBack(to: former)
  #expect(first && schedule.learningRate(at: 0) == 0.5 / 10 && schedule.state.learningRateDrops == 0)
  let second = schedule.rollBack(to: former)
  #expect(second && schedule.learningRate(at: 0) == 0.5 / 10 / 10)
  let third = schedule.rollBack(to: former)
  #expect(!third && schedule.state.rollbacks == 2)
}
