import Checkpoint
import Kernels
import Network

/// Returns all parameters with their momentum as a checkpoint's tensors, in the network's order, without a copy:
/// whoever uses them keeps the two vectors alive.
package func checkpointTensors(
  _ architecture: ResolvedArchitecture, _ parameters: FloatBuffer, _ momentum: FloatBuffer
) -> [CheckpointTensor] {
  architecture.parameters.map { parameter in
    CheckpointTensor(
      layer: parameter.layer, blob: parameter.blob, shape: parameter.shape,
      values: UnsafeMutableBufferPointer(rebasing: parameters.values[parameter.range]),
      momentum: UnsafeMutableBufferPointer(rebasing: momentum.values[parameter.range]))
  }
}
