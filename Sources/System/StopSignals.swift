import Glibc
import Synchronization

/// Turns the signals TERM, INT, USR1, USR2 and XCPU into a flag, on which the ranks agree after the next step. A second
/// INT ends the process at once. PIPE is ignored, so that a closed `| tee` does not kill a run.
public enum StopSignals {
  /// The first signal that asked to stop; 0 before.
  private static let received = Atomic<Int32>(0)
  private static let interrupts = Atomic<Int32>(0)

  /// The signals that ask to stop. Grid Engine and LSF announce a limit by USR2 and XCPU.
  private static let numbers = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGXCPU]

  /// Installs the handlers. It is called once, after MPI has started.
  public static func install() {
    // Touched here, because a handler must not be the first to initialize a global.
    received.store(0, ordering: .relaxed)
    interrupts.store(0, ordering: .relaxed)
    // A launcher may have started this process with signals blocked.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    for number in numbers {
      sigaddset(&wanted, number)
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        if number == SIGINT, StopSignals.interrupts.wrappingAdd(1, ordering: .relaxed).oldValue >= 1 {
          _exit(128 + SIGINT)
        }
        _ = StopSignals.received.compareExchange(expected: 0, desired: number, ordering: .relaxed)
      }
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    signal(SIGPIPE, SIG_IGN)
    // A file-size limit then fails the write, which is told, instead of ending the process.
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Lets each of the signals end the process at once, whatever was done about them before: a launcher may have started
  /// this process with signals blocked or ignored.
  public static func leaveToTheSystem() {
    var all = sigset_t()
    sigemptyset(&all)
    for number in numbers {
      sigaddset(&all, number)
      signal(number, SIG_DFL)
    }
    pthread_sigmask(SIG_UNBLOCK, &all, nil)
  }

  /// Whether this process was asked to stop.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// The name of the signal that asked to stop; nil before.
  public static var name: String? {
    switch received.load(ordering: .relaxed) {
    case SIGTERM: "TERM"
    case SIGINT: "INT"
    case SIGUSR1: "USR1"
    case SIGUSR2: "USR2"
    case SIGXCPU: "XCPU"
    default: nil
    }
  }
}
