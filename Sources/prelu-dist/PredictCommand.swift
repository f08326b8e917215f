import ArgumentParser
import Communication
import Evaluation
import Foundation
import Images
import Kernels
import Packs
import System
import Training

/// The likeliest classes of single pictures.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "The five likeliest classes of pictures (JPEG, PNG, PGM, PPM).",
    discussion: """
      A folder stands for the pictures in it and below, hidden ones left out; - for the names on standard input, one a \
      line. A network of photographs sees the middle of a picture as evaluation does; another one sees the whole picture, \
      squeezed into its input. The scores of several networks are averaged as `evaluate` averages them. A file that is no \
      whole picture is named, and the others are predicted; the exit code is 65 at the end, or 66 where all such files are \
      missing. Under mpirun the pictures are spread over the ranks.
      """)

  @Argument(help: ArgumentHelp("A checkpoint, or a run folder: its best one.", valueName: "checkpoint|run"))
  var checkpoint: String

  @Argument(help: ArgumentHelp("Pictures, folders, or - .", valueName: "picture"))
  var pictures: [String] = []

  @Option(
    help: ArgumentHelp(
      "Average with this network too, which has the same classes; may be given again.", valueName: "checkpoint|run"))
  var with: [String] = []

  @Option(help: ArgumentHelp("Test images of the run's data set, by number from 0.", valueName: "number"))
  var testImage: [Int] = []

  @Option(help: ArgumentHelp("A pack, or the folder of the IDX files (default: the run's own data).", valueName: "dir"))
  var data: String?

  @OptionGroup var options: TestOptions

  @Flag(help: "Turn JPEG pictures as the camera notes that it was held (EXIF), for networks of data packed so.")
  var exif = false

  @Option(help: "At a file that is no whole picture: stop, or skip it and end with 0 (default: go on, end with 65).")
  var onError: PackSettings.OnError?

  @Option(help: "Threads of each rank (default: its share of the host's cores).")
  var threads: Int?

  @Flag(help: "Print one JSON object a picture, with all scores: the average inputs of the softmax.")
  var json = false

  func validate() throws {
    guard !pictures.isEmpty || !testImage.isEmpty else {
      throw ValidationError("Name at least one picture, folder or - , or a test image by --test-image.")
    }
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it takes 1 or more.") }
    if pictures.count(where: { $0 == "-" }) > 1 { throw ValidationError("Standard input can be read once.") }
  }

  func run() throws {
    // Alone it works where MPI does not.
    guard Console.isRank else {
      do {
        Foundation.exit(try predict(nil).rawValue)
      } catch {
        Console.complain("\(error)")
        Foundation.exit(ExitStatus(of: error).rawValue)
      }
    }
    let command = self
    onAllRanks { world in try command.predict(world) }
  }

  /// Pictures that a thread scores together, and bytes of files in memory at once.
  private static let (picturesOfThread, bytesOfRank) = (32, 1 << 29)
  /// Pictures on all ranks at once.
  private static let largestBatch = 8192

  private func predict(_ world: World?) throws -> ExitStatus {
    let trained = try ([checkpoint] + with).map { path in
      if let world { try TrainedNetwork(path, world: world) } else { try TrainedNetwork(path) }
    }
    try onRanks(of: world) {
      for other in trained.dropFirst() { try other.checkClasses(trained[0]) }
    }
    let share = world?.coresOfRank ?? availableCores()
    let pool = ThreadPool(threads: threads ?? share)
    let shared = SharedScoring(
      scoring: PictureScoring(trained, options, appliesOrientation: exif, on: pool), world: world)
    world?.activity = Activity("the prediction")
    let table = PredictionTable(trained[0].classNames, json: json)
    if !testImage.isEmpty { try predictTestImages(shared, table) }
    if let world, world.rank != 0 { return try shared.follow(world) }
    let status = try predictPictures(shared, table, ranks: world?.size ?? 1, threads: pool.threadCount)
    try shared.end(status)
    return status
  }

  /// Rank 0: returns the exit status.
  private func predictPictures(
    _ shared: SharedScoring, _ table: PredictionTable, ranks: Int, threads: Int
  ) throws -> ExitStatus {
    var batch: [String] = []
    var bytes = 0
    var statuses: Set<ExitStatus> = []
    /// Whether to go on after something that is no picture.
    func tell(_ failure: String, _ status: ExitStatus) -> Bool {
      Console.complain(failure)
      statuses.insert(status)
      return onError != .stop
    }
    /// Returns whether to go on.
    func flush() throws -> Bool {
      guard !batch.isEmpty else { return true }
      let paths = batch
      (batch, bytes) = ([], 0)
      for (path, outcome) in zip(paths, try shared.outcomes(of: paths)) {
        switch outcome {
        case .scores(let logits, let probabilities):
          table.show(path, label: nil, Predictor.Scores(logits: logits, probabilities: probabilities))
        case .failure(let text, let status): guard tell(text, status) else { return false }
        case .refusal(let text, let status):
          _ = tell(text, status)
          return false
        }
      }
      return true
    }
    let count = min(Self.picturesOfThread * threads * ranks, Self.largestBatch)
    var goesOn = true
    try PicturePaths(pictures).walk { step in
      guard !StopSignals.isRequested else { return false }
      switch step {
      case .picture(let path):
        batch.append(path)
        bytes += FileSystem.size(of: path)
        if batch.count >= count || bytes >= Self.bytesOfRank * ranks { goesOn = try flush() }
      case .pause: goesOn = try flush()
      case .failure(let text, let status):
        // In the order of the names.
        goesOn = try flush() && tell(text, status)
      }
      return goesOn
    }
    if StopSignals.isRequested { return .tryAgain }
    if goesOn { goesOn = try flush() }
    guard let first = statuses.first, !(goesOn && onError == .skip) else { return .done }
    return statuses.count == 1 ? first : .badData
  }

  /// Rank 0 alone: they are few.
  private func predictTestImages(_ shared: SharedScoring, _ table: PredictionTable) throws {
    try onRanks(of: shared.world) {
      guard shared.world?.rank ?? 0 == 0 else { return }
      let (labels, scores) = try shared.scoring.scores(ofTestImages: testImage, data: data)
      for (place, number) in testImage.enumerated() {
        table.show("test image \(number)", label: labels[place], scores[place])
      }
    }
  }

  /// What fails is told once.
  private func onRanks(of world: World?, _ body: () throws -> Void) throws {
    guard let world else { return try body() }
    try world.agree(body)
  }
}
