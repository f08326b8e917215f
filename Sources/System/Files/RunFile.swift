/// A file that a run's folder holds under a name of its own. This is the list of these names: whoever writes one takes
/// it from here, and no other result may bear it there, whether the run has written its own yet or not.
public enum RunFile: String, CaseIterable, Sendable {
  // What the run keeps.
  case owner = "owner.json"
  case latest, best
  case configuration = "config.yaml"
  case weights = "weights.txt"
  case preview = "preview.png"
  case log = "train.log"
  case report = "report.html"
  /// The count of starts that `prelu-job` keeps.
  case jobState = "job-state"
  // Its tables.
  case metrics = "metrics.csv"
  case averages = "average.csv"
  case times = "time.csv"
  case places = "places.csv"
  case progress = "progress.csv"
  case statistics = "statistics.csv"
  // Tables of evaluations, which the run's page shows; the first one has a row of the run's own.
  case results = "results.csv"
  case classErrors = "per-class.csv"
  case confusion = "confusion.csv"
  case predictions = "predictions.csv"

  /// The beginning of the names of TensorBoard's event files.
  public static let eventsPrefix = "events.out.tfevents."

  /// The name of the claim in the folder of a sweep.
  public static let sweepOwner = "sweep-owner.json"
  /// The name of a sweep's table as it is read by programs.
  public static let sweepTable = "sweep.csv"
  /// The name of a sweep's table as it is shown to people.
  public static let sweepText = "sweep.txt"

  /// Returns the name of the checkpoint of an iteration.
  package static func checkpoint(_ iteration: Int) -> String { "checkpoint-\(iteration).h5" }

  /// Returns the iteration of the checkpoint of a name; nil for other names.
  package static func iteration(ofCheckpoint name: String) -> Int? {
    guard name.hasPrefix("checkpoint-"), name.hasSuffix(".h5") else { return nil }
    guard let iteration = Int(name.dropFirst(11).dropLast(3)), checkpoint(iteration) == name, iteration >= 0 else {
      return nil
    }
    return iteration
  }

  /// Refuses the path of a result where a run, or a sweep of runs, writes or will write a file of its own under this
  /// name. Another name in the folder is as good as anywhere.
  ///
  /// - Parameters:
  ///   - kind: the kind of the result with its article, such as "a report".
  ///   - own: the file of a run that results of this kind are; nil for none.
  ///   - run: the folder of a run that is about to begin; nil for none.
  /// - Throws: `.cannotCreate`.
  package static func check(
    _ path: String, kind: String, own: RunFile? = nil, run: String? = nil
  ) throws(FileError) {
    // Behind a link, the result takes the place of what the link leads to.
    for place in [path, FileSystem.resolved(path) ?? FileSystem.target(ofLink: path)].compactMap(\.self) {
      let (folder, name) = (FileSystem.folder(of: place), finalName(FileSystem.name(of: place)))
      guard name != own?.rawValue else { continue }
      let isTaken =
        isOfRun(name) && (isRun(folder) || run.map { FileSystem.isSame($0, folder) } ?? false)
        || isOfSweep(name) && FileSystem.exists(FileSystem.path(sweepOwner, in: folder))
      guard isTaken else { continue }
      throw FileError(
        .cannotCreate, path: path,
        problem:
          "expected a name of its own for \(kind), found one that training has for a file of its own in this folder",
        advice: "Give another name")
    }
  }

  /// Whether a folder is a run's: a start has claimed it, or its settings or its pointer lie beside checkpoints, as in
  /// a copy of it.
  private static func isRun(_ folder: String) -> Bool {
    func has(_ file: RunFile) -> Bool { FileSystem.exists(FileSystem.path(file.rawValue, in: folder)) }
    if has(.owner) { return true }
    guard has(.configuration) || has(.latest), let names = try? FileSystem.names(in: folder) else { return false }
    return names.contains { iteration(ofCheckpoint: $0) != nil }
  }

  private static func isOfRun(_ name: String) -> Bool {
    RunFile(rawValue: name) != nil || iteration(ofCheckpoint: name) != nil || name.hasPrefix(eventsPrefix)
  }

  private static func isOfSweep(_ name: String) -> Bool {
    [sweepOwner, sweepTable, sweepText, report.rawValue].contains(name)
  }

  /// Returns the name that a file under a temporary name is to have: the next start removes such files of a run.
  private static func finalName(_ name: String) -> String {
    name.firstRange(of: ".tmp.").map { String(name[..<$0.lowerBound]) } ?? name
  }
}
