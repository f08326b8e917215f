import Communication
import Datasets
import Evaluation
import Images
import Kernels
import Network
import Step

/// The supply of a run with its data: samples to train on, and images to measure the network on.
extension RunSetup {
  /// Makes the supply of samples, in the order that the seed draws.
  func sampleSupply() -> SampleSupply {
    let training = configuration.training
    let stream = SampleStream(
      seed: training.seed, labels: data.training.labels, batch: training.batch,
      sampling: training.sampling == .balanced ? .balanced : .shuffled)
    let last = stream.iterations(inEpochs: training.epochs)
    let mixed = configuration.regularization
    return SampleSupply(
      data.training, stream: stream,
      mixing: mixed.mixes
        ? SampleMixing(mixup: mixed.mixup, cutMix: mixed.cutMix, probability: mixed.mixProbability) : nil,
      loadingThreads: loadingThreads, endIteration: min(last, settings.iterations ?? last))
  }

  /// The number of threads that load images ahead of the step, where loading takes long.
  private var loadingThreads: Int { settings.loadingThreads ?? max(1, pool.threadCount / 4) }

  /// Returns the number of threads that this rank has at most: those that compute, also the fully connected layers,
  /// those that load, one for messages and one for checkpoints.
  func threadCount(_ step: DistributedStep) -> Int {
    let head = step.largestPool === pool ? 0 : step.largestPool.threadCount - 1
    return pool.threadCount + head + loadingThreads + 2
  }

  /// Returns the order of a step with samples of the whole mini-batch, of which only rank 0 knows the classes.
  func order(iteration: Int, _ sgd: SGD, _ samples: Samples) -> StepOrder {
    var order = StepOrder(iteration: iteration, sgd: sgd, labels: samples.labels)
    let weights = data.classWeights
    if configuration.regularization.softensLabels {
      order.soft = SoftLabels(
        partners: samples.partners, shares: samples.labels.isEmpty ? [] : samples.shares,
        smoothing: configuration.regularization.labelSmoothing, classWeights: weights ?? [])
    } else if let weights {
      order.weights = samples.labels.map { weights[Int($0)] }
    }
    return order
  }

  /// Makes the measurement after each epoch: on the validation images, or on as many of them as the configuration
  /// draws.
  ///
  /// - Parameter network: the network that is measured.
  func validation(of network: Network) throws -> Evaluator {
    let (subset, count) = (configuration.data.subset, data.validation.count)
    return try evaluator(
      of: data.validation, network,
      samples: subset == 0
        ? nil : randomSubset(count: count, chosen: subset, seed: configuration.training.seed))
  }

  /// Makes a measurement of a network.
  ///
  /// - Parameter samples: the numbers of the images to measure on; nil for all.
  func evaluator(of images: any TestImages, _ network: Network, samples: [Int]? = nil) throws -> Evaluator {
    let member = EnsembleMember(network, images: images, mean: data.training.mean, configuration)
    return try Evaluator([member], .center, samples: samples, world: world, on: pool)
  }

  /// Returns the network with the moving average of the parameters that a step keeps; nil where it keeps none.
  func averagedNetwork(of step: DistributedStep) -> Network? {
    step.average.map {
      Network(
        network.architecture, convolution: settings.convolution, precision: configuration.training.precision,
        parameters: $0)
    }
  }

  /// Gives all ranks rank 0's head of a network, for an evaluation. All ranks call it.
  func shareHead(of network: Network) throws {
    let head = UnsafeMutableBufferPointer(rebasing: network.parameters.values[network.architecture.headRange])
    try world.broadcast(UnsafeMutableRawBufferPointer(head), root: 0)
  }
}
