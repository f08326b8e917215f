import Glibc
import System

/// A checkpoint that has just been put in place.
public struct SavedCheckpoint: Sendable {
  public let iteration: Int
  public let path: String
  public let bytes: Int
  /// Earlier checkpoints that made room.
  public let removed: [String]
  /// Sentences on what went wrong after the checkpoint was safe, such as an old one that could not be removed.
  public let warnings: [String]
}

/// The folder that holds everything of a run. Nothing in it holds an absolute path: it can be moved.
///
/// `checkpoint-<iteration>.h5` are the checkpoints; `latest` and `best` are texts with the name of one of them. Whoever
/// writes claims the folder first; a later claim makes the earlier one's writer refuse to go on.
public struct RunFolder: Sendable {
  public let path: String
  /// The identifier of this process's claim; nil before ``claim(runIdentifier:)``.
  public internal(set) var runIdentifier: String?
  /// The identity of the run that this process's claim is for (``RunIdentity``); nil for none.
  var identity: String?

  static let latest = RunFile.latest.rawValue
  static let best = RunFile.best.rawValue
  /// The name of the run's settings.
  public static let configuration = RunFile.configuration.rawValue
  /// The names of the files, other than checkpoints, that are replaced at once.
  static let fileNames: Set = [RunClaim.fileName, latest, best, configuration]
  /// The names of the files that a run puts there for people.
  static let otherNames = Set([RunFile.preview, .report, .weights].map(\.rawValue))

  private init(path: String) {
    self.path = path
  }

  /// Makes the folder, and those above it, where they are missing.
  ///
  /// - Throws: `.cannotCreate`, also where something else has the name.
  public static func create(at path: String) throws(FileError) -> RunFolder {
    do throws(FolderError) {
      try FileSystem.makeFolders(path)
    } catch {
      let problem =
        switch error {
        case .isFile: "expected a run folder, found a file"
        case .refused(let code, let place): "the run folder cannot be created: \(code) (\(place))"
        }
      throw FileError(.cannotCreate, path: path, problem: problem, advice: "Choose another --run")
    }
    return RunFolder(path: path)
  }

  /// Refuses a path where no run folder could be made or written to, without changing what is there.
  ///
  /// - Throws: `.cannotCreate`.
  package static func checkCreatable(at path: String) throws(FileError) {
    var place = path
    while !FileSystem.exists(place), place != FileSystem.folder(of: place) { place = FileSystem.folder(of: place) }
    guard FileSystem.isFolder(place) else {
      throw FileError(
        .cannotCreate, path: path, problem: "the run folder cannot be created: \(place) is not a folder",
        advice: "Choose another --run")
    }
    do throws(FileError) {
      try FileSystem.checkWritable(FileSystem.path(".\(FileSystem.name(of: path)).new", in: place))
    } catch {
      throw error.named(path).advising("Choose another --run")
    }
  }

  /// Opens a folder that exists.
  ///
  /// - Throws: `.missing` or `.wrongKind`.
  public static func open(at path: String) throws(FileError) -> RunFolder {
    guard try FileSystem.status(path) != nil else {
      throw FileError(
        .missing, path: path, problem: "there is no such run folder",
        advice: "Name a folder that `prelu-dist train` has made, or begin one without --resume")
    }
    guard FileSystem.isFolder(path) else {
      throw FileError(
        .wrongKind, path: path, problem: "expected a run folder, found a file",
        advice: "The run of a checkpoint is the folder that it lies in")
    }
    return RunFolder(path: path)
  }

  /// The path of a file in the folder.
  public func file(_ name: String) -> String {
    FileSystem.path(name, in: path)
  }

  /// The bytes that may still be written; nil where the file system does not say.
  public func freeBytes() -> Int? {
    FileSystem.freeBytes(path)
  }

  /// Whether the file system can be told to put the folder's names on the device, as after each checkpoint.
  ///
  /// - Throws: `.cannotWrite` where syncing fails for another reason.
  public func canBeSynchronized() throws(FileError) -> Bool {
    try FileSystem.synchronizeFolder(path)
  }

