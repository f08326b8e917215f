import Checkpoint

/// The object that `inspect --json` prints for a checkpoint.
///
/// Its properties are many because each is a key of the flat object that scripts read.
struct CheckpointObject: Encodable {
  struct Tensor: Encodable {
    let layer: String
    let blob: Int
    let shape: [Int]
  }

  let checkpoint: String
  let digest: String
  let iteration: Int
  let epoch: Int
  let iterationInEpoch: Int
  let samplesSeen: Int
  let seed: UInt64
  let learningRate: Double
  let learningRateDrops: Int
  let finished: Bool
  let secondsTrained: Double
  let worldSize: Int
  let batch: Int
  let run: String
  let program: String
  let created: String
  /// The iteration of the best evaluation; nil, and left out of the JSON, before the first one.
  let bestIteration: Int?
  /// The error in percent.
  let bestValidationTop1Error: Double?
  /// Whether the file holds a moving average of the parameters.
  let hasAverage: Bool
  let tensors: [Tensor]

  private enum CodingKeys: String, CodingKey {
    case checkpoint, digest, iteration, epoch, seed, finished, batch, run, program, created, tensors
    case iterationInEpoch = "iteration_in_epoch"
    case samplesSeen = "samples_seen"
    case learningRate = "learning_rate"
    case learningRateDrops = "learning_rate_drops"
    case secondsTrained = "seconds_trained"
    case worldSize = "world_size"
    case bestIteration = "best_iteration"
    case hasAverage = "has_average"
    case bestValidationTop1Error = "best_validation_top1_error"
  }

  init(_ header: CheckpointHeader, path: String, digest: String) {
    let state = header.state
    checkpoint = path
    self.digest = digest
    (iteration, epoch, iterationInEpoch) = (state.iteration, state.epoch, state.iterationInEpoch)
    (samplesSeen, seed, learningRate) = (state.samplesSeen, state.seed, state.learningRate)
    (learningRateDrops, finished) = (state.schedule.learningRateDrops, state.schedule.finished)
    (secondsTrained, worldSize, batch) = (state.secondsTrained, state.worldSize, state.batch)
    (run, program, created) = (state.runIdentifier, header.provenance.program, header.created)
    (bestIteration, bestValidationTop1Error) = (state.best?.iteration, state.best?.validationTop1Error)
    hasAverage = header.hasAverage
    tensors = header.tensors.map { Tensor(layer: $0.layer, blob: $0.blob, shape: $0.shape) }
  }
}
