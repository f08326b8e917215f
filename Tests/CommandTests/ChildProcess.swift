import Foundation

/// A program that was started, and may be killed.
///
/// Foundation's Process notices the end of a child by a descriptor that is closed then; a process that MPI starts from
/// this one at the same time inherits the descriptor, and the end goes unnoticed. This type asks the system instead. It
/// also starts the child with no signal blocked, while the threads that run tests block some.
final class ChildProcess {
  enum Reason { case exit, uncaughtSignal }

  let processIdentifier: pid_t
  private var status: Int32?

  /// Starts the program. Its standard input is empty; its output and its errors go to these files, which are made anew.
  init(
    _ program: String, _ arguments: [String], environment: [String: String], in directory: String, output: String,
    errors: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    // A shell changes the folder, since Swift's Glibc lacks the action that would, and then becomes the program.
    let shell = "/bin/sh"
    var words = ([shell, "-c", "cd \"$0\" && exec \"$@\"", directory, program] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var identifier = pid_t()
    let code = posix_spawn(&identifier, shell, &actions, &attributes, &words, &variables)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    processIdentifier = identifier
  }

  /// Reaps the child where it has ended.
  var isRunning: Bool {
    guard status == nil else { return false }
    var value: Int32 = 0
    if waitpid(processIdentifier, &value, WNOHANG) == processIdentifier { status = value }
    return status == nil
  }

  func waitUntilExit() {
    while isRunning { usleep(2000) }
  }

  var terminationReason: Reason { (status ?? 0) & 0x7F == 0 ? .exit : .uncaughtSignal }

  /// The exit code, or the signal's number. Reading it waits for the end.
  var terminationStatus: Int32 {
    waitUntilExit()
    let value = status ?? 0
    return value & 0x7F == 0 ? value >> 8 & 0xFF : value & 0x7F
  }
}
