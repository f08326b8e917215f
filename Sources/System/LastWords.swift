import CLinux
import Glibc
import Synchronization

/// The words of a process that ends by a signal of the processor: a check inside the program that failed, or memory
/// that is not there. Without them it would end without a word.
public enum LastWords {
  private static let kinds: [(number: Int32, what: String, status: ExitStatus)] = [
    (SIGILL, "a check inside the program failed (signal ILL)", .internalError),
    (SIGTRAP, "a check inside the program failed (signal TRAP)", .internalError),
    (SIGSEGV, "memory was used that is not there (signal SEGV)", .internalError),
    (SIGBUS, "a file that is read as memory was cut short, or its device failed (signal BUS)", .inputOutput),
  ]
  /// The signals that a fault of a thread raises on that thread.
  static let faults: [Int32] = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE]

  private static let advice =
    ". Please report it, with the command and the lines below, which say where it happened\n"

  /// The text for each signal, and its length; by the signal's number, and empty for others.
  nonisolated(unsafe) private static var words: UnsafeMutablePointer<UnsafeMutableBufferPointer<UInt8>>?

  /// The thread that says its words; 0 before there is one.
  private static let speaker = Atomic<UInt>(0)

  /// Has the words said on standard error. It is called once, before other threads start.
  ///
  /// Where the system keeps an image of a failed process (`ulimit -c`), it ends by the signal itself and leaves one;
  /// else with `ExitStatus.internalError` or, where a file is at fault, `inputOutput`.
  public static func install(program: String) {
    let table = UnsafeMutablePointer<UnsafeMutableBufferPointer<UInt8>>.allocate(capacity: 65)
    table.initialize(repeating: UnsafeMutableBufferPointer(start: nil, count: 0), count: 65)
    for kind in kinds {
      let text = Array("\(program): \(kind.what)\(advice)".utf8)
      let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
      _ = bytes.initialize(from: text)
      table[Int(kind.number)] = bytes
    }
    words = table
    // What a handler uses must have been made before.
    _ = speaker.load(ordering: .relaxed)
    var frames: UnsafeMutableRawPointer?
    // The first call loads a library, which a handler must not do.
    _ = backtrace(&frames, 1)
    for kind in kinds {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { LastWords.say($0) }
      action.sa_flags = SA_NODEFER
      sigaction(kind.number, &action, nil)
    }
  }

  private static func say(_ number: Int32) {
    let status = number == SIGBUS ? ExitStatus.inputOutput.rawValue : ExitStatus.internalError.rawValue
    let (isFirst, first) = speaker.compareExchange(
      expected: 0, desired: UInt(pthread_self()), ordering: .sequentiallyConsistent)
    if !isFirst {
      // A fault while the words are said would be told without an end; another thread's waits for the end of these.
      if first == UInt(pthread_self()) { _exit(status) }
      while true { pause() }
    }
    if let bytes = words?[Int(number)] { _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 64) { frames in
      let count = backtrace(frames.baseAddress!, 64)
      backtrace_symbols_fd(frames.baseAddress!, count, STDERR_FILENO)
    }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0, limit.rlim_cur > 0 {
      signal(number, SIG_DFL)
      raise(number)
    }
    _exit(status)
  }
}
