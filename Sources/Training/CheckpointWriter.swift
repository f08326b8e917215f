import Checkpoint
import Kernels
import Network
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

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
  private var preparation: Work?
  private var write: (iteration: Int, isBest: Bool, work: Work, box: ResultBox)?

  /// - Parameters: where the network's parameters and their momentum lie.
  package init(parameters: FloatBuffer, momentum: FloatBuffer) {
    self.parameters = parameters
    self.momentum = momentum
  }

  /// An end on the way, as after an error, still waits for the write.
  deinit {
    preparation?.join()
    write?.work.join()
  }

  /// Asks for the copies' memory, and touches it on another thread: at first that takes longer than to copy. The first
  /// save does it where nobody has.
  package func prepare() {
    guard copies == nil else { return }
    let copies = (parameters: FloatBuffer(parameters.count), momentum: FloatBuffer(momentum.count))
    self.copies = copies
    preparation = Work {
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
    write: @escaping (_ parameters: FloatBuffer, _ momentum: FloatBuffer) throws -> SavedCheckpoint
  ) {
    precondition(self.write == nil, "a checkpoint is started while another one is being written")
    prepare()
    preparation?.join()
    preparation = nil
    guard let copies else { preconditionFailure("no memory was prepared for the copies") }
    for (source, target) in [(parameters, copies.parameters), (momentum, copies.momentum)] {
      let piece = 1 << 20
      pool.parallelFor((source.count + piece - 1) / piece) { index, _ in
        let start = index * piece
        (target.base + start).update(from: source.base + start, count: min(piece, source.count - start))
      }
    }
    let box = ResultBox()
    let work = Work { box.result = Result { try write(copies.parameters, copies.momentum) } }
    self.write = (iteration, isBest, work, box)
  }

  /// What came of the write that was started, once; nil where none was, or where it goes on.
  ///
  /// - Parameter waiting: whether to wait for its end.
  package func outcome(waiting: Bool) -> Outcome? {
    guard let write, waiting || write.work.isDone else { return nil }
    write.work.join()
    self.write = nil
    guard let result = write.box.result else { preconditionFailure("the write of \(write.iteration) came to nothing") }
    return Outcome(iteration: write.iteration, isBest: write.isBest, result: result)
  }

  /// Written by the thread, read after it has ended.
  private final class ResultBox {
    var result: Result<SavedCheckpoint, any Error>?
  }
}

/// A piece of work on a thread of its own, from its making on.
///
/// Sendable: the body is called by the thread alone, and what it writes is read only after `join`.
private final class Work: @unchecked Sendable {
  private let body: () -> Void
  private let done = Atomic(false)
  private var thread: pthread_t?

  init(_ body: @escaping () -> Void) {
    self.body = body
    // A signal must reach the main thread, which polls for it.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, argument.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    if code == 0 {
      self.thread = thread
    } else {
      // No room for a thread: then the caller waits.
      argument.release()
      run()
    }
  }

  private func run() {
    body()
    done.store(true, ordering: .releasing)
  }

  var isDone: Bool { done.load(ordering: .acquiring) }

  func join() {
    if let thread { pthread_join(thread, nil) }
    thread = nil
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
