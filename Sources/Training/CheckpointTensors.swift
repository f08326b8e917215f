import Checkpoint
import Kernels
import Network

/// The vectors of a training that checkpoints keep, all laid out like the network's parameters.
package struct TrainedVectors: Sendable {
  package let parameters: FloatBuffer
  package let momentum: FloatBuffer
  /// The moving average of the parameters; nil where none is kept.
  package let average: FloatBuffer?

  package init(parameters: FloatBuffer, momentum: FloatBuffer, average: FloatBuffer? = nil) {
    self.parameters = parameters
    self.momentum = momentum
    self.average = average
  }

  /// The vectors in their order.
  var all: [FloatBuffer] { [parameters, momentum] + (average.map { [$0] } ?? []) }
}

/// Returns all parameters with their momentum and average as a checkpoint's tensors, in the network's order, without a
/// copy: whoever uses them keeps the vectors alive.
package func checkpointTensors(_ architecture: ResolvedArchitecture, _ vectors: TrainedVectors) -> [CheckpointTensor] {
  architecture.parameters.map { parameter in
    func part(_ buffer: FloatBuffer) -> UnsafeMutableBufferPointer<Float> {
      UnsafeMutableBufferPointer(rebasing: buffer.values[parameter.range])
    }
    return CheckpointTensor(
      layer: parameter.layer, blob: parameter.blob, shape: parameter.shape, values: part(vectors.parameters),
      momentum: part(vectors.momentum), average: vectors.average.map(part))
  }
}
