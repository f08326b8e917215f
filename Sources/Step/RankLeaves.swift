import Communication
import Kernels
import Network

/// The leaves of the mini-batch that this rank computes, with the memory for their maps and gradients.
///
/// Leaves are numbered from 0 among this rank's own, except where a name says `inBatch`.
final class RankLeaves {
  private(set) var shares: Shares
  /// The memory of each leaf's maps.
  private(set) var memory: [LeafMemory] = []
  /// The gradient of one layer's parameters for each leaf, one behind the other; empty where the rank has at most one
  /// leaf.
  private(set) var gradients = FloatBuffer(0)

  private let tower: Tower
  private let rank: Int
  /// The number of images that a leaf has room for.
  private let capacity: Int
  /// This rank's leaves among all of the mini-batch.
  private var inBatch: Range<Int>
  /// The leaf of each of this rank's slots, and the place in the leaf.
  private var places: [(leaf: Int, image: Int)] = []

  init(_ tower: Tower, shares: Shares, rank: Int) {
    self.tower = tower
    self.rank = rank
    self.shares = shares
    capacity = shares.leafSize
    inBatch = shares.leaves(ofRank: rank)
    allocate()
  }

  var count: Int { inBatch.count }
  var isEmpty: Bool { inBatch.isEmpty }
  var indices: Range<Int> { 0..<inBatch.count }

  /// The number of a leaf among all of the mini-batch.
  func inBatch(_ leaf: Int) -> Int { inBatch.lowerBound + leaf }

  /// The number of images of a leaf.
  func images(of leaf: Int) -> Int { shares.slots(ofLeaf: inBatch(leaf)).count }

  /// Goes on with other shares of the same mini-batch, whose leaves are no larger than the first ones'.
  func adopt(_ shares: Shares) {
    precondition(
      shares.batch == self.shares.batch && shares.ranks == self.shares.ranks && shares.leafSize <= capacity,
      "\(shares) instead of \(self.shares)")
    self.shares = shares
    inBatch = shares.leaves(ofRank: rank)
    allocate()
  }

  private func allocate() {
    memory.removeLast(max(0, memory.count - count))
    while memory.count < count { memory.append(LeafMemory(tower, capacity: capacity)) }
    places = indices.flatMap { leaf in (0..<images(of: leaf)).map { (leaf, $0) } }
    let largestLayer = tower.layers.map(\.parameterRange.count).max() ?? 0
    let needed = count > 1 ? count * largestLayer : 0
    if gradients.count < needed { gradients = FloatBuffer(needed) }
  }

  /// Calls `load` for the image of each of this rank's slots, on several threads at once.
  func loadImages(on pool: ThreadPool, _ load: (_ slot: Int, _ target: UnsafeMutablePointer<Float>) -> Void) {
    let first = shares.slots(ofRank: rank).lowerBound
    pool.parallelFor(places.count, as: "images") { index, _ in
      let (leaf, image) = places[index]
      load(first + index, memory[leaf].images + image * tower.imageCount)
    }
  }
}
