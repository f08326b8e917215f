import Foundation
import System

/// The terminal that standard output ends in, if it ends in one: where a line may be written over.
///
/// Under `mpirun` a rank writes into a pipe or a pseudo-terminal of the launcher's, which copies it to its own output; so
/// the launcher's output is what counts, as long as it copies without additions.
struct Terminal {
  private let descriptor: CInt

  /// To be asked before MPI starts, which puts a rank's variables into the environment of any process.
  ///
  /// Nil where standard output is a file, a pipe, a Slurm log or a terminal that cannot move its cursor.
  static func find() -> Terminal? {
    let environment = ProcessInfo.processInfo.environment
    guard environment["TERM"] != "dumb" else { return nil }
    guard Console.isRank else {
      return isatty(STDOUT_FILENO) == 1 ? Terminal(descriptor: STDOUT_FILENO) : nil
    }
    return ofLauncher(getppid())
  }

  private static func ofLauncher(_ process: pid_t) -> Terminal? {
    guard let data = try? FileSystem.beginning(of: "/proc/\(process)/cmdline", limit: 1 << 20) else { return nil }
    let arguments = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    let name = (arguments.first ?? "").split(separator: "/").last.map(String.init) ?? ""
    // On another host than the launcher's the parent is a daemon, whose terminal cannot be known.
    guard ["mpirun", "mpiexec", "orterun", "prterun"].contains(name) else { return nil }
    let additions = ["tag-output", "timestamp-output", "output-filename", "xterm", "xml"]
    let environment = ProcessInfo.processInfo.environment
    guard !arguments.contains(where: { argument in additions.contains { argument.hasSuffix($0) } }),
      environment["OMPI_MCA_orte_tag_output"] ?? "0" == "0"
    else { return nil }
    // Only to ask whether it is a terminal and how wide: the rank writes to its own standard output.
    guard let descriptor = (try? OpenFile(terminal: "/proc/\(process)/fd/1"))?.release() else { return nil }
    guard isatty(descriptor) == 1 else {
      close(descriptor)
      return nil
    }
    return Terminal(descriptor: descriptor)
  }

  /// Characters in a line now; windows change.
  var width: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Whether words may be coloured: https://no-color.org.
  var hasColour: Bool { ProcessInfo.processInfo.environment["NO_COLOR"] ?? "" == "" }
}
