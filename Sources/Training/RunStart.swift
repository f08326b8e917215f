import Checkpoint
import Communication
import Images
import Kernels
import Network
import Step
import System

/// The start of a run: its parameters and its folder.
extension RunSetup {
  /// Compares the memory that all buffers will take with what the hosts have left. All ranks call it, before they touch
  /// it.
  func checkMemory(of step: DistributedStep) throws -> [MemoryDemand] {
    // Rank 0 copies parameters and momentum for each checkpoint; the others never touch those of the fully connected
    // layers.
    let floats = world.rank == 0 ? 2 * network.parameters.count : -network.architecture.headRange.count
    return try world.checkMemory(
      bytes: FloatBuffer.largeBytes - step.untouchedBytes + floats * MemoryLayout<Float>.stride)
  }

  /// Reads or draws the parameters on rank 0, and gives the other ranks the tower's, which is all that they need. All
  /// ranks call it.
  func loadParameters(checkpoint: String?, of step: DistributedStep) throws {
    try world.agree {
      guard world.rank == 0 else { return }
      if let checkpoint {
        try CheckpointFile.read(checkpoint, into: tensors(momentum: step.momentum))
      } else {
        configuration.model.initializer.fill(
          network.parameters.values, for: network.architecture, seed: configuration.training.seed,
          initialSlope: Float(configuration.model.initialSlope), on: step.largestPool)
      }
    }
    for buffer in [network.parameters, step.momentum] {
      try world.broadcast(
        UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer.values[network.architecture.towerRange])), root: 0)
    }
  }

  /// Makes the run's folder this process's own, on rank 0. All ranks call it.
  ///
  /// - Returns: the folder on rank 0; nil elsewhere.
  func openFolder(
    _ plan: RunPlan, of step: DistributedStep, _ listeners: RunListeners
  ) throws -> RunFolder? {
    try world.agree {
      guard world.rank == 0 else { return nil }
      let path = plan.runFolder
      var folder = try RunFolder.create(at: path)
      for name in try folder.claim(runIdentifier: runIdentifier) {
        listeners.warn(
          "\(folder.file(name)): expected a whole checkpoint, found one that its process did not finish: it is removed"
            + (checkpoint == nil ? "" : ", and the run continues from the one before"))
      }
      for moved in try folder.setAside(plan.passedOver) { listeners.warn("renamed what was passed over: \(moved)") }
      if let state = plan.state {
        try folder.removeCheckpoints(after: state.iteration, best: state.best?.iteration)
      }
      if try !folder.canBeSynchronized() {
        listeners.warn(
          "\(path): expected a file system that syncs folders, found one that syncs files only: after a power loss the "
            + "newest checkpoint may be missing, not damaged")
      }
      try listeners.prepare(folder: folder.path, iteration: plan.state?.iteration ?? 0)
      try folder.write(configuration.yaml(), to: RunFolder.configuration)
      let needed = (configuration.checkpoint.keep + 1) * CheckpointFile.sizeBound(tensors(momentum: step.momentum))
      if let free = folder.freeBytes(), free < needed {
        listeners.warn(
          "\(path): \(byteText(free)) are free, but the checkpoints may need \(byteText(needed)): make room, or keep "
            + "fewer (checkpoint.keep)")
      }
      if let count = settings.preview {
        try ContactSheet.write(data.training, count: count, to: folder.file("preview.png"))
      }
      return folder
    }
  }
}
