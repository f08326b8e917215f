import System

/// A run folder that is begun as a copy of another one, and the check that nobody wrote to it before its claim.
extension RunFolder {
  /// The path of the checkpoint of an iteration, whether it is there or not.
  public func checkpointPath(_ iteration: Int) -> String { file(Self.name(iteration)) }

  /// Puts a checkpoint from elsewhere in place, as `save` does with a new one: every byte of the copy is verified.
  public func copy(_ path: String, iteration: Int, best: Int?, keep: Int) throws(FileError) -> SavedCheckpoint {
    let header = try CheckpointFile.readHeader(path)
    do {
      return try save(
        iteration: iteration, best: best, keep: keep, write: { try FileSystem.copy(path, to: $0) },
        verify: { try CheckpointFile.verify($0, digest: header.digest) })
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(.cannotWrite, path: path, problem: "cannot be copied: \(error)")
    }
  }

  /// Refuses to go on where checkpoints have appeared between a start's plan and its claim of the folder: it would
  /// remove or replace them.
  ///
  /// - Parameter planned: the iteration of the newest file at the time of the plan; nil where there was none.
  public func checkNewest(_ planned: Int?) throws(FileError) {
    let newest = try checkpoints().first?.iteration
    guard newest != planned else { return }
    throw FileError(
      .takenOver, path: path,
      problem: "expected \(planned.map(Self.name) ?? "no checkpoint") as at the beginning of this start, found "
        + "\(newest.map(Self.name) ?? "none"): another process has trained here meanwhile",
      advice: "Look at that run, and continue it with --resume")
  }
}
