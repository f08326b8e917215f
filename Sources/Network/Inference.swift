import Kernels

/// Computes scores of groups of images without dropout, one group on each thread at a time.
///
/// Groups have a fixed size, so an image's scores have the same bits whoever computes its group.
public final class Inference: Sendable {
  /// Images in a group.
  public static let groupSize = 64
  /// Images that go through the tower together.
  private static let leafSize = 16

  private let network: Network
  private let pool: ThreadPool
  private let workers: [Worker]

  private final class Worker: Sendable {
    let leaf: LeafMemory
    let scratch: FloatBuffer
    let features: FloatBuffer
    let head: HeadMemory
    let pool = ThreadPool(threads: 1)

    init(_ network: Network) {
      leaf = LeafMemory(network.tower, capacity: Inference.leafSize, forTraining: false)
      scratch = FloatBuffer(network.tower.scratchCount(images: Inference.leafSize))
      features = FloatBuffer(Inference.groupSize * network.tower.featureCount)
      head = HeadMemory(network.head, rows: Inference.groupSize, threads: 1, forTraining: false)
    }
  }

  public init(_ network: Network, on pool: ThreadPool) {
    self.network = network
    self.pool = pool
    workers = (0..<pool.threadCount).map { _ in Worker(network) }
  }

  /// Calls `use` with the scores (images×classes) of each group, on several threads at once.
  ///
  /// - Parameters:
  ///   - sizes: images in each group, up to `groupSize`.
  ///   - load: writes image `index` of a group as the network's planar input.
  public func scores(
    sizes: [Int], load: (_ group: Int, _ index: Int, _ target: UnsafeMutablePointer<Float>) -> Void,
    use: (_ group: Int, _ scores: UnsafePointer<Float>) -> Void
  ) {
    let tower = network.tower
    tower.prepare(network.parameters, on: pool)
    let filters = TowerFilters(tower, keepsAll: true)
    for layer in tower.layers.indices {
      tower.transformFilters(ofLayer: layer, for: .forward, network.parameters, into: filters, on: pool)
    }
    let featureCount = network.tower.featureCount
    pool.parallelFor(sizes.count) { group, thread in
      let worker = workers[thread]
      let size = sizes[group]
      precondition(size <= Self.groupSize, "a group of \(size) images; \(Self.groupSize) is the limit")
      for start in stride(from: 0, to: size, by: Self.leafSize) {
        let images = min(Self.leafSize, size - start)
        for image in 0..<images {
          load(group, start + image, worker.leaf.images + image * network.tower.imageCount)
        }
        for layer in tower.layers.indices {
          tower.forward(layer: layer, worker.leaf, images: images, filters: filters, scratch: worker.scratch)
        }
        (worker.features.base + start * featureCount)
          .update(from: worker.leaf.features, count: images * featureCount)
      }
      let scores = network.head.forward(
        worker.features.base, rows: size, parameters: network.parameters, memory: worker.head, on: worker.pool)
      use(group, scores)
    }
  }
}
