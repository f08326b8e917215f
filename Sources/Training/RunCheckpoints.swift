import Checkpoint
import Communication
import Configuration
import Kernels
import Network
import Step
import System

/// The checkpoints of a run, which are written behind the computation: rank 0 copies what belongs in one and trains on.
///
/// Listeners hear of the outcome of a write after the step during which it ended. The run waits for the outcome before
/// the next save, before it tells of an evaluation, before it reads a checkpoint, and at its end. After a save that
/// fails training goes on.
final class RunCheckpoints {
  /// The run's folder, on rank 0; nil elsewhere.
  let folder: RunFolder?
  /// The seconds that training has waited for checkpoints.
  private(set) var seconds = 0.0

  private let setup: RunSetup
  private let step: DistributedStep
  private let listeners: RunListeners
  private let writer: CheckpointWriter
  private var lastTime = monotonicSeconds()
  /// The iteration of the last checkpoint that is in place; known on rank 0.
  private var lastIteration: Int?

  /// - Parameters:
  ///   - writer: writes the vectors of `step`.
  ///   - lastIteration: the iteration of the checkpoint that the run goes on from; nil for a new run.
  init(
    _ setup: RunSetup, _ step: DistributedStep, _ writer: CheckpointWriter, folder: RunFolder?, lastIteration: Int?,
    _ listeners: RunListeners
  ) {
    self.setup = setup
    self.step = step
    self.writer = writer
    self.folder = folder
    self.lastIteration = lastIteration
    self.listeners = listeners
  }

  /// The name of the folder in messages.
  var folderName: String { folder?.path ?? "the run folder" }

  /// Returns whether rank 0 wants a checkpoint after the step that makes it `iteration` iterations.
  func isDue(at iteration: Int) -> Bool {
    guard folder != nil else { return false }
    let cadence = setup.configuration.checkpoint
    if cadence.everyIterations > 0, iteration % cadence.everyIterations == 0 { return true }
    return cadence.everyMinutes > 0 && monotonicSeconds() - lastTime >= cadence.everyMinutes * 60
  }

  /// Starts to save on rank 0, after a check that all ranks hold the same tower. All ranks call it.
  func save(_ state: TrainingState, isBest: Bool) throws {
    defer { lastTime = monotonicSeconds() }
    setup.world.activity = Activity("the checkpoint of iteration", state.iteration)
    try Trace.span("checkpoint", .checkpoint, state.iteration) {
      try measured {
        try Trace.span("gather the momentum", .communication) {
          try step.gatherMomentum()
          try step.gatherAverage()
        }
        try Trace.span("compare the ranks", .communication) { try checkSameTower(state.iteration) }
      }
      try settle(waiting: true)
      measured { start(state, isBest: isBest) }
    }
  }

  private func start(_ state: TrainingState, isBest: Bool) {
    guard let folder else { return }
    let fingerprint: String
    do { fingerprint = try setup.fingerprintText() } catch { return tellFailure(error, state.iteration) }
    let (configuration, input) = (setup.configuration.json(), setup.inputDescription)
    let provenance = Provenance(program: setup.settings.program, commandLine: setup.settings.commandLine)
    let keep = setup.configuration.checkpoint.keep
    let architecture = setup.network.architecture
    writer.start(iteration: state.iteration, isBest: isBest, on: setup.pool) { copies in
      try folder.save(
        tensors: checkpointTensors(architecture, copies), state: state, configuration: configuration,
        dataFingerprint: fingerprint, input: input, provenance: provenance, keep: keep)
    }
  }

  /// Tells the outcome of the last save, once.
  ///
  /// - Parameters:
  ///   - waiting: whether to wait for a write that still goes on.
  ///   - goesOn: whether training goes on after a save that failed, which is then a warning.
  /// - Returns: the reason why the save failed; nil where it did not fail, still goes on, or was told before.
  /// - Throws: `FileError` where the run folder now belongs to another run.
  @discardableResult
  func settle(waiting: Bool, goesOn: Bool = true) throws -> (any Error)? {
    guard let outcome = measured({ writer.outcome(waiting: waiting) }) else { return nil }
    do {
      let saved = try outcome.result.get()
      lastIteration = outcome.iteration
      for warning in saved.warnings { listeners.warn(warning) }
      listeners.tell(.saved(path: saved.path, iteration: outcome.iteration, isBest: outcome.isBest))
      return nil
    } catch let error as FileError where error.kind == .takenOver {
      throw error
    } catch {
      tellFailure(error, outcome.iteration, goesOn: goesOn)
      return error
    }
  }

  private func tellFailure(_ error: any Error, _ iteration: Int, goesOn: Bool = true) {
    if goesOn { listeners.warn("this checkpoint is not saved, training continues: \(error)") }
    listeners.tell(.notSaved(iteration: iteration))
  }

  /// Saves the last checkpoint, unless it is there, and waits for it. A failure ends the run with its own status, on
  /// all ranks.
  func saveAtEnd(_ state: TrainingState, isBest: Bool) throws {
    var failure: (any Error)?
    do { try settle(waiting: true, goesOn: false) } catch { failure = error }
    // Only rank 0 knows whether the save of this iteration, if there was one, has failed.
    let isMissing = folder != nil && failure == nil && lastIteration != state.iteration
    if try setup.world.any(isMissing) {
      do {
        try save(state, isBest: isBest)
        failure = try settle(waiting: true, goesOn: false)
      } catch { failure = error }
    }
    try setup.world.agree { if let failure { throw last(failure) } }
  }

  /// Returns the error that the run ends with because of a failed save: it says how to go on.
  private func last(_ failure: any Error) -> any Error {
    guard let folder, let error = failure as? FileError, error.kind != .takenOver else { return failure }
    let isKept = (try? folder.checkpoints())?.isEmpty == false
    return error.advising(
      isKept
        ? "What was trained since then is lost; continue with --resume \(folder.path)"
        : "What was trained is lost: begin again")
  }

  /// Compares the ranks' towers. A difference would be a defect, a broken memory or a broken network.
  private func checkSameTower(_ iteration: Int) throws {
    let (world, tower) = (setup.world, setup.network.architecture.towerRange)
    let hashes = try world.allgather(
      bitsHash(UnsafeBufferPointer(rebasing: setup.network.parameters.values[tower]))
        ^ bitsHash(UnsafeBufferPointer(rebasing: step.momentum.values[tower])) &* 3)
    guard let other = hashes.firstIndex(where: { $0 != hashes[0] }) else { return }
    throw RankFailure(
      rank: other, host: world.hostNames[other],
      message: "its parameters differ from rank 0's at iteration \(iteration): the processors differ, or memory is "
        + "faulty. The last checkpoint is good: continue from it on other hosts",
      exitStatus: .internalError, failedRanks: hashes.count { $0 != hashes[0] }, ranks: world.size)
  }

  private func measured<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = monotonicSeconds()
    defer { seconds += monotonicSeconds() - start }
    return try body()
  }
}
