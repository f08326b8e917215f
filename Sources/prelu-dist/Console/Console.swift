import Foundation
import System

/// The program's words to a person. Only rank 0 uses it, and a rank that is about to end the job.
enum Console {
  /// Whether this process is rank 0, as `mpirun` or `srun` tells it before MPI has started.
  static var isFirstRank: Bool {
    let environment = ProcessInfo.processInfo.environment
    return (environment["OMPI_COMM_WORLD_RANK"] ?? environment["PMIX_RANK"] ?? environment["PMI_RANK"] ?? "0") == "0"
  }

  /// Whether `mpirun` or `srun` has started this process as a rank. Valid only before MPI starts.
  static var isRank: Bool {
    let environment = ProcessInfo.processInfo.environment
    return environment["OMPI_COMM_WORLD_SIZE"] != nil || environment["PMIX_RANK"] != nil
      || environment["PMI_RANK"] != nil
  }

  /// The lines of a training run.
  static let transcript = Transcript()

  /// Prints a line at once, also into a pipe.
  static func say(_ line: String) {
    let line = harmless(line)
    write("\(line)\n")
    keep(line)
  }

  /// Prints a line in which some words are in color.
  ///
  /// - Parameter plain: the same line without control characters.
  static func say(colored line: String, plain: String) {
    write("\(line)\n")
    keep(harmless(plain))
  }

  private static func keep(_ line: String) {
    guard let failure = transcript.add(line) else { return }
    complain("warning: \(failure); training continues without its log")
  }

  /// Prints text that may be part of a line, at once. A reader that has gone is not an error; any other failure is told
  /// by `status`.
  static func write(_ text: String) { StandardOutput.write(text) }

  /// Returns the status that the program ends with: that of its work, or `inputOutput` if the work is done and
  /// something of what it had to say is lost, which is then said on standard error.
  static func status(after work: ExitStatus) -> ExitStatus {
    guard work == .done, let failure = StandardOutput.failure else { return work }
    complain(
      "the standard output cannot be written: \(failure), and something of the result is missing there. Make room, or "
        + "send it elsewhere, and run the command again")
    return .inputOutput
  }

  /// Prints a line on standard error, after the program's name.
  static func complain(_ message: String) {
    let line = "prelu-dist: \(harmless(message))"
    try? FileHandle.standardError.write(contentsOf: Data("\(line)\n".utf8))
    keep(line)
  }

  /// Returns text without control characters: names come from files, and must not move a terminal's cursor or change
  /// its title.
  private static func harmless(_ text: String) -> String {
    text.replacingControls { $0 != "\n" && $0 != "\t" }
  }
}

extension String {
  /// The string without control characters and line breaks, as a name from a file must be in a line of a table.
  var onOneLine: String { replacingControls { _ in true } }

  /// Returns the string with U+FFFD in place of control characters that are `unwanted`.
  fileprivate func replacingControls(where unwanted: (Unicode.Scalar) -> Bool) -> String {
    func isReplaced(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory == .control && unwanted(scalar)
    }
    guard unicodeScalars.contains(where: isReplaced) else { return self }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: unicodeScalars.map { isReplaced($0) ? "\u{FFFD}" : $0 })
    return String(result)
  }
}
