import Glibc
import System

/// Whose a run folder is.
extension RunFolder {
  /// Makes this process the one that may write here, and removes what earlier ones left unfinished.
  ///
  /// - Parameters:
  ///   - runIdentifier: unique to this process's run; letters, digits, `-` and `_`.
  ///   - configuration: the run's settings as JSON, by which its checkpoints are told from those of other runs; nil
  ///     for none.
  ///   - patience: the seconds that another process of this host, which has claimed the folder, is given to end.
  /// - Returns: the names of the checkpoints that were left unfinished, such as `checkpoint-250.h5`.
  /// - Throws: `.takenOver` where that process lives on; `.cannotCreate` or `.cannotWrite` where the folder cannot be
  ///   written.
  @discardableResult
  public mutating func claim(
    runIdentifier: String, configuration: String? = nil, patience: Double = 10
  ) throws(FileError) -> [String] {
    precondition(
      !runIdentifier.isEmpty && runIdentifier.utf8.count <= 64
        && runIdentifier.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d
            || $0 == 0x5f
        }, "\"\(runIdentifier)\" cannot be a run identifier")
    identity = configuration.flatMap(RunIdentity.of)
    try awaitNeighbor(patience: patience)
    // Of two starts at once, the second one finds the first one's claim.
    return try FileSystem.whileLocked(path, patience: 5) { () throws(FileError) in
      try awaitNeighbor(patience: 0)
      return try claim(as: runIdentifier)
    }
  }

  /// Waits for the end of another process of this host that has claimed the folder.
  ///
  /// - Parameter patience: the seconds to wait at most.
  /// - Throws: `.takenOver` where it lives on.
  public func awaitNeighbor(patience: Double = 10) throws(FileError) {
    let end = monotonicSeconds() + patience
    while let claim = try? RunClaim.read(file(RunClaim.fileName)), claim.isOfLivingNeighbor, claim.isOf(path) {
      guard monotonicSeconds() < end else {
        throw FileError(
          .takenOver, path: path,
          problem: "expected a run folder that no other process writes to, found it in use by run \(claim.run), "
            + "process \(claim.process) on this host since \(claim.started)",
          advice: "Wait for its end, stop it (kill -USR1 \(claim.process)), or choose another --run")
      }
      usleep(100_000)
    }
  }

  private mutating func claim(as runIdentifier: String) throws(FileError) -> [String] {
    self.runIdentifier = runIdentifier
    try writeClaim(of: runIdentifier)
    // Any writer but this one has lost its claim, so whatever is unfinished stays so.
    var unfinished: [String] = []
    for name in try FileSystem.names(in: path) where TemporaryName.isTemporary(name) {
      let final = TemporaryName.final(of: name)
      let isCheckpoint = Self.iteration(ofName: final) != nil
      // Somebody's own file may have such a name by chance.
      guard isCheckpoint || Self.fileNames.contains(final) else { continue }
      try FileSystem.remove(file(name))
      if isCheckpoint { unfinished.append(final) }
    }
    return unfinished.sorted()
  }

  private func writeClaim(of runIdentifier: String) throws(FileError) {
    try RunClaim.now(runIdentifier, identity: identity, folder: path)
      .write(to: file(RunClaim.fileName), temporary: temporary(RunClaim.fileName))
  }

  /// Checks that the folder is still this process's.
  ///
  /// - Throws: `.takenOver` where a later run has claimed the folder.
  public func checkClaim() throws(FileError) {
    guard let runIdentifier else { preconditionFailure("the run folder \(path) is written to before it is claimed") }
    guard let claim = try RunClaim.read(file(RunClaim.fileName)) else {
      // Somebody removed the file, and nobody else has claimed the folder.
      try writeClaim(of: runIdentifier)
      return
    }
    guard claim.run == runIdentifier else {
      throw FileError(
        .takenOver, path: path,
        problem: "run folder taken over by run \(claim.run), started at \(claim.started) on host \(claim.host)"
          + " (process \(claim.process)); this is run \(runIdentifier)",
        advice: "This process writes nothing more here: stop one of the two")
    }
  }

  /// Whether no later run has claimed the folder. Where the claim cannot be read, the folder is taken for this
  /// process's.
  public var isOurs: Bool {
    do throws(FileError) {
      try checkClaim()
      return true
    } catch {
      return error.kind != .takenOver
    }
  }

  /// Returns the path of a file that a run would replace although no run has written here; nil where there is none.
  public func foreignFile() -> String? {
    guard !FileSystem.exists(file(RunClaim.fileName)) else { return nil }
    return Self.fileNames.union(Self.otherNames).sorted().map(file).first(where: FileSystem.exists)
  }
}
