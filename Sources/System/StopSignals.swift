import Glibc
import Synchronization

/// Turns the signals TERM, INT, HUP, USR1, USR2 and XCPU into a flag, on which the ranks agree after a step. A
/// second INT ends the process at once. HUP stays ignored where it was, as below `nohup`. PIPE is ignored, so that a
/// closed `| tee` does not kill a run.
public enum StopSignals {
  /// The first signal that asked to stop; 0 before.
  private static let received = Atomic<Int32>(0)
  private static let interrupts = Atomic<Int32>(0)
  /// The signals that ask to stop. Grid Engine and LSF announce a limit by USR2 and XCPU.
  private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU]
  /// Linux numbers its signals from 1 to 64.
  private static let signalCount = 65
  /// The address of the words that answer each signal, by its number; 0 for no answers.
  private static let answers = Atomic<UInt>(0)

  /// Installs the handlers. It is called once, after MPI has started.
  public static func install() {
    // Touched here, because a handler must not be the first to initialize a global.
    received.store(0, ordering: .relaxed)
    interrupts.store(0, ordering: .relaxed)
    _ = answers.load(ordering: .relaxed)
    // A launcher may have started this process with signals blocked.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in signals where !(number == SIGHUP && isIgnored(number)) {
      sigaddset(&wanted, number)
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        if number == SIGINT, StopSignals.interrupts.wrappingAdd(1, ordering: .relaxed).oldValue >= 1 {
          _exit(128 + SIGINT)
        }
        let isFirst =
          StopSignals.received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
        if isFirst { StopSignals.answer(number) }
      }
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    signal(SIGPIPE, SIG_IGN)
    // A file-size limit then fails the write, which is told, instead of ending the process.
    signal(SIGXFSZ, SIG_IGN)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    // SIG_IGN is 1, which is not the address of a function.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  /// Has the first signal answered on standard error, by the handler itself and so at once. It is called once.
  ///
  /// - Parameter words: returns the answer to the signal of a name, with its line break.
  public static func acknowledge(_ words: (_ name: String) -> String) {
    let table = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: signalCount)
    table.initialize(repeating: nil, count: signalCount)
    for number in signals { table[Int(number)] = name(of: number).flatMap { strdup(words($0)) } }
    answers.store(UInt(bitPattern: table), ordering: .releasing)
  }

  /// Writes the answer to a signal. A handler calls it: it allocates nothing and keeps `errno`.
  private static func answer(_ number: Int32) {
    let table = UnsafePointer<UnsafePointer<CChar>?>(bitPattern: answers.load(ordering: .acquiring))
    guard let words = table?[Int(number)] else { return }
    let code = errno
    _ = write(STDERR_FILENO, words, strlen(words))
    errno = code
  }

  /// Lets each of the signals end the process at once, whatever was done about them before: a launcher may have started
  /// this process with signals blocked or ignored. HUP stays ignored where it was.
  public static func leaveToTheSystem() {
    var all = sigset_t()
    sigemptyset(&all)
    for number in signals where !(number == SIGHUP && isIgnored(number)) {
      sigaddset(&all, number)
      signal(number, SIG_DFL)
    }
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
  }

  /// Whether this process was asked to stop.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The name of the signal that asked to stop; nil before.
  public static var name: String? { name(of: received.load(ordering: .relaxed)) }

  private static func name(of number: Int32) -> String? {
    switch number {
    case SIGTERM: "TERM"
    case SIGINT: "INT"
    case SIGHUP: "HUP"
    case SIGUSR1: "USR1"
    case SIGUSR2: "USR2"
    case SIGXCPU: "XCPU"
    default: nil
    }
  }
}
