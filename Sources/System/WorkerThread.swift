import CLinux
import Glibc
import Synchronization

/// A thread of the operating system that runs one body, from the moment it is made, and ends with it.
///
/// The signals that others send are blocked on it: they must reach the main thread, which polls for them. Those of its
/// own faults are not, so that ``LastWords`` are said. Whoever makes one joins it before letting go of it, so that no
/// thread outlives what it works on.
public final class WorkerThread: Sendable {
  private let run: Run
  private let handle: pthread_t
  private let isJoined = Atomic(false)

  /// - Parameter name: what `ps -L`, `top -H` and debuggers show; the system keeps its first 15 bytes.
  public init(name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
    run = Run(name: name, body)
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    // A blocked signal that a fault raises ends the process without a word.
    for fault in LastWords.faults { sigdelset(&all, fault) }
    // A thread is born with its maker's mask.
    pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    var handle = pthread_t()
    let argument = Unmanaged.passRetained(run)
    let code = pthread_create(
      &handle, nil,
      { argument in
        Unmanaged<Run>.fromOpaque(argument!).takeRetainedValue().perform()
        return nil
      }, argument.toOpaque())
    guard code == 0 else {
      argument.release()
      throw ThreadError(name: name, code: code)
    }
    self.handle = handle
  }

  deinit {
    precondition(isJoined.load(ordering: .relaxed), "the thread \(run.name) was let go before it was joined")
  }

  /// Whether the body has returned; then what it wrote can be read.
  public var isFinished: Bool { run.isFinished.load(ordering: .acquiring) }

  /// Waits until the thread has ended; once it has, returns at once. One thread at a time may call it.
  public func join() {
    guard !isJoined.exchange(true, ordering: .relaxed) else { return }
    pthread_join(handle, nil)
  }

  /// The state that the thread and its maker share.
  private final class Run: Sendable {
    let name: String
    let ancestor = WorkerThread.currentAncestor
    private let body: @Sendable () -> Void
    let isFinished = Atomic(false)

    init(name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }

    func perform() {
      _ = linux_set_thread_name(name)
      pthread_setspecific(currentKey, Unmanaged.passUnretained(self).toOpaque())
      body()
      isFinished.store(true, ordering: .releasing)
    }
  }

  private static var current: Run? {
    pthread_getspecific(currentKey).map { Unmanaged<Run>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The name of the calling thread; nil for one that is no `WorkerThread`.
  package static var currentName: String? { current?.name }

  /// The thread that made the calling one, or made its maker, and so on: the first that is no `WorkerThread`. That is
  /// the main thread everywhere in a program, and a thread for each test that runs at the same time as others.
  static var currentAncestor: pthread_t { current?.ancestor ?? pthread_self() }
}

/// The key of the calling thread's state, which outlives what the thread runs.
private let currentKey: pthread_key_t = {
  var key = pthread_key_t()
  pthread_key_create(&key, nil)
  return key
}()

/// A thread that the system did not start, with the system's own words.
public struct ThreadError: ExitStatusError, CustomStringConvertible, Sendable {
  /// The name of the thread.
  public let name: String
  /// The system's error number.
  public let code: CInt

  package init(name: String, code: CInt) {
    self.name = name
    self.code = code
  }

  public var exitStatus: ExitStatus { .internalError }

  /// The system's own words.
  public var reason: String { String(cString: strerror(code)) }

  public var description: String {
    "expected the system to start the thread \(name), found: \(reason). Use fewer threads "
      + "(--threads), or raise the limits of processes and memory (ulimit -u, ulimit -v)"
  }
}
