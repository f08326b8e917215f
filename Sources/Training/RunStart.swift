import Checkpoint
import Communication
import Datasets
import Evaluation
import Images
import Kernels
import Network
import Step
import System
import Weights

/// The start of a run: its parameters and its folder.
extension RunSetup {
  /// Compares the memory that all buffers will take with what the hosts have left. All ranks call it, before they touch
  /// it.
  func checkMemory(
    of step: DistributedStep, _ samples: SampleSupply, _ validation: Evaluator
  ) throws -> [MemoryDemand] {
    // The test at the end needs as much as a validation.
    let measures = data.validation.count > 0 || data.test != nil
    return try world.checkMemory(
      bytes: RunMemory.bytes(
        largeBytes: FloatBuffer.largeBytes, step,
        ahead: samples.bytesAhead(slots: step.shares.slots(ofRank: world.rank)),
        evaluation: measures ? validation.byteCount : 0, rank: world.rank))
  }

  /// Reads or draws the parameters on rank 0, and gives the other ranks the tower's, which is all that they need. All
  /// ranks call it.
  ///
  /// - Parameter notes: the remarks on a new run's settings.
  /// - Returns: on rank 0, which weights a new run begins with, where it takes some from a file; nil elsewhere.
  @discardableResult
  func loadParameters(checkpoint: String?, notes: [String] = [], of step: DistributedStep) throws -> WeightReport? {
    let report: WeightReport? = try world.agree {
      guard world.rank == 0 else { return nil }
      if let checkpoint {
        try CheckpointFile.read(checkpoint, into: tensors(of: step))
      } else {
        configuration.model.initializer.fill(
          network.parameters.values, for: network.architecture, seed: configuration.training.seed,
          initialSlope: Float(configuration.model.initialSlope), on: step.largestPool)
        let report = try takeWeights(notes)
        _ = step.average?.values.update(fromContentsOf: network.parameters.values)
        return report
      }
      return nil
    }
    for buffer in vectors(of: step).all {
      try world.broadcast(
        UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer.values[network.architecture.towerRange])), root: 0)
    }
    return report
  }

  /// Puts the weights that the configuration names in place of those that were drawn.
  private func takeWeights(_ notes: [String]) throws -> WeightReport? {
    let weights = configuration.weights
    guard !weights.source.isEmpty else { return nil }
    let source = try WeightSource(weights.source)
    let transfer = try WeightTransfer(
      source, to: network.architecture, weights, classNames: data.classNames, scale: configuration.data.scale,
      channelMeans: configuration.data.mean)
    try transfer.apply(to: network.parameters.values)
    return WeightReport(source, transfer, notes: notes, warnings: transfer.doubts(mean: data.training.mean.values))
  }

  /// Makes the run's folder this process's own, on rank 0. All ranks call it.
  ///
  /// - Returns: the folder on rank 0; nil elsewhere.
  func openFolder(
    _ plan: RunPlan, of step: DistributedStep, weights: WeightReport?, _ listeners: RunListeners
  ) throws -> RunFolder? {
    try world.agree {
      guard world.rank == 0 else { return nil }
      let path = plan.runFolder
      var folder = try RunFolder.create(at: path)
      let unfinished: [String]
      do throws(FileError) {
        unfinished = try folder.claim(runIdentifier: runIdentifier, configuration: configuration.json())
      } catch {
        throw error.kind == .cannotWrite ? error.advising("Nothing was trained") : error
      }
      try folder.checkNewest(plan.newestFile)
      for name in unfinished {
        listeners.warn(
          "\(folder.file(name)): expected a whole checkpoint, found one that its process did not finish: it is removed"
            + (checkpoint == nil ? "" : ", and the run continues from the one before"))
      }
      for moved in try folder.setAside(plan.passedOver) { listeners.warn("renamed what was passed over: \(moved)") }
      if let source = plan.copiedFrom, let checkpoint = plan.checkpoint, let state = plan.state {
        try copy(checkpoint, of: source, state, to: folder, listeners)
      }
      if let state = plan.state {
        try folder.removeCheckpoints(after: state.iteration, best: state.best?.iteration)
      }
      if try !folder.canBeSynchronized() {
        listeners.warn(
          "\(path): expected a file system that syncs folders, found one that syncs files only: after a power loss the "
            + "newest checkpoint may be missing, not damaged")
      }
      let own = OwnFolder(path: folder.path, copiedFrom: plan.copiedFrom) { [folder] in folder.isOurs }
      try listeners.prepare(folder: own, iteration: plan.state?.iteration ?? 0)
      do throws(FileError) {
        try folder.write(configuration.yaml(), to: RunFolder.configuration)
        if let weights {
          try folder.write(weights.text, to: RunFile.weights.rawValue)
        } else if plan.checkpoint == nil {
          // A preview of another run may have been here.
          try FileSystem.remove(folder.file(RunFile.weights.rawValue))
        }
      } catch {
        throw error.advising("Nothing was trained")
      }
      let needed = (configuration.checkpoint.keep + 1) * CheckpointFile.sizeBound(tensors(of: step))
      if let free = folder.freeBytes(), free < needed {
        listeners.warn(
          "\(path): \(byteText(free)) are free, but the checkpoints may need \(byteText(needed)): make room, or keep "
            + "fewer (checkpoint.keep)")
      }
      if let count = settings.preview {
        try ContactSheet.write(data.training, count: count, to: folder.file(RunFile.preview.rawValue))
      }
      return folder
    }
  }

  /// Puts the checkpoint that a copy of a run goes on from into the copy's folder, with the best one before it.
  private func copy(
    _ checkpoint: String, of source: String, _ state: TrainingState, to folder: RunFolder, _ listeners: RunListeners
  ) throws {
    let keep = configuration.checkpoint.keep + 1
    if let best = state.best?.iteration, best != state.iteration {
      let path = FileSystem.path(FileSystem.name(of: folder.checkpointPath(best)), in: source)
      do throws(FileError) {
        _ = try folder.copy(path, iteration: best, best: best, keep: keep)
      } catch {
        listeners.warn("the best checkpoint so far is not copied: \(error)")
      }
    }
    _ = try folder.copy(checkpoint, iteration: state.iteration, best: nil, keep: keep)
  }
}
