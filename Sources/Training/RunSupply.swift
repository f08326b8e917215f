import Communication
import Datasets
import Evaluation
import Images
import Network

/// What a run takes from its data: samples to train on, images to measure the network on.
extension RunSetup {
  func sampleSupply() -> SampleSupply {
    let training = configuration.training
    let stream = SampleStream(seed: training.seed, sampleCount: data.training.count, batch: training.batch)
    let last = stream.iterations(inEpochs: training.epochs)
    return SampleSupply(
      data.training, stream: stream, loadingThreads: settings.loadingThreads ?? max(1, pool.threadCount / 4),
      lastIteration: min(last, settings.iterations ?? last))
  }

  /// The measurement after each epoch: the validation images, or as many of them as the configuration draws.
  func validation() throws -> Evaluator {
    let (subset, count) = (configuration.data.subset, data.validation.count)
    return try evaluator(
      of: data.validation,
      samples: subset == 0
        ? nil : randomSubset(count: count, chosen: subset, seed: configuration.training.seed))
  }

  /// - Parameter samples: the images to measure; nil for all.
  func evaluator(of images: any TestImages, samples: [Int]? = nil) throws -> Evaluator {
    let member = EnsembleMember(network, images: images, mean: data.training.mean, configuration)
    return try Evaluator([member], .center, samples: samples, world: world, on: pool)
  }

  /// Gives all ranks rank 0's head, for an evaluation.
  func shareHead() throws {
    let head = UnsafeMutableBufferPointer(rebasing: network.parameters.values[network.architecture.headRange])
    try world.broadcast(UnsafeMutableRawBufferPointer(head), root: 0)
  }
}
