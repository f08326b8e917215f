import Kernels
import Network
import Synchronization

/// The sum of the squares of a gradient, over the threads of a pool.
enum GradientNorm {
  /// The floats that a thread adds up at a time: a sum has a cost of its own.
  private static let piece = 1 << 18

  /// Returns the sum over the described parameters. No number of threads changes a bit of it.
  static func squares(
    of gradient: FloatBuffer, _ descriptions: [ParameterDescription], limit: Float, on pool: ThreadPool
  ) -> SquareSum {
    let pieces = descriptions.flatMap { description in
      stride(from: 0, to: description.count, by: piece).map { start in
        description.offset + start..<description.offset + min(start + piece, description.count)
      }
    }
    let total = Mutex(SquareSum())
    pool.parallelFor(pieces.count, as: "norm of the gradient") { index, _ in
      var sum = SquareSum()
      sum.add(gradient.base + pieces[index].lowerBound, count: pieces[index].count, limit: limit)
      total.withLock { $0 += sum }
    }
    return total.withLock { $0 }
  }

  /// Adds the squares of those of the described parameters that lie in `range`, on the calling thread.
  static func add(
    _ range: Range<Int>, of descriptions: [ParameterDescription], _ gradient: FloatBuffer, limit: Float,
    to sum: inout SquareSum
  ) {
    for description in descriptions where description.range.overlaps(range) {
      let part = description.range.clamped(to: range)
      sum.add(gradient.base + part.lowerBound, count: part.count, limit: limit)
    }
  }
}
