import Kernels
import Network

/// The memory that the threads of a rank compute in: each its own where threads take whole leaves, the same memory
/// together where they share a leaf.
final class ThreadMemory {
  private let buffer: FloatBuffer
  private let threadCount: Int

  init(_ tower: Tower, images: Int, threads: Int) {
    threadCount = tower.scratchCount(images: images)
    buffer = FloatBuffer(
      max(threads * threadCount, threads > 1 ? tower.scratchCount(images: images, members: threads) : 0))
  }

  func ofThread(_ index: Int) -> UnsafeMutablePointer<Float> { buffer.base + index * threadCount }

  var ofTeam: UnsafeMutablePointer<Float> { buffer.base }
}
