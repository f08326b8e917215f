import System

/// The checkpoints that a run has written itself, told from files that somebody put there under such a name.
extension RunFolder {
  /// Returns why a file with a checkpoint's name in a run's folder is not what the run wrote there; nil where it is.
  public static func objection(to header: CheckpointHeader, at path: String) -> String? {
    guard header.hasMomentum else {
      return "\(path): it has no momentum, as an average has none: the run itself has not written it"
    }
    guard let named = iteration(ofName: FileSystem.name(of: path)) else { return nil }
    if named != header.state.iteration {
      return "\(path): it is the checkpoint of iteration \(header.state.iteration): the run itself has not written it "
        + "under this name"
    }
    let claim = try? RunClaim.read(FileSystem.path(RunClaim.fileName, in: FileSystem.folder(of: path)))
    guard let own = claim?.identity, let found = RunIdentity.of(header.configuration), own != found else { return nil }
    return "\(path): its settings are those of another run: the run itself has not written it"
  }

  /// Whether a whole checkpoint is not what the run wrote there: it is somebody's, and neither removed nor counted.
  static func isForeign(_ path: String) -> Bool {
    guard let header = try? CheckpointFile.readHeader(path) else { return false }
    return objection(to: header, at: path) != nil
  }

  /// The newest checkpoint of the run that is whole: every byte of it is read. Others that are newer are named in
  /// `skipped`, with the reason: those that are damaged, and those that the run itself has not written.
  ///
  /// The numbers in the names decide, not `latest`: a kill between the two renames of a save leaves that one behind.
  /// - Parameter trains: whether training is to go on from it; otherwise it is to be measured or read.
  /// - Throws: `.missing` where there is none, with the damaged ones named; `.cannotRead` where one cannot be read for
  ///   a reason that is not its own, so that an unreachable disk does not throw a run back.
  public func newestWhole(
    trains: Bool = false
  ) throws(FileError) -> (path: String, header: CheckpointHeader, skipped: [PassedOver]) {
    var skipped: [PassedOver] = []
    let all = try checkpoints()
    if let name = target(Self.latest), !all.contains(where: { FileSystem.name(of: $0.path) == name }) {
      skipped.append(
        PassedOver(
          path: nil,
          description: "\(file(Self.latest)): expected the name of a checkpoint that is there, found \(name)"))
    }
    for checkpoint in all {
      do throws(FileError) {
        _ = try CheckpointFile.digest(ofFile: checkpoint.path)
        let header = try CheckpointFile.readHeader(checkpoint.path)
        guard let objection = Self.objection(to: header, at: checkpoint.path) else {
          return (checkpoint.path, header, skipped)
        }
        skipped.append(PassedOver(path: checkpoint.path, description: objection))
      } catch {
        guard error.kind == .damaged || error.kind == .wrongKind || error.kind == .missing else { throw error }
        skipped.append(PassedOver(path: checkpoint.path, description: "\(error)"))
      }
    }
    throw FileError(
      .missing, path: path,
      problem: (["there is no whole checkpoint in this run folder"] + skipped.map(\.description))
        .joined(separator: "; "),
      advice: trains ? "Begin a new run with another --run" : "Name another run folder, or a checkpoint's file")
  }

  /// The checkpoint with the best validation result; nil where there is none yet.
  ///
  /// The newest checkpoint says which one it is. The text `best` is for people, and decides only where no checkpoint
  /// can be read.
  ///
  /// - Returns: the file, and a sentence where `best` does not say the same.
  /// - Throws: `.missing` where the best checkpoint is not there, or another one in its place.
  public func best() throws(FileError) -> (path: String, note: String?)? {
    let pointed = target(Self.best)
    let recorded = try bestByNewest().map(Self.name)
    guard let name = recorded ?? pointed else { return nil }
    func missing(_ found: String) -> FileError {
      FileError(
        .missing, path: file(name), problem: "expected the run's best checkpoint, found \(found)",
        advice: "Name another of its checkpoints")
    }
    guard FileSystem.isRegularFile(file(name)) else { throw missing("none") }
    if let header = try? CheckpointFile.readHeader(file(name)),
      let objection = Self.objection(to: header, at: file(name))
    {
      throw missing("another one (\(objection.dropFirst(file(name).count + 2)))")
    }
    guard name != pointed else { return (file(name), nil) }
    let found = FileSystem.exists(file(Self.best)) ? "found \(pointed ?? "no such name")" : "found no such file"
    return (file(name), "\(file(Self.best)): expected \(name), which the newest checkpoint says is the best, \(found)")
  }

  /// The iteration that the newest checkpoint of the training that can be read says is the best.
  private func bestByNewest() throws(FileError) -> Int? {
    for checkpoint in try checkpoints() {
      guard let header = try? CheckpointFile.readHeader(checkpoint.path),
        Self.objection(to: header, at: checkpoint.path) == nil
      else { continue }
      return header.state.best?.iteration
    }
    return nil
  }
}
