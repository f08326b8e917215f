import Kernels
import System

extension Inference {
  /// Returns the bytes that an inference takes once every thread has scored images of these extents.
  ///
  /// - Parameters:
  ///   - rows: The number of windows that go through the head together at most.
  ///   - extents: The extents of the largest images, no side shorter than the network's input.
  ///   - threads: The number of the pool's threads.
  /// - Throws: An error if the maps would be too large to count.
  public static func byteCount(
    of network: Network, rows: Int, extents: PlaneExtents, threads: Int
  ) throws(ArchitectureError) -> Int {
    let form = DenseForm(network, try network.denseShape(extents))
    let filters = network.tower.layers.reduce(0) { $0 + $1.filterCount(.forward) }
    let thread =
      FrameMemory.count(form.tower, images: imagesTogether(extents)) + form.windows.sharedCount
      + rows * network.head.featureCount
      + HeadMemory(network.head, rows: rows, threads: 1, forTraining: false).count
    return (filters + threads * thread) * MemoryLayout<Float>.stride
  }
}
