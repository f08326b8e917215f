import Checkpoint
import Communication
import Step
import System

/// The recovery of a run whose loss or gradient is NaN or infinite. All ranks know of that after the same step.
extension TrainingRun {
  /// Goes back to the last checkpoint with a lower learning rate, where that is asked for and was not done too often.
  ///
  /// - Throws: an error that ends the run, on all ranks, where it cannot go on.
  func recover(from divergence: Divergence) throws {
    let what =
      "training has diverged at iteration \(position.iteration + 1), learning rate \(learningRate): \(divergence)"
    // The last good checkpoint may still be on its way to the disk.
    try setup.world.agree { _ = try checkpoints.settle(waiting: true) }
    guard setup.configuration.training.onDivergence == .rollback else {
      throw failure(
        "\(what). The last good checkpoint is kept in \(checkpoints.folderName); continue from it with "
          + "--on-divergence rollback, or start again with a lower --learning-rate")
    }
    let former = try setup.world.fromRoot { try formerCheckpoint() }
    var rolledBack = schedule
    guard rolledBack.rollBack(to: former.state.schedule) else {
      throw failure(
        "\(what), after the rate was lowered \(LearningRateSchedule.rollbackLimit.counted("time")). The last good "
          + "checkpoint is kept in \(checkpoints.folderName); start again with a lower --learning-rate")
    }
    schedule = rolledBack
    try setup.loadParameters(checkpoint: former.path, of: step)
    position = RunPosition(former.state)
    samples.restart()
    listeners.warn(
      "\(what). Going back to iteration \(position.iteration) with a learning rate of \(learningRate) "
        + "(\(schedule.state.rollbacks) of at most \(LearningRateSchedule.rollbackLimit.counted("time")))")
    try setup.world.agree { try listeners.goBack(to: position.iteration) }
    // So that a kill from here on does not forget the lower rate.
    try checkpoints.save(state, isBest: false)
  }

  /// The learning rate of the next step.
  private var learningRate: Double { schedule.learningRate(at: position.iteration) }

  private struct FormerCheckpoint: Codable {
    let path: String
    let state: TrainingState
  }

  private func formerCheckpoint() throws -> FormerCheckpoint {
    guard let folder = checkpoints.folder else {
      preconditionFailure("rank \(setup.world.rank) has no run folder, only rank 0 has")
    }
    let newest = try folder.newestWhole(trains: true)
    for skipped in newest.skipped { listeners.warn("passed over: \(skipped)") }
    return FormerCheckpoint(path: newest.path, state: newest.header.state)
  }

  private func failure(_ message: String) -> RankFailure {
    RankFailure(allRanks: setup.world.size, message, exitStatus: .badData)
  }
}
