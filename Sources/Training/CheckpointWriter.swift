import Checkpoint
import Kernels
import Network
import Synchronization
import System

/// Writes checkpoints from a copy of the parameters and their momentum, on a thread of its own, one at a time.
///
/// The caller waits for the copy, and for the checkpoint before if that is still being written. The memory for the copy,
/// as much as parameters and momentum have, is asked for once. HDF5 has one lock in this process
/// (`HDF5Library.exclusively`): whoever else opens a file waits until the write is done.
///
/// What comes of a write waits in `outcome` until it is taken: nothing is reported from the thread.
package final class CheckpointWriter {
  /// What came of a write.
  package struct Outcome {
    package let iteration: Int
    package let isBest: Bool
    package let result: Result<SavedCheckpoint, any Error>
  }

  private let parameters: FloatBuffer
  private let momentum: FloatBuffer
  private var copies: (parameters: FloatBuffer, momentum: FloatBuffer)?
  private var preparation: WorkerThread?
  private var write: Write?

  /// A write on its thread; without a thread it is done already.
  private struct Write {
    let iteration: Int
    let isBest: Bool
    let thread: WorkerThread?
    let box: ResultBox
  }

  /// - Parameters: where the network's parameters and their momentum lie.
  package init(parameters: FloatBuffer, momentum: FloatBuffer) {
    self.parameters = parameters
    self.momentum = momentum
  }

  /// An end on the way, as after an error, still waits for the write.
  deinit {
    preparation?.join()
    write?.thread?.join()
  }

  /// Asks for the copies' memory, and touches it on another thread: at first that takes longer than to copy. The first
  /// save does it where nobody has.
  package func prepare() {
    guard copies == nil else { return }
    let copies = (parameters: FloatBuffer(parameters.count), momentum: FloatBuffer(momentum.count))
    self.copies = copies
    preparation = Self.perform {
      // A float in each of the smallest pages that there are.
      for buffer in [copies.parameters, copies.momentum] {
        for index in stride(from: 0, to: buffer.count, by: 1024) { buffer.base[index] = 0 }
      }
    }
  }

  /// Copies, and starts to write. The outcome of the write before must have been taken.
  ///
  /// - Parameter write: is given the copies; runs on another thread, and touches nothing that changes.
  package func start(
    iteration: Int, isBest: Bool, on pool: ThreadPool,
    write: @escaping @Sendable (_ parameters: FloatBuffer, _ momentum: FloatBuffer) throws -> SavedCheckpoint
  ) {
    precondition(self.write == nil, "a checkpoint is started while another one is being written")
    prepare()
    preparation?.join()
    preparation = nil
    guard let copies else { preconditionFailure("no memory was prepared for the copies") }
    for (source, target) in [(parameters, copies.parameters), (momentum, copies.momentum)] {
      let piece = 1 << 20
      pool.parallelFor(source.count.dividedUp(by: piece)) { index, _ in
        let start = index * piece
        (target.base + start).update(from: source.base + start, count: min(piece, source.count - start))
      }
    }
    let box = ResultBox()
    let thread = Self.perform {
      let result = Result { try write(copies.parameters, copies.momentum) }
      box.result.withLock { $0 = result }
    }
    self.write = Write(iteration: iteration, isBest: isBest, thread: thread, box: box)
  }

  /// What came of the write that was started, once; nil where none was, or where it goes on.
  ///
  /// - Parameter waiting: whether to wait for its end.
  package func outcome(waiting: Bool) -> Outcome? {
    guard let write, waiting || write.thread?.isFinished ?? true else { return nil }
    write.thread?.join()
    self.write = nil
    guard let result = write.box.result.withLock({ $0 }) else {
      preconditionFailure("the write of \(write.iteration) came to nothing")
    }
    return Outcome(iteration: write.iteration, isBest: write.isBest, result: result)
  }

  /// Runs `body` on a thread of its own. Where the system starts none the caller does it, and there is nothing to join.
  private static func perform(_ body: @escaping @Sendable () -> Void) -> WorkerThread? {
    do {
      return try WorkerThread(name: "checkpoint", body)
    } catch {
      body()
      return nil
    }
  }

  /// The place where the thread leaves what came of a write.
  private final class ResultBox: Sendable {
    let result = Mutex<Result<SavedCheckpoint, any Error>?>(nil)
  }
}

/// All parameters with their momentum, in net order, where they lie in two vectors.
package func checkpointTensors(
  _ architecture: ResolvedArchitecture, _ parameters: FloatBuffer, _ momentum: FloatBuffer
) -> [CheckpointTensor] {
  architecture.parameters.map { parameter in
    CheckpointTensor(
      layer: parameter.layer, blob: parameter.blob, shape: parameter.shape,
      values: UnsafeMutableBufferPointer(rebasing: parameters.values[parameter.range]),
      momentum: UnsafeMutableBufferPointer(rebasing: momentum.values[parameter.range]))
  }
}
