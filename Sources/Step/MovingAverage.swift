import Kernels
import Network
import System

/// The moving average of the parameters. Each rank moves the average of the parameters that it updates, right after
/// their update.
struct MovingAverage {
  /// The average, laid out like the parameters.
  let values: FloatBuffer
  let rule: WeightAverage

  /// The floats that a thread moves at a time.
  private static let piece = 1 << 16

  /// Moves a range of the average toward the parameters, on the calling thread.
  ///
  /// - Parameter iteration: the number of steps done before the one that made the parameters.
  func move(_ range: Range<Int>, toward parameters: FloatBuffer, iteration: Int) {
    moveAverage(
      values.base + range.lowerBound, toward: parameters.base + range.lowerBound,
      share: rule.share(iteration: iteration), count: range.count)
  }

  /// Moves a range of the average toward the parameters on all threads of a pool.
  func move(_ range: Range<Int>, toward parameters: FloatBuffer, iteration: Int, on pool: ThreadPool) {
    pool.parallelFor(range.count.dividedUp(by: Self.piece), as: "moving average") { index, _ in
      let start = range.lowerBound + index * Self.piece
      move(start..<min(start + Self.piece, range.upperBound), toward: parameters, iteration: iteration)
    }
  }
}
