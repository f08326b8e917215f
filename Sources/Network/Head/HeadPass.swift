import Kernels
import System

/// One pass of the head over the rows of a mini-batch, forward and backward.
public struct HeadPass: Sendable {
  public let rows: Int
  /// The network's whole vector.
  public let parameters: FloatBuffer
  public let memory: HeadMemory
  /// The random numbers of this iteration's dropout; nil at test time, when dropout is the identity.
  public let dropout: DropoutIteration?
  public let pool: ThreadPool

  public init(
    rows: Int, parameters: FloatBuffer, memory: HeadMemory, dropout: DropoutIteration? = nil, on pool: ThreadPool
  ) {
    precondition(rows <= memory.rows, "\(rows) rows in memory for \(memory.rows)")
    self.rows = rows
    self.parameters = parameters
    self.memory = memory
    self.dropout = dropout
    self.pool = pool
  }

  /// Calls `body` for every piece of a product, each with its thread's own memory.
  ///
  /// - Parameter phase: the name of the product in a trace.
  func forEachPiece(_ count: Int, as phase: TraceLabel, _ body: (_ piece: ProductPiece) -> Void) {
    pool.parallelFor(count, as: phase) { piece, thread in
      body(ProductPiece(piece, scratch: memory.scratch[thread].base))
    }
  }
}
