import Checkpoint
import Communication
import Configuration
import System

/// What happens when a loss or a gradient is no number. All ranks know of it after the same step.
extension TrainingRun {
  /// Goes back to the last checkpoint with a lower rate, where that is asked for and was not done too often; otherwise
  /// ends the run, on all ranks.
  func recover(from divergence: Divergence) throws {
    let rate = schedule.learningRate
    let what = "training has diverged at iteration \(iteration + 1), learning rate \(rate): \(divergence)"
    var rolledBack = schedule
    // The last good checkpoint may still be on its way to the disk.
    try world.agree { _ = try settleSave(waiting: true) }
    guard configuration.training.onDivergence == .rollback else {
      throw failure(
        "\(what). The last good checkpoint is kept in \(runFolderName); go on from it with --on-divergence rollback, "
          + "or start again with a lower --learning-rate")
    }
    let former = try world.fromRoot { try checkpointToGoBackTo() }
    guard rolledBack.rollBack(to: former.state.schedule) else {
      throw failure(
        "\(what), after the rate was lowered \(LearningRateSchedule.rollbackLimit) times. The last good checkpoint is "
          + "kept in \(runFolderName); start again with a lower --learning-rate")
    }
    schedule = rolledBack
    try loadParameters(checkpoint: former.path)
    restore(former.state)
    report(
      .warning(
        "\(what). Going back to iteration \(iteration) with a learning rate of \(schedule.learningRate) "
          + "(\(schedule.state.rollbacks) of at most \(LearningRateSchedule.rollbackLimit) times)"))
    try world.agree { try truncateTables() }
    // So that a kill from here on does not forget the lower rate.
    try save(isBest: false)
  }

  private struct FormerState: Codable {
    let path: String
    let state: TrainingState
  }

  private func checkpointToGoBackTo() throws -> FormerState {
    guard let folder else { preconditionFailure("rank \(world.rank) has no run folder") }
    let newest = try folder.newestWhole()
    for skipped in newest.skipped { report(.warning("passed over: \(skipped)")) }
    return FormerState(path: newest.path, state: newest.header.state)
  }

  private var runFolderName: String { folder?.path ?? "the run folder" }

  private func failure(_ message: String) -> RankFailure {
    RankFailure(
      rank: 0, host: world.hostName, message: message, exitStatus: .badData, failedRanks: world.size,
      ranks: world.size)
  }
}
