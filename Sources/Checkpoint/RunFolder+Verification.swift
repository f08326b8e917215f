import System

/// The small texts of a run folder, which tell whose it is and where its newest and its best checkpoint are.
extension RunFolder {
  /// A text that only this program writes.
  public enum Text: CaseIterable, Sendable {
    case owner, latest, best

    /// The file's name.
    public var name: String {
      switch self {
      case .owner: RunClaim.fileName
      case .latest: RunFolder.latest
      case .best: RunFolder.best
      }
    }
  }

  /// Reads one of the texts, and compares it with what is in the folder.
  ///
  /// - Returns: what it says.
  /// - Throws: `FileError` where it cannot be understood, or names a checkpoint that is not there, or not the best one.
  public func verify(_ text: Text) throws(FileError) -> String {
    switch text {
    case .owner:
      guard let claim = try RunClaim.read(file(text.name)) else { return "no claim" }
      return "run \(claim.run), started at \(claim.started)"
    case .latest, .best:
      guard let name = target(text.name), FileSystem.isRegularFile(file(name)) else {
        throw FileError(
          .damaged, path: file(text.name),
          problem: "expected the name of a checkpoint that is there, found \(target(text.name) ?? "something else")",
          advice: "The run finds its checkpoints without it, and writes it again")
      }
      if text == .best, let note = try best()?.note {
        throw FileError(.damaged, path: file(text.name), problem: note)
      }
      return name
    }
  }
}
