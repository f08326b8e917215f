import Checkpoint
import Foundation
import System
import TestSupport
import Testing

/// Tests of files that have the name of one of a run's checkpoints, and that the run has not written.
@Suite struct OwnCheckpointTests {
  private let scratch: ScratchFolder
  private let path: String
  private var folder: RunFolder
  private let network = TestNetwork([("conv1", 0, [4, 3, 3, 3]), ("conv1", 1, [4])], seed: 1)

  init() throws {
    scratch = try ScratchFolder()
    path = scratch.file("run")
    folder = try RunFolder.create(at: path)
    try folder.claim(runIdentifier: "first")
  }

  private func checkpoint(_ iteration: Int) -> String { "\(path)/checkpoint-\(iteration).h5" }

  private func save(_ iteration: Int, best: Int? = nil, configuration: String = "{}") throws {
    var state = testState(at: iteration)
    state.best = best.map { BestResult(validationTop1Error: 8.5, iteration: $0) }
    try withExtendedLifetime(network) {
      _ = try folder.save(
        tensors: network.tensors, state: state, configuration: configuration, dataFingerprint: "{}",
        provenance: testProvenance, keep: 3)
    }
  }

  /// An average, or another checkpoint, seems to be newer, but is neither measured nor trained.
  @Test func theyArePassedOver() throws {
    try save(10)
    try CheckpointAverage.write(of: [checkpoint(10)], to: checkpoint(20), provenance: testProvenance)
    try FileManager.default.copyItem(atPath: checkpoint(10), toPath: checkpoint(30))
    for trains in [false, true] {
      let newest = try folder.newestWhole(trains: trains)
      #expect(newest.path == checkpoint(10) && newest.header.state.iteration == 10)
      #expect(
        newest.skipped.map(\.description) == [
          "\(checkpoint(30)): it is the checkpoint of iteration 10: the run itself has not written it under this name",
          "\(checkpoint(20)): it has no momentum, as an average has none: the run itself has not written it",
        ])
    }
    #expect(try RunFolder.checkpointPath(path) == checkpoint(10))
  }

  /// Files that somebody put there are not removed, and take no place among those that a run keeps.
  @Test func theyAreNeitherRemovedNorCounted() throws {
    try save(10)
    try CheckpointAverage.write(of: [checkpoint(10)], to: checkpoint(5), provenance: testProvenance)
    try FileManager.default.copyItem(atPath: checkpoint(10), toPath: checkpoint(9001))
    for iteration in [20, 30, 40] { try save(iteration) }
    #expect(try folder.checkpoints().map(\.iteration) == [9001, 40, 30, 20, 5])
  }

  private static func settings(seed: Int, epochs: Int = 4) -> String {
    #"{"model":{"width":4},"training":{"epochs":\#(epochs),"seed":\#(seed)},"solver":{"learningRate":0.02}}"#
  }

  /// Another run's checkpoint has the same network, momentum and the right number.
  @Test mutating func thoseOfAnotherRunArePassedOver() throws {
    try folder.claim(runIdentifier: "own", configuration: Self.settings(seed: 1))
    try save(10, best: 10, configuration: Self.settings(seed: 1))
    // What may change while a run goes on makes it no other.
    try save(20, best: 10, configuration: Self.settings(seed: 1, epochs: 8))
    #expect(try folder.newestWhole().path == checkpoint(20))
    try save(30, best: 10, configuration: Self.settings(seed: 9))
    let newest = try folder.newestWhole()
    #expect(newest.path == checkpoint(20))
    let words = "\(checkpoint(30)): its settings are those of another run: the run itself has not written it"
    #expect(newest.skipped.map(\.description).contains(words), "\(newest.skipped)")
    #expect(try folder.best()?.path == checkpoint(10))
    try save(10, best: 10, configuration: Self.settings(seed: 9))
    expect(.missing, ["found another one (its settings are those of another run: the run"]) { _ = try folder.best() }
  }

  /// An average in the place of the best checkpoint is not measured for it.
  @Test func theyAreNotTheBest() throws {
    try save(10, best: 10)
    try save(20, best: 10)
    try CheckpointAverage.write(of: [checkpoint(10)], to: checkpoint(10), provenance: testProvenance)
    let found = "found another one (it has no momentum, as an average has none: the run itself has not written it)"
    expect(
      .missing,
      ["\(checkpoint(10)): expected the run's best checkpoint, \(found). Name another of its checkpoints"]
    ) { _ = try folder.best() }
    try FileManager.default.removeItem(atPath: checkpoint(10))
    try FileManager.default.copyItem(atPath: checkpoint(20), toPath: checkpoint(10))
    expect(.missing, ["found another one (it is the checkpoint of iteration 20: the run"]) { _ = try folder.best() }
  }
}
