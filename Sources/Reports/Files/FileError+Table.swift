import System

extension FileError {
  /// An error for a file that is not the table that it should be.
  init(table path: String, problem: String) {
    self.init(.wrongKind, path: path, problem: problem, advice: "Move it away, or have it written again")
  }
}
