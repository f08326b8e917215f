import Checkpoint
import Configuration
import Foundation
import Images
import Reports
import System

/// The folder of a sweep: for each run a recipe, the run's folder and a log, and the table and page that compare them.
struct SweepFolder {
  let path: String
  let sweep: Sweep

  func recipe(of run: Sweep.Run) -> String { FileSystem.path("\(run.name).yaml", in: path) }
  func folder(of run: Sweep.Run) -> String { FileSystem.path(run.name, in: path) }
  func log(of run: Sweep.Run) -> String { FileSystem.path("\(run.name).log", in: path) }

  /// Makes the folder where it is missing.
  func make() throws(Refusal) {
    do throws(FolderError) {
      try FileSystem.makeFolders(path)
    } catch {
      let problem =
        switch error {
        case .isFile: "found a file of that name"
        case .refused(let code, let place): "found that it cannot be made: \(code) (\(place))"
        }
      throw Refusal(.cannotCreate, "\(path): expected a folder for the runs, \(problem): choose another --folder")
    }
  }

  /// Writes the recipe of a run, with all of its settings. The folder must be there.
  ///
  /// - Throws: `Refusal` where the recipe of an earlier sweep is there, which this one would train on with.
  func write(recipeOf run: Sweep.Run) throws {
    let (file, text) = (recipe(of: run), run.configuration.yaml())
    if FileSystem.exists(file) {
      guard try Configuration.load(recipe: file) == run.configuration else {
        throw Refusal(
          .usage,
          "\(file): expected the settings of this sweep's run, found others: choose another --folder, or remove the "
            + "folder's runs")
      }
      return
    }
    // A job of an array may write the same file at the same time.
    try TextFile.replace(file, with: text)
  }

  // MARK: - Results

  /// Whether a run has done all of its epochs, and its test where the data have a test split.
  func isDone(_ run: Sweep.Run) -> Bool {
    guard FileSystem.isFolder(folder(of: run)), let folder = try? RunFolder.open(at: folder(of: run)),
      let newest = try? folder.newestWhole(trains: true).header
    else { return false }
    let state = newest.state
    guard state.schedule.finished || state.epoch >= run.configuration.training.epochs else { return false }
    return FileSystem.exists(folder.file(ResultsFile.name)) || !Self.hasTest(newest)
  }

  /// Whether the data that a run was trained on have a test split.
  private static func hasTest(_ checkpoint: CheckpointHeader) -> Bool {
    let data = try? JSONDecoder().decode(DataFingerprint.self, from: Data(checkpoint.dataFingerprint.utf8))
    return data.map { $0.testCount > 0 } ?? true
  }

  /// Returns the number of epochs that a run has done; 0 where its table cannot be read.
  func epochsDone(_ run: Sweep.Run) -> Int {
    (try? MetricsFile(path: FileSystem.path(MetricsFile.name, in: folder(of: run))).rows())?.last?.epoch ?? 0
  }

  /// Returns the errors of a run in words: "validation error 12.50 %, test error 13.00 %"; empty before any.
  func errors(of run: Sweep.Run) -> String {
    guard let row = try? SweepTable.row(run, of: self) else { return "" }
    func words(_ name: String, _ error: Double?) -> String? {
      error.map { String(format: "%@ error %.2f %%", name, $0) }
    }
    return [words("validation", row.validationError), words("test", row.testError)].compactMap(\.self)
      .joined(separator: ", ")
  }
}
