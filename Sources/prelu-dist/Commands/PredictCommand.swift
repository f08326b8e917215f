import ArgumentParser
import Communication
import Evaluation
import Foundation
import Kernels
import Packs
import System

/// Finds the likeliest classes of single pictures.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Find the five likeliest classes of pictures (JPEG, PNG, PGM, PPM).",
    discussion: """
      A folder stands for the pictures in it and below it, except hidden ones; - stands for the names on standard \
      input, one on each line. A network that was trained on photographs sees the middle of a picture, as in \
      evaluation; any other network sees the whole picture, squeezed into its input. The scores of several networks \
      are averaged as `evaluate` averages them. A file that is not a whole picture is named, and the others are \
      predicted; at the end the exit code is 65, or 66 where all such files are missing. Under mpirun the pictures are \
      spread over the ranks.
      """)

  @Argument(
    help: ArgumentHelp("A checkpoint, or a run folder, which stands for its best one.", valueName: "checkpoint|run"))
  var checkpoint: String

  @Argument(
    help: ArgumentHelp("Pictures, folders of pictures, or - for names on standard input.", valueName: "picture"))
  var pictures: [String] = []

  @Option(
    help: ArgumentHelp(
      "Average the scores with those of this network, which must have the same classes; may be repeated.",
      valueName: "checkpoint|run"))
  var with: [String] = []

  @Option(
    help: ArgumentHelp(
      "Predict this test image of the run's data set, by its number from 0; may be repeated.", valueName: "number"))
  var testImage: [Int] = []

  @Option(
    help: ArgumentHelp(
      "The data set of --test-image: a pack, or the folder with the IDX files (default: the run's own data).",
      valueName: "pack|dir"))
  var data: String?

  @OptionGroup var options: TestOptions

  @Flag(
    help: ArgumentHelp(
      "Turn JPEG pictures upright by the orientation that the camera noted (EXIF), for networks whose data were packed "
        + "with --exif."))
  var exif = false

  @Option(
    help: ArgumentHelp(
      "What happens at a file that is not a whole picture: stop, or skip it and exit with 0 (default: continue, and "
        + "exit with 65).",
      valueName: "action"))
  var onError: PackSettings.OnError?

  @OptionGroup var weights: WeightChoiceOptions

  @OptionGroup var precision: PrecisionOptions

  @OptionGroup var threads: ThreadOptions

  @Flag(
    help: "Print a JSON object for each picture, with the scores of all classes: the averaged inputs of the softmax.")
  var json = false

  func validate() throws {
    guard !pictures.isEmpty || !testImage.isEmpty else {
      throw ValidationError("Name at least one picture, folder or - , or a test image by --test-image.")
    }
    if pictures.count(where: { $0 == "-" }) > 1 { throw ValidationError("Standard input can be read only once.") }
  }

  func run() throws {
    // A single process needs no MPI, and so works where MPI does not.
    guard Console.isRank else { alone { try predict(nil) } }
    let command = self
    onAllRanks { world in try command.predict(world) }
  }

  /// The number of pictures that a thread scores together.
  private static let picturesOfThread = 32
  /// The number of bytes of files that a rank has in memory at once.
  private static let bytesOfRank = 1 << 29
  /// The largest number of pictures that all ranks score at once.
  private static let largestBatch = 8192
  /// The largest number of bytes of scores that the ranks exchange at once, and of one class's scores of a picture.
  private static let (bytesOfScores, bytesOfScore) = (1 << 30, 64)

  /// - Parameter world: nil without MPI.
  private func predict(_ world: World?) throws -> ExitStatus {
    let trained = try ([checkpoint] + with).map { path in
      if let world {
        try TrainedNetwork(path, precision: precision.precision, weights.vector, world: world)
      } else {
        try TrainedNetwork(path, precision: precision.precision, weights.vector)
      }
    }
    if world?.rank ?? 0 == 0 { for note in trained.flatMap(\.notes) { Console.complain("warning: \(note)") } }
    try agree(world) {
      for other in trained.dropFirst() { try other.checkClasses(trained[0]) }
    }
    let pool = try threads.pool(world)
    try checkMemory(trained, threads: pool.threadCount, world)
    let shared = SharedScoring(
      scoring: PictureScoring(trained, options, appliesOrientation: exif, on: pool), world: world)
    world?.activity = Activity("the prediction")
    let table = PredictionTable(trained[0].classNames, json: json)
    if !testImage.isEmpty { try predictTestImages(shared, table) }
    if let world, world.rank != 0 { return try shared.follow(world) }
    let most = min(Self.largestBatch, max(1, Self.bytesOfScores / (Self.bytesOfScore * trained[0].classNames.count)))
    let status = try predictPictures(
      shared, table, ranks: world?.size ?? 1,
      count: min(Self.picturesOfThread * pool.threadCount * (world?.size ?? 1), most))
    try shared.end(status)
    return status
  }

  /// Refuses networks that there is no memory for.
  private func checkMemory(_ trained: [TrainedNetwork], threads: Int, _ world: World?) throws {
    let bytes = Predictor.byteCount(trained.map(\.network), options.test, threads: threads)
    guard let world else {
      return try MemoryDemand.ofThisProcess(host: ProcessInfo.processInfo.hostName, bytes: bytes).check()
    }
    _ = try world.checkMemory(bytes: bytes)
  }

  /// Predicts all pictures, on rank 0, which tells the others their parts. Returns the exit status.
  ///
  /// - Parameter count: the number of pictures that are scored at once.
  private func predictPictures(
    _ shared: SharedScoring, _ table: PredictionTable, ranks: Int, count: Int
  ) throws -> ExitStatus {
    var batch: [String] = []
    var bytes = 0
    var statuses: Set<ExitStatus> = []
    /// Reports a file that is not a picture. Returns whether to continue.
    func report(_ failure: String, _ status: ExitStatus) -> Bool {
      Console.complain(failure)
      statuses.insert(status)
      return onError != .stop
    }
    /// Scores and shows the batch. Returns whether to continue.
    func flush() throws -> Bool {
      guard !batch.isEmpty else { return true }
      let paths = batch
      (batch, bytes) = ([], 0)
      for (path, outcome) in zip(paths, try shared.outcomes(of: paths)) {
        switch outcome {
        case .scores(let logits, let probabilities):
          table.show(path, label: nil, Predictor.Scores(logits: logits, probabilities: probabilities))
        case .failure(let text, let status): guard report(text, status) else { return false }
        case .refusal(let text, let status):
          _ = report(text, status)
          return false
        }
      }
      return true
    }
    var continues = true
    try PicturePaths(pictures).walk { step in
      guard !StopSignals.isRequested else { return false }
      switch step {
      case .picture(let path):
        batch.append(path)
        bytes += FileSystem.size(of: path)
        if batch.count >= count || bytes >= Self.bytesOfRank * ranks { continues = try flush() }
      case .pause: continues = try flush()
      case .warning(let text): Console.complain("warning: \(text)")
      case .failure(let text, let status):
        // The pictures before it are shown first, so that reports keep the order of the names.
        continues = try flush() && report(text, status)
      }
      return continues
    }
    if StopSignals.isRequested { return .tryAgain }
    if continues { continues = try flush() }
    guard let first = statuses.first, !(continues && onError == .skip) else { return .done }
    return statuses.count == 1 ? first : .badData
  }

  /// Predicts the test images on rank 0 only: they are few.
  private func predictTestImages(_ shared: SharedScoring, _ table: PredictionTable) throws {
    try agree(shared.world) {
      guard shared.world?.rank ?? 0 == 0 else { return }
      let (labels, scores) = try shared.scoring.scores(ofTestImages: testImage, data: data)
      for (place, number) in testImage.enumerated() {
        table.show("test image \(number)", label: labels[place], scores[place])
      }
    }
  }

  /// Runs `body` so that a failure is reported once on all ranks; without MPI simply runs it.
  private func agree(_ world: World?, _ body: () throws -> Void) throws {
    guard let world else { return try body() }
    try world.agree(body)
  }
}
