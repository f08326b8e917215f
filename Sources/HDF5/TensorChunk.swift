import System

/// How a tensor is cut into pieces in the file: whole inner axes, a range of one axis, single indices of the outer
/// ones. Such pieces, in order, are consecutive in memory.
package struct TensorChunk {
  /// Values in a piece at most: 1 MiB, which HDF5's cache for pieces holds.
  package static let valueLimit = 1 << 18

  package let shape: [Int]
  /// A piece's extents; the last piece along an axis may be smaller.
  package let extents: [Int]

  package init(_ shape: [Int], limit: Int = valueLimit) {
    self.shape = shape
    var extents = [Int](repeating: 1, count: shape.count)
    var inner = 1
    for axis in shape.indices.reversed() {
      let most = max(1, limit / inner)
      if shape[axis] <= most {
        extents[axis] = shape[axis]
        inner *= shape[axis]
      } else {
        // Pieces of nearly equal size: the file pads the last one.
        extents[axis] = shape[axis].dividedUp(by: shape[axis].dividedUp(by: most))
        break
      }
    }
    self.extents = extents
  }

  /// Values in a whole piece.
  package var count: Int { extents.reduce(1, *) }

  /// A piece: its first index and its extents along each axis.
  package struct Piece {
    package let start: [Int]
    package let extents: [Int]
  }

  /// All pieces, in the order of memory.
  package var pieces: [Piece] {
    var pieces: [Piece] = []
    var start = [Int](repeating: 0, count: shape.count)
    while true {
      pieces.append(Piece(start: start, extents: shape.indices.map { min(extents[$0], shape[$0] - start[$0]) }))
      var axis = shape.count - 1
      while axis >= 0 {
        start[axis] += extents[axis]
        if start[axis] < shape[axis] { break }
        start[axis] = 0
        axis -= 1
      }
      if axis < 0 { return pieces }
    }
  }
}