  /// Puts a small text file in the place of whatever has the name, as it does with a checkpoint's pointers: never half
  /// of it, with the rights that the umask leaves; a symbolic link is replaced and not followed.
  public func write(_ text: String, to name: String) throws(FileError) {
    try checkClaim()
    try FileSystem.replace(file(name), with: text, temporary: temporary(name))
  }

  func temporary(_ name: String) -> String {
    file(TemporaryName.of(name, runIdentifier: runIdentifier ?? "none", process: getpid()))
  }

  // MARK: - Checkpoints

  /// The files that have a checkpoint's name, newest first. They may be damaged: none is opened.
  public func checkpoints() throws(FileError) -> [(iteration: Int, path: String)] {
    var found: [(iteration: Int, path: String)] = []
    for name in try FileSystem.names(in: path) {
      if let iteration = Self.iteration(ofName: name) { found.append((iteration, file(name))) }
    }
    return found.sorted { $0.iteration > $1.iteration }
  }

  static func name(_ iteration: Int) -> String { RunFile.checkpoint(iteration) }

  static func iteration(ofName name: String) -> Int? { RunFile.iteration(ofCheckpoint: name) }

  /// Puts a checkpoint in place: it is written under a temporary name, synced, verified and renamed, and the folder is
  /// synced; only then does `latest` name it, and `best` the best. Afterwards all but the newest `keep` and the best
  /// are removed.
  ///
  /// - Parameters:
  ///   - best: the iteration of the best checkpoint so far, this one included; nil before the first evaluation.
  ///   - write: writes a new file at the path that it is given.
  ///   - verify: throws where the file at the path that it is given is not what was to be written.
  /// - Throws: what `write` and `verify` throw, and ``FileError``, which says what is still there. Earlier checkpoints
  ///   are untouched then, `latest` and `best` as they were, and no temporary is left.
  public func save(
    iteration: Int, best: Int?, keep: Int, write: (_ temporaryPath: String) throws -> Void,
    verify: (_ temporaryPath: String) throws -> Void
  ) throws -> SavedCheckpoint {
    precondition(keep >= 1, "\(keep) checkpoints are to be kept, at least 1 must be")
    precondition(iteration >= 0, "iteration \(iteration)")
    try checkClaim()
    let name = Self.name(iteration)
    do {
      let replacement = FileReplacement(of: file(name), temporary: temporary(name))
      try write(replacement.temporary)
      // Before anything else touches it: a later claim has removed it.
      try checkClaim()
      try FileSystem.synchronize(replacement.temporary)
      try verify(replacement.temporary)
      try checkClaim()
      try replacement.putInPlace()
    } catch let error as FileError where error.kind == .cannotWrite {
      // A person knows the file by its final name.
      throw error.named(error.path == temporary(name) ? file(name) : error.path).advising(remainder)
    }
    try FileSystem.synchronizeFolder(path)
    try point(Self.latest, to: name)
    if let best { try pointToBest(best) }

    var removed: [String] = []
    var warnings: [String] = []
    do throws(FileError) {
      for checkpoint in try checkpoints().filter({ !Self.isForeign($0.path) }).dropFirst(keep)
      where checkpoint.iteration != iteration && checkpoint.iteration != best {
        do throws(FileError) {
          try FileSystem.remove(checkpoint.path)
          removed.append(checkpoint.path)
        } catch {
          warnings.append("\(error)")
        }
      }
    } catch {
      warnings.append("\(error)")
    }
    return SavedCheckpoint(
      iteration: iteration, path: file(name), bytes: FileSystem.size(of: file(name)), removed: removed,
      warnings: warnings)
  }

  /// The sentence on what is there where a checkpoint cannot be saved.
  private var remainder: String {
    guard let newest = (try? checkpoints())?.first else { return "The run has no checkpoint yet" }
    return "The newest checkpoint is \(newest.path)"
  }

