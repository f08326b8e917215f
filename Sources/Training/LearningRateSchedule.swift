import Checkpoint
import Configuration

/// The schedule of the learning rate and of the end of training: drops on plateaus of the validation error or at fixed
/// epochs, or a fall along a curve with every step; before either a warm-up.
///
/// All that changes is in `ScheduleState`, which is in the checkpoint, and the number of the step. Every rank holds the
/// same one, because it depends on counts that were added over the ranks.
public struct LearningRateSchedule: Sendable {
  private let settings: Configuration.Schedule
  private let warmUp: Configuration.WarmUp
  private let baseRate: Double
  private let length: RunLength
  public private(set) var state: ScheduleState

  /// - Parameter baseRate: the rate after the warm-up.
  public init(
    _ settings: Configuration.Schedule, warmUp: Configuration.WarmUp = .none, baseRate: Double, length: RunLength,
    state: ScheduleState = ScheduleState()
  ) {
    self.settings = settings
    self.warmUp = warmUp
    self.baseRate = baseRate
    self.length = length
    self.state = state
  }

  /// Returns the learning rate of a step.
  ///
  /// - Parameter iteration: the number of steps done before it.
  public func learningRate(at iteration: Int) -> Double {
    let time = length.epochs(after: iteration)
    var rate = courseRate(at: time)
    if time < warmUp.epochs { rate *= RateCurve.warmUp(warmUp, at: time) }
    return (0..<min(max(0, state.rollbacks), Self.rollbackLimit)).reduce(rate) { rate, _ in rate / Self.rollbackFactor }
  }

  /// Returns the rate without warm-up and rollbacks.
  private func courseRate(at time: Double) -> Double {
    switch settings {
    case .plateau(let plateau): return droppedRate(by: plateau.factor)
    case .steps(let steps): return droppedRate(by: steps.factor)
    case .cosine(let cosine):
      return RateCurve.cosine(from: baseRate, to: cosine.end, done: done(time, of: cosine.epochs))
    case .polynomial(let polynomial):
      return RateCurve.polynomial(
        from: baseRate, to: polynomial.end, power: polynomial.power, done: done(time, of: polynomial.epochs))
    }
  }

  /// Returns the part of the fall that is done, which begins after the warm-up.
  private func done(_ time: Double, of epochs: Int?) -> Double {
    let fall = Double(epochs ?? length.epochs) - warmUp.epochs
    return min(max(0, (time - warmUp.epochs) / fall), 1)
  }

  private func droppedRate(by factor: Double) -> Double {
    (0..<min(max(0, state.learningRateDrops), Self.mostDrops)).reduce(baseRate) { rate, _ in rate / factor }
  }

  /// The largest number of drops that is believed: no run has more, but a checkpoint from elsewhere may claim any
  /// number.
  private static let mostDrops = 100_000

  /// The number that the rate is divided by after training has diverged.
  public static let rollbackFactor = 10.0
  /// The largest number of times that this is done in a run.
  public static let rollbackLimit = 2

  /// Goes back to the state of a checkpoint, with a lower rate from there on.
  ///
  /// - Returns: false, without a change, where that was done too often.
  public mutating func rollBack(to former: ScheduleState) -> Bool {
    guard state.rollbacks < Self.rollbackLimit else { return false }
    let rollbacks = state.rollbacks + 1
    state = former
    state.rollbacks = rollbacks
    return true
  }

  /// Whether the last plateau has been reached.
  public var isFinished: Bool { state.finished }

  /// Takes the result of an evaluation; called after each.
  ///
  /// - Parameters:
  ///   - error: the top-1 error of the validation images, in percent.
  ///   - epochsDone: the number of epochs done, with this evaluation's.
  /// - Returns: whether the rate has dropped.
  public mutating func evaluated(validationTop1Error error: Double, epochsDone: Int) -> Bool {
    let before = state.learningRateDrops
    switch settings {
    case .steps(let steps): state.learningRateDrops = steps.epochs.count { $0 <= epochsDone }
    case .plateau(let plateau): evaluated(error, plateau)
    case .cosine, .polynomial: break
    }
    return state.learningRateDrops > before
  }

  private mutating func evaluated(_ error: Double, _ plateau: Configuration.Schedule.Plateau) {
    if error < (state.plateauBest ?? .infinity) * (1 - plateau.threshold) {
      state.plateauBest = error
      state.evaluationsSinceBest = 0
      return
    }
    state.evaluationsSinceBest += 1
    guard state.evaluationsSinceBest >= plateau.patience else { return }
    state.evaluationsSinceBest = 0
    if state.learningRateDrops < plateau.drops {
      state.learningRateDrops += 1
    } else {
      state.finished = true
    }
  }
}
