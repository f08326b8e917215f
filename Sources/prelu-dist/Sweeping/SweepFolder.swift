import Checkpoint
import Configuration
import Reports
import System

/// The folder of a sweep: for each run a recipe, the run's folder and a log, and the table and page that compare them.
struct SweepFolder {
  let path: String
  let sweep: Sweep

  func recipe(of run: Sweep.Run) -> String { FileSystem.path("\(run.name).yaml", in: path) }
  func folder(of run: Sweep.Run) -> String { FileSystem.path(run.name, in: path) }
  func log(of run: Sweep.Run) -> String { FileSystem.path("\(run.name).log", in: path) }

  /// Writes the recipe of a run, with all of its settings.
  ///
  /// - Throws: `Refusal` where the recipe of an earlier sweep is there, which this one would train on with.
  func write(recipeOf run: Sweep.Run) throws {
    do throws(FolderError) {
      try FileSystem.makeFolders(path)
    } catch {
      throw Refusal(
        .cannotCreate,
        "\(path): expected a folder for the runs, found that it cannot be made (\(error)): "
          + "choose another --folder")
    }
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
    try FileSystem.replace(file, with: text, temporary: "\(file).tmp")
  }

  /// Whether a run has done all of its epochs, and its test where the data have a test split.
  func isDone(_ run: Sweep.Run) -> Bool {
    guard FileSystem.isFolder(folder(of: run)), let folder = try? RunFolder.open(at: folder(of: run)),
      let newest = try? folder.newestWhole(trains: true).header.state
    else { return false }
    let isTrained = newest.schedule.finished || newest.epoch >= run.configuration.training.epochs
    return isTrained && FileSystem.exists(folder.file(ResultsFile.name))
  }
}
