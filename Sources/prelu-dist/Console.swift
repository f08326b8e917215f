import Foundation

/// What the program says to a person. Rank 0 alone says anything, unless a rank is about to end the job.
enum Console {
  /// Before MPI has started, `mpirun` or `srun` tells the rank.
  static var isFirstRank: Bool {
    let environment = ProcessInfo.processInfo.environment
    return (environment["OMPI_COMM_WORLD_RANK"] ?? environment["PMIX_RANK"] ?? "0") == "0"
  }

  /// Whether `mpirun` or `srun` has started this process as a rank; to be asked before MPI starts.
  static var isRank: Bool {
    let environment = ProcessInfo.processInfo.environment
    return environment["OMPI_COMM_WORLD_SIZE"] != nil || environment["PMIX_RANK"] != nil
  }

  /// Prints a line at once, also into a pipe.
  static func say(_ line: String) {
    write("\(harmless(line))\n")
  }

  /// Prints text that may be part of a line, at once. A reader who has gone is no error.
  static func write(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
  }

  static func complain(_ message: String) {
    try? FileHandle.standardError.write(contentsOf: Data("prelu-dist: \(harmless(message))\n".utf8))
  }

  /// Names come from files: what they hold must not move a terminal's cursor or change its title.
  private static func harmless(_ text: String) -> String {
    text.replacingControls { $0 != "\n" && $0 != "\t" }
  }
}

extension String {
  /// A name from a file, fit for a line of a table.
  var onOneLine: String { replacingControls { _ in true } }

  /// With U+FFFD for control characters that are `unwanted`.
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
