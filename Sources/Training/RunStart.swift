import Checkpoint
import Communication
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
  func checkMemory(of step: DistributedStep) throws -> [MemoryDemand] {
    // Rank 0 copies its vectors for each checkpoint; the others never touch the parameters of the fully connected
    // layers.
    let copies = vectors(of: step).all.count * network.parameters.count
    let floats = world.rank == 0 ? copies : -network.architecture.headRange.count
    return try world.checkMemory(
      bytes: FloatBuffer.largeBytes - step.untouchedBytes + floats * MemoryLayout<Float>.stride)
  }

  /// Reads or draws the parameters on rank 0, and gives the other ranks the tower's, which is all that they need. All
  /// ranks call it.
  ///
  /// - Returns: on rank 0, which weights a new run begins with, where it takes some from a file; nil elsewhere.
  @discardableResult
  func loadParameters(checkpoint: String?, of step: DistributedStep) throws -> WeightReport? {
    let report: WeightReport? = try world.agree {
      guard world.rank == 0 else { return nil }
      if let checkpoint {
        try CheckpointFile.read(checkpoint, into: tensors(of: step))
      } else {
        configuration.model.initializer.fill(
          network.parameters.values, for: network.architecture, seed: configuration.training.seed,
          initialSlope: Float(configuration.model.initialSlope), on: step.largestPool)
        let report = try takeWeights()
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
  private func takeWeights() throws -> WeightReport? {
    let weights = configuration.weights
    guard !weights.source.isEmpty else { return nil }
    let source = try WeightSource(weights.source)
    let transfer = try WeightTransfer(
      source, to: network.architecture, weights, classNames: data.classNames, scale: configuration.data.scale)
    try transfer.apply(to: network.parameters.values)
    return WeightReport(source, transfer)
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
      let own = OwnFolder(path: folder.path) { [folder] in folder.isOurs }
      try listeners.prepare(folder: own, iteration: plan.state?.iteration ?? 0)
      try folder.write(configuration.yaml(), to: RunFolder.configuration)
      if let weights { try folder.write(weights.text, to: "weights.txt") }
      let needed = (configuration.checkpoint.keep + 1) * CheckpointFile.sizeBound(tensors(of: step))
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
