import Kernels
import Synchronization
import System

/// The scores of images of any size that the network's tower fits on, without dropout: each window of the last map that
/// has the extents of training's map is pooled into features and goes through the head (paper, section 4 on testing).
/// An image of the network's own input has one such window.
///
/// It takes the parameters as they are when it is made, and holds memory of its own for each of the pool's threads.
public final class Inference: Sendable {
  /// The number of images that go through the tower together, unless they have more pixels than `pixelsTogether`.
  private static let imagesTogether = 16
  private static let pixelsTogether = 800_000

  let network: Network
  let filters: TowerFilters
  private let pool: ThreadPool
  private let workers: [Worker]
  private let forms = Mutex<[PlaneExtents: DenseForm]>([:])

  /// A worker is Sendable, because a scorer is used only by the thread that its number belongs to.
  private struct Worker: @unchecked Sendable {
    let scorer: WindowScorer
  }

  /// - Parameter rows: The number of windows that go through the head together at most.
  public init(_ network: Network, rows: Int, on pool: ThreadPool) {
    self.network = network
    self.pool = pool
    let tower = network.tower
    filters = TowerFilters(tower, keepsAll: true)
    for layer in tower.layers.indices {
      tower.transformFilters(ofLayer: layer, for: .forward, network.parameters, into: filters, on: pool)
    }
    let filters = filters
    workers = (0..<pool.threadCount).map { _ in Worker(scorer: WindowScorer(network, filters: filters, rows: rows)) }
  }

  /// Returns the network's form on images of these extents, ready to score them.
  public func form(_ extents: PlaneExtents) throws(ArchitectureError) -> DenseForm {
    if let form = forms.withLock({ $0[extents] }) { return form }
    let form = DenseForm(network, try network.denseShape(extents))
    form.tower.prepare(network.parameters, on: ThreadPool(threads: 1))
    forms.withLock { forms in
      // Photographs have hundreds of sizes; those that come again come soon.
      if forms.count >= 64 { forms.removeAll() }
      forms[extents] = form
    }
    return form
  }

  /// Calls `body` for each piece in 0 ..< `count`, on several threads at once, each with a scorer of its own.
  public func parallelFor(_ count: Int, _ body: (_ piece: Int, _ scorer: WindowScorer) -> Void) {
    pool.parallelFor(count, as: "images to score") { piece, thread in body(piece, workers[thread].scorer) }
  }

  /// The number of images of these extents that go through the tower together.
  static func imagesTogether(_ extents: PlaneExtents) -> Int {
    max(1, min(imagesTogether, pixelsTogether / extents.count))
  }
}

/// One thread's part of an `Inference`.
public final class WindowScorer {
  private let network: Network
  private let filters: TowerFilters
  private let memory = FrameMemory()
  private var shared = FloatBuffer(0)
  private let features: FloatBuffer
  private let rows: Int
  private let head: HeadMemory
  private let pool = ThreadPool(threads: 1)

  init(_ network: Network, filters: TowerFilters, rows: Int) {
    self.network = network
    self.filters = filters
    self.rows = rows
    features = FloatBuffer(rows * network.head.featureCount)
    head = HeadMemory(network.head, rows: rows, threads: 1, forTraining: false)
  }

  /// Scores the windows of `count` images of one size.
  ///
  /// An image's scores have the same bits on any thread and rank; their last bits may depend on how many images are
  /// scored with it.
  ///
  /// - Parameters:
  ///   - form: The form of the images, from the same `Inference`.
  ///   - windows: The windows that count; nil for all.
  ///   - load: Writes an image's planar input, (channels, height, width).
  ///   - use: Gets the scores of each window of each image, one call a window.
  public func score(
    _ count: Int, form: DenseForm, windows: WindowRange? = nil,
    load: (_ image: Int, _ target: UnsafeMutablePointer<Float>) -> Void,
    use: (_ image: Int, _ scores: UnsafePointer<Float>) -> Void
  ) {
    let together = Inference.imagesTogether(form.shape.extents)
    memory.reserve(form.tower, images: together)
    if shared.count < form.windows.sharedCount { shared = FloatBuffer(form.windows.sharedCount) }
    let windows = windows ?? form.shape.allWindows
    let featureCount = network.head.featureCount
    var owners: [Int] = []
    owners.reserveCapacity(rows)
    func flush() {
      let scores = network.head.forward(
        features.base, HeadPass(rows: owners.count, parameters: network.parameters, memory: head, on: pool))
      for (row, image) in owners.enumerated() { use(image, scores + row * network.head.classes) }
      owners.removeAll(keepingCapacity: true)
    }
    for start in stride(from: 0, to: count, by: together) {
      let images = min(together, count - start)
      for image in 0..<images { load(start + image, memory.images + image * form.tower.imageCount) }
      let maps = form.tower.output(images: images, memory, filters: filters)
      for image in 0..<images {
        form.windows.prepare(maps.advanced(by: image * form.map.count), into: shared.base)
        for row in windows.rows {
          for column in windows.columns {
            form.windows.features(
              row: row, column: column, of: shared.base, into: features.base + owners.count * featureCount)
            owners.append(start + image)
            if owners.count == rows { flush() }
          }
        }
      }
    }
    if !owners.isEmpty { flush() }
  }
}

/// The windows of a last map, by the places of their corners.
public struct WindowRange: Equatable, Sendable {
  public var rows: Range<Int>
  public var columns: Range<Int>

  public init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  public var count: Int { rows.count * columns.count }
}
