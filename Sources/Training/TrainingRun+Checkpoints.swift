import Checkpoint
import Communication
import Foundation
import Kernels
import System

/// Checkpoints, which are written behind the computation: rank 0 copies what belongs in one and trains on. What comes of
/// a write is told at the next step's border, and waited for before the next save, at the end of the run, before an
/// evaluation is told, and before a checkpoint is read.
extension TrainingRun {
  /// Starts to save on rank 0, after a check that all ranks hold the same tower. A save that fails is told, and training
  /// goes on.
  func save(isBest: Bool) throws {
    defer { lastCheckpointTime = monotonicSeconds() }
    world.activity = Activity("the checkpoint of iteration", iteration)
    var start = monotonicSeconds()
    try step.gatherMomentum()
    try checkSameTower()
    step.time.checkpoint += monotonicSeconds() - start
    try settleSave(waiting: true)
    start = monotonicSeconds()
    startSave(isBest: isBest)
    step.time.checkpoint += monotonicSeconds() - start
  }

  private func startSave(isBest: Bool) {
    guard let folder else { return }
    let fingerprint: String
    do { fingerprint = try fingerprintText() } catch { return tellFailure(error, iteration: iteration) }
    let (state, configurationText, input) = (state, configuration.json(), data.inputDescription)
    let provenance = Provenance(program: settings.program, commandLine: settings.commandLine)
    let keep = configuration.checkpoint.keep
    let architecture = network.architecture
    writer.start(iteration: iteration, isBest: isBest, on: pool) { parameters, momentum in
      try folder.save(
        tensors: checkpointTensors(architecture, parameters, momentum), state: state, configuration: configurationText,
        dataFingerprint: fingerprint, input: input, provenance: provenance, isBest: isBest, keep: keep)
    }
  }

  /// Tells what came of the last save, once.
  ///
  /// - Parameter waiting: whether to wait for a write that still goes on.
  /// - Returns: why it failed; nil where it did not, or goes on, or was told before.
  /// - Throws: where the run folder belongs to another run now.
  @discardableResult
  func settleSave(waiting: Bool) throws -> (any Error)? {
    guard let outcome = step.time.measure(\.checkpoint, { writer.outcome(waiting: waiting) }) else { return nil }
    do {
      let saved = try outcome.result.get()
      lastCheckpointIteration = outcome.iteration
      for warning in saved.warnings { report(.warning(warning)) }
      report(.saved(path: saved.path, iteration: outcome.iteration, isBest: outcome.isBest))
      return nil
    } catch let error as FileError where error.kind == .takenOver {
      throw TrainingError(error.exitStatus, "\(error)")
    } catch {
      tellFailure(error, iteration: outcome.iteration)
      return error
    }
  }

  private func tellFailure(_ error: any Error, iteration: Int) {
    report(.warning("this checkpoint is not saved, training goes on: \(error)"))
    report(.notSaved(iteration: iteration))
  }

  /// The last one, unless it is there, and waits for it: a failure ends the run with its own code, on all ranks.
  func saveAtEnd() throws {
    var failure: (any Error)?
    do { try settleSave(waiting: true) } catch { failure = error }
    // Rank 0 alone knows whether the save of this iteration, if there was one, has failed.
    let isDue = world.rank == 0 && failure == nil && lastCheckpointIteration != iteration
    if try world.any(isDue) {
      do {
        try save(isBest: best?.iteration == iteration)
        failure = try settleSave(waiting: true)
      } catch { failure = error }
    }
    try world.agree { if let failure { throw failure } }
  }

  private var state: TrainingState {
    TrainingState(
      iteration: iteration, epoch: epochsDone,
      iterationInEpoch: iteration - stream.iterations(inEpochs: epochsDone),
      samplesSeen: iteration * configuration.training.batch, seed: configuration.training.seed,
      learningRate: schedule.learningRate, schedule: schedule.state, best: best, epochSums: epochSums,
      secondsTrained: secondsTrained, worldSize: world.size, batch: configuration.training.batch,
      runIdentifier: runIdentifier)
  }

  private func fingerprintText() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(data.fingerprint), as: UTF8.self)
  }

  /// A difference between the ranks' towers would be a defect, a broken memory or a broken network.
  private func checkSameTower() throws {
    let tower = network.architecture.towerRange
    let hashes = try world.allgather(
      bitsHash(UnsafeBufferPointer(rebasing: network.parameters.values[tower]))
        ^ bitsHash(UnsafeBufferPointer(rebasing: step.momentum.values[tower])) &* 3)
    guard let other = hashes.firstIndex(where: { $0 != hashes[0] }) else { return }
    throw RankFailure(
      rank: other, host: world.hostNames[other],
      message: "its parameters differ from rank 0's at iteration \(iteration): the processors differ, or a memory is "
        + "broken. The last checkpoint is good",
      exitStatus: .internalError, failedRanks: hashes.count { $0 != hashes[0] }, ranks: world.size)
  }
}