  /// Saves a network: writes it, reads it back and compares. The state says which checkpoint is the best.
  public func save(
    tensors: [CheckpointTensor], state: TrainingState, configuration: String, dataFingerprint: String,
    input: InputDescription? = nil, provenance: Provenance, keep: Int
  ) throws -> SavedCheckpoint {
    var digest = ""
    return try save(
      iteration: state.iteration, best: state.best?.iteration, keep: keep,
      write: {
        digest = try CheckpointFile.write(
          to: $0, tensors: tensors, state: state, configuration: configuration, dataFingerprint: dataFingerprint,
          input: input, provenance: provenance)
      },
      verify: { try CheckpointFile.verify($0, digest: digest) })
  }

  /// Gives checkpoints that were passed over other names, which no run uses, so that going on removes nothing that
  /// might be wanted.
  ///
  /// - Returns: the new paths.
  public func setAside(_ skipped: [PassedOver]) throws(FileError) -> [String] {
    try checkClaim()
    var moved: [String] = []
    for old in skipped.compactMap(\.path) where FileSystem.exists(old) {
      var (new, number) = ("\(old).unused", 1)
      while FileSystem.exists(new) {
        number += 1
        new = "\(old).unused-\(number)"
      }
      try FileSystem.rename(old, to: new)
      moved.append(new)
    }
    if !moved.isEmpty { try FileSystem.synchronizeFolder(path) }
    return moved
  }

  /// Returns the checkpoint that a path stands for: the file itself, or the best checkpoint of a run folder, or its
  /// newest if none is the best yet.
  public static func checkpointPath(_ path: String) throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { return path }
    let folder = try RunFolder.open(at: path)
    if let best = try folder.best() { return best.path }
    return try folder.newestWhole().path
  }

  /// Returns the folder of the run that a path leads to: a folder, or that around a file with a checkpoint's name, with
  /// symbolic links resolved; nil for other files, and where nothing is there.
  public static func folder(around path: String) -> String? {
    guard let resolved = FileSystem.resolved(path) else { return nil }
    if FileSystem.isFolder(resolved) { return resolved }
    return iteration(ofName: FileSystem.name(of: resolved)) == nil ? nil : FileSystem.folder(of: resolved)
  }

  /// Removes the checkpoints past `iteration`, which a run that goes on from there will write again. `latest` and
  /// `best` no longer name one of them afterwards.
  ///
  /// - Parameter best: the iteration of the best checkpoint of those that stay; nil where there is none.
  public func removeCheckpoints(after iteration: Int, best: Int?) throws(FileError) {
    try checkClaim()
    let all = try checkpoints()
    let later = all.filter { $0.iteration > iteration }
    if let best, FileSystem.exists(file(Self.name(best))) {
      try pointToBest(best)
    } else {
      try FileSystem.remove(file(Self.best))
    }
    guard !later.isEmpty else { return }
    if let newest = all.first(where: { $0.iteration <= iteration }) {
      try point(Self.latest, to: FileSystem.name(of: newest.path))
    } else {
      try FileSystem.remove(file(Self.latest))
    }
    // Newest first: a kill on the way leaves a folder that is in order.
    for checkpoint in later { try FileSystem.remove(checkpoint.path) }
    try FileSystem.synchronizeFolder(path)
  }

  // MARK: - Pointers

  private func point(_ pointer: String, to name: String) throws(FileError) {
    try checkClaim()
    try FileSystem.replace(file(pointer), with: name + "\n", temporary: temporary(pointer))
  }

  private func pointToBest(_ iteration: Int) throws(FileError) {
    let name = Self.name(iteration)
    guard target(Self.best) != name, FileSystem.exists(file(name)) else { return }
    try point(Self.best, to: name)
  }

  /// The checkpoint's name that a pointer holds; nil where it holds none.
  func target(_ pointer: String) -> String? {
    guard let bytes = try? FileSystem.beginning(of: file(pointer), limit: 256) else { return nil }
    let name = String(decoding: bytes.prefix { $0 != 0x0a && $0 != 0x0d }, as: UTF8.self)
    return Self.iteration(ofName: name) == nil ? nil : name
  }
}
