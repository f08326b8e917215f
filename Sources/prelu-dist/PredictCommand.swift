import ArgumentParser
import Communication
import Evaluation
import Foundation
import Images
import Kernels
import Training

/// The likeliest classes of single pictures.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "The five likeliest classes of pictures (JPEG, PNG, PGM, PPM).",
    discussion: """
      A folder stands for the pictures in it and below, - for the names on standard input, one a line. A network of \
      photographs sees the middle of a JPEG or PNG picture as evaluation does; another one sees the whole picture, squeezed \
      into its input.
      """)

  @Argument(help: ArgumentHelp("A checkpoint, or a run folder: its best one.", valueName: "checkpoint|run"))
  var checkpoint: String

  @Argument(help: ArgumentHelp("Pictures, folders, or - .", valueName: "picture"))
  var pictures: [String] = []

  @Option(help: ArgumentHelp("Test images of the run's data set, by number from 0.", valueName: "number"))
  var testImage: [Int] = []

  @Option(help: ArgumentHelp("A pack, or the folder of the IDX files (default: the run's own data).", valueName: "dir"))
  var data: String?

  @OptionGroup var options: TestOptions

  @Option(help: "Threads (default: the host's cores).")
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
    do {
      try predict()
    } catch {
      Console.complain("\(error)")
      Foundation.exit(Training.ExitCode.of(error))
    }
  }

  /// Pictures in memory at once.
  private static let batch = 64

  private func predict() throws {
    let trained = try TrainedNetwork(checkpoint)
    let predictor = Predictor(
      trained.network, options.test, on: ThreadPool(threads: threads ?? availableCores()))
    let table = PredictionTable(trained.classNames, json: json)
    if !testImage.isEmpty { try predictTestImages(trained, predictor, table) }
    var batch: [String] = []
    func flush() throws {
      guard !batch.isEmpty else { return }
      let member = trained.member(try trained.images(ofPictures: batch), padding: options.padding)
      for (path, scores) in zip(batch, try predictor.scores(member)) { table.show(path, label: nil, scores) }
      batch = []
    }
    try PicturePaths.forEach(of: pictures) { path in
      batch.append(path)
      if batch.count == Self.batch { try flush() }
    }
    try flush()
  }

  private func predictTestImages(
    _ trained: TrainedNetwork, _ predictor: Predictor, _ table: PredictionTable
  ) throws {
    let directory = data ?? trained.configuration.data.directory
    let images = try trained.images(nil, data: data).images
    for number in testImage where !(0..<images.count).contains(number) {
      throw TrainingError(
        Training.ExitCode.usage,
        "\(directory): there is no test image \(number); they have numbers from 0 to \(images.count - 1)")
    }
    let scores = try predictor.scores(trained.member(images, padding: options.padding), samples: testImage)
    for (number, scores) in zip(testImage, scores) {
      table.show("test image \(number)", label: Int(images.labels[number]), scores)
    }
  }
}
