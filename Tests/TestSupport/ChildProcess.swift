import Foundation

/// A program that was started, and may be killed.
///
/// Foundation's Process notices the end of a child by a descriptor that is closed then; a process that MPI starts from
/// this one at the same time inherits the descriptor, and the end goes unnoticed. This type asks the system instead. It
/// also starts the child with no signal blocked, while the threads that run tests block some.
public final class ChildProcess {
  public enum Reason { case exit, uncaughtSignal }

  public let processIdentifier: pid_t
  private var status: Int32?

  /// Starts the program. Its standard input is empty; its output and its errors go to these files, which are made anew.
  public init(
    _ program: String, _ arguments: [String], environment: [String: String], in directory: String, output: String,
    errors: String
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    // The locks of HDF5 files that are open in this process would live on in the child. Swift's Glibc lacks the action
    // that closes all; closing one that is not open is no error.
    for descriptor in 3..<256 as Range<Int32> { posix_spawn_file_actions_addclose(&actions, descriptor) }
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
  public var isRunning: Bool {
    guard status == nil else { return false }
    var value: Int32 = 0
    if waitpid(processIdentifier, &value, WNOHANG) == processIdentifier { status = value }
    return status == nil
  }

  public func waitUntilExit() {
    while isRunning { usleep(2000) }
  }

  public var terminationReason: Reason { (status ?? 0) & 0x7F == 0 ? .exit : .uncaughtSignal }

  /// The exit code, or the signal's number. Reading it waits for the end.
  public var terminationStatus: Int32 {
    waitUntilExit()
    let value = status ?? 0
    return value & 0x7F == 0 ? value >> 8 & 0xFF : value & 0x7F
  }

  /// The way in which a program ended, and what it said.
  public struct Outcome: Sendable {
    /// The exit code, or the signal's number.
    public let exitCode: Int32
    public let output: String
    public let errors: String

    public init(exitCode: Int32, output: String, errors: String) {
      self.exitCode = exitCode
      self.output = output
      self.errors = errors
    }
  }

  /// Writes a file that is to be executed, by another program: a child that starts at the same moment holds what this
  /// process has open, and what is open for writing cannot be executed.
  public static func writeExecutable(_ content: [UInt8], to path: String) throws {
    let folder = try ScratchFolder()
    let installed = try capture("/usr/bin/install", ["-m", "755", try folder.write(content, to: "content"), path])
    guard installed.exitCode == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Runs a line of the shell to its end, in which `$0` is a program: for redirections and limits.
  public static func shell(_ line: String, running program: String, in directory: String) throws -> Outcome {
    try capture("/bin/sh", ["-c", line, program], in: directory)
  }

  /// Runs a program to its end.
  ///
  /// - Parameter directory: the folder that it runs in; nil for an empty one.
  public static func capture(
    _ program: String, _ arguments: [String], in directory: String? = nil
  ) throws -> Outcome {
    let folder = try ScratchFolder()
    let (output, errors) = (folder.file("output"), folder.file("errors"))
    let process = try ChildProcess(
      program, arguments, environment: ProcessInfo.processInfo.environment, in: directory ?? folder.path,
      output: output, errors: errors)
    return Outcome(
      exitCode: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}
