import Checkpoint

/// Tensors with values of every kind that a float can have, from a seed.
final class TestNetwork {
  let tensors: [CheckpointTensor]

  /// Shapes that are odd, scalar, of one piece and of several.
  static let shapes: [(layer: String, blob: Int, shape: [Int])] = [
    ("conv1", 0, [5, 3, 7, 7]), ("conv1", 1, [5]), ("conv1_prelu", 0, [5]), ("conv2", 0, [3, 5, 1, 3]),
    ("conv2", 1, [3]), ("conv2_prelu", 0, []), ("größe", 0, [1, 1]), ("fc", 0, [2, 300_000]), ("fc", 1, [2]),
  ]

  init(
    _ shapes: [(layer: String, blob: Int, shape: [Int])] = TestNetwork.shapes, seed: UInt32, hasMomentum: Bool = true,
    hasAverage: Bool = false, isFinite: Bool = false
  ) {
    var state = seed &* 2_654_435_761 &+ 1
    func values(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      for index in 0..<count {
        state = state &* 1_664_525 &+ 1_013_904_223
        // All bit patterns: zeros of both signs, denormals, infinities and NaNs must survive too.
        let value = Float(bitPattern: state ^ state >> 15)
        buffer.initializeElement(at: index, to: isFinite && !value.isFinite ? 0 : value)
      }
      return buffer
    }
    tensors = shapes.map { shape in
      let count = shape.shape.reduce(1, *)
      return CheckpointTensor(
        layer: shape.layer, blob: shape.blob, shape: shape.shape, values: values(count),
        momentum: hasMomentum ? values(count) : nil, average: hasAverage ? values(count) : nil)
    }
  }

  deinit {
    for tensor in tensors {
      tensor.values.deallocate()
      tensor.momentum?.deallocate()
      tensor.average?.deallocate()
    }
  }

  var digest: String {
    withExtendedLifetime(self) { CheckpointFile.digest(tensors) }
  }

  /// Reads a checkpoint to where the tensors lie.
  func read(_ path: String) throws {
    try withExtendedLifetime(self) { try CheckpointFile.read(path, into: tensors) }
  }

  /// The bits of all values, momentum and averages.
  var bits: [[UInt32]] {
    withExtendedLifetime(self) {
      tensors.map { $0.values.map(\.bitPattern) } + tensors.compactMap { $0.momentum?.map(\.bitPattern) }
        + tensors.compactMap { $0.average?.map(\.bitPattern) }
    }
  }
}

let testState = TrainingState(
  iteration: 1234, epoch: 3, iterationInEpoch: 17, samplesSeen: 157_952, seed: .max - 1, learningRate: 0.1 / 3,
  schedule: ScheduleState(learningRateDrops: 2, plateauBest: 9.87, evaluationsSinceBest: 1, finished: false),
  best: BestResult(validationTop1Error: 8.5, iteration: 1100),
  epochSums: EpochSums(lossSum: 1e5 / 7, errorCount: 42, sampleCount: 2176, seconds: 12.5, dataSeconds: 0.25),
  secondsTrained: 4567.25,
  worldSize: 8, batch: 128, runIdentifier: "run-1")

/// The state at another iteration, which lies in no later epoch and has no more steps in it than that.
func testState(at iteration: Int) -> TrainingState {
  var state = testState
  state.iteration = iteration
  state.epoch = min(state.epoch, iteration)
  state.iterationInEpoch = min(state.iterationInEpoch, iteration)
  return state
}

let testProvenance = Provenance(program: "prelu-dist 0.1.0", commandLine: "prelu-dist train --seed 7 ‘ünï’")

@discardableResult
func writeTestCheckpoint(_ path: String, _ network: TestNetwork, iteration: Int = 1234) throws -> String {
  let state = testState(at: iteration)
  return try withExtendedLifetime(network) {
    try CheckpointFile.write(
      to: path, tensors: network.tensors, state: state, configuration: #"{"model":"small-14"}"#,
      dataFingerprint: #"{"images":60000}"#, provenance: testProvenance)
  }
}
