import Checkpoint
import Kernels
import Network
import Synchronization
import System

/// Writes checkpoints from a copy of a training's vectors, on a thread of its own, one at a time.
///
/// The caller waits only for the copy. The copies' memory, as much as the vectors have, is asked for once.
/// HDF5 has one lock in this process (`HDF5Library.exclusively`): whoever else opens a file waits until the write is
/// done.
///
/// The outcome of a write waits until the caller takes it from `outcome`: the thread reports nothing.
package final class CheckpointWriter {
  /// The outcome of a write.
  package struct Outcome {
    package let iteration: Int
    package let isBest: Bool
    package let result: Result<SavedCheckpoint, any Error>
  }

  private let vectors: TrainedVectors
  private var copies: TrainedVectors?
  private var preparation: WorkerThread?
  private var write: Write?

  /// A write on its thread; one without a thread is done already.
  private struct Write {
    let iteration: Int
    let isBest: Bool
    let thread: WorkerThread?
    let box: ResultBox
  }

  /// - Parameter vectors: the vectors where they change.
  package init(_ vectors: TrainedVectors) {
    self.vectors = vectors
  }

  /// Waits for a write that still goes on, as after an error.
  deinit {
    preparation?.join()
    write?.thread?.join()
  }

  /// Asks for the copies' memory, and touches it on another thread, because the first touch takes longer than a copy.
  /// The first save does it where nobody has.
  package func prepare() {
    guard copies == nil else { return }
    let copies = TrainedVectors(
      parameters: FloatBuffer(vectors.parameters.count), momentum: FloatBuffer(vectors.momentum.count),
      average: vectors.average.map { FloatBuffer($0.count) })
    self.copies = copies
    preparation = Self.perform {
      // One float in each page of 4 KiB, the smallest that there are.
      for buffer in copies.all {
        for index in stride(from: 0, to: buffer.count, by: 1024) { buffer.base[index] = 0 }
      }
    }
  }

  /// Copies the tensors, and starts to write. The outcome of the write before must have been taken.
  ///
  /// - Parameter write: writes the copies; it runs on another thread, and reads nothing that changes.
  package func start(
    iteration: Int, isBest: Bool, on pool: ThreadPool,
    write: @escaping @Sendable (_ copies: TrainedVectors) throws -> SavedCheckpoint
  ) {
    precondition(self.write == nil, "a checkpoint is started while another one is being written")
    prepare()
    preparation?.join()
    preparation = nil
    guard let copies else { preconditionFailure("no memory was prepared for the copies") }
    for (source, target) in zip(vectors.all, copies.all) {
      let piece = 1 << 20
      pool.parallelFor(source.count.dividedUp(by: piece), as: "copies for the checkpoint") { index, _ in
        let start = index * piece
        (target.base + start).update(from: source.base + start, count: min(piece, source.count - start))
      }
    }
    let box = ResultBox()
    let thread = Self.perform {
      let result = Result {
        try Trace.span("write the checkpoint", .checkpoint, iteration) {
          try write(copies)
        }
      }
      box.result.withLock { $0 = result }
    }
    self.write = Write(iteration: iteration, isBest: isBest, thread: thread, box: box)
  }

  /// Returns the outcome of the write that was started, once; nil where none was started, or where it still goes on.
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

  /// Runs `body` on a thread of its own. Where the system starts none, the caller runs it, and there is nothing to
  /// join.
  private static func perform(_ body: @escaping @Sendable () -> Void) -> WorkerThread? {
    do {
      return try WorkerThread(name: "checkpoint", body)
    } catch {
      body()
      return nil
    }
  }

  /// The place where the thread leaves the result of a write.
  private final class ResultBox: Sendable {
    let result = Mutex<Result<SavedCheckpoint, any Error>?>(nil)
  }
}
