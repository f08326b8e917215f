import Kernels
import Network

/// The vectors of a step, all laid out like the network's parameters.
struct StepVectors {
  let network: Network
  let momentum: FloatBuffer
  let gradient: FloatBuffer
  /// The moving average of the parameters; nil where none is kept.
  let average: MovingAverage?

  init(_ network: Network, _ settings: StepSettings) {
    self.network = network
    let count = network.parameters.count
    momentum = FloatBuffer(count)
    gradient = FloatBuffer(count)
    average = settings.average.map { MovingAverage(values: FloatBuffer(count), rule: $0) }
  }
}
