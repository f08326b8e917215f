import Kernels
import System

/// Adds the leaves' gradients into the first of them, in the order of a binary tree: neighbors first, then pairs of
/// neighbors, and so on. Absent leaves at the end contribute nothing.
///
/// The leaves lie one behind the other, `stride` floats apart; `count` floats of each are added.
public func sumLeavesInTree(
  _ base: UnsafeMutablePointer<Float>, leaves: Int, stride: Int, count: Int, on pool: ThreadPool
) {
  guard leaves > 1 else { return }
  let piece = 1 << 14
  pool.parallelFor(count.dividedUp(by: piece), as: "sum of the leaves") { index, _ in
    let start = index * piece
    let length = min(piece, count - start)
    var distance = 1
    while distance < leaves {
      var leaf = 0
      while leaf + distance < leaves {
        add(base + (leaf + distance) * stride + start, to: base + leaf * stride + start, count: length)
        leaf += 2 * distance
      }
      distance *= 2
    }
  }
}
