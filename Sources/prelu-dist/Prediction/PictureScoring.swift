import Evaluation
import Images
import Kernels
import Synchronization
import System

/// The outcome of scoring a picture's file.
enum PictureOutcome: Codable {
  case scores(logits: [Double], probabilities: [Double])
  /// The file cannot be read.
  case failure(String, ExitStatus)
  /// No picture can be scored by this protocol.
  case refusal(String, ExitStatus)
}

/// Scores files of pictures in this process, by the average of networks.
struct PictureScoring {
  private let trained: [TrainedNetwork]
  private let predictor: Predictor
  private let pool: ThreadPool
  private let padding: Int?
  private let appliesOrientation: Bool

  init(_ trained: [TrainedNetwork], _ options: TestOptions, appliesOrientation: Bool, on pool: ThreadPool) {
    self.trained = trained
    self.pool = pool
    self.appliesOrientation = appliesOrientation
    padding = options.padding
    predictor = Predictor(trained.map(\.network), options.test, on: pool)
  }

  /// Returns the outcome of each file, in the order of the paths.
  func outcomes(of paths: [String]) -> [PictureOutcome] {
    let files = Mutex<[Int: Result<EncodedPicture, DataError>]>([:])
    pool.parallelFor(paths.count) { index, _ in
      let file = Result { () throws(DataError) in
        try EncodedPicture(path: paths[index], appliesOrientation: appliesOrientation)
      }
      files.withLock { $0[index] = file }
    }
    var outcomes: [Int: PictureOutcome] = [:]
    var whole: [(index: Int, picture: EncodedPicture)] = []
    for (index, file) in files.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      switch file {
      case .success(let picture): whole.append((index, picture))
      case .failure(let error): outcomes[index] = .failure("\(error)", error.exitStatus)
      }
    }
    for (place, outcome) in zip(whole, scores(whole.map(\.picture))) { outcomes[place.index] = outcome }
    return paths.indices.compactMap { outcomes[$0] }
  }

  /// Returns the labels and the scores of test images of the networks' data.
  ///
  /// - Parameters:
  ///   - numbers: the images' numbers in the data, from 0.
  ///   - data: the path of other data than the networks' own; nil for their own.
  /// - Throws: `Refusal` for a number that no test image has; the errors of reading and scoring.
  func scores(ofTestImages numbers: [Int], data: String?) throws -> (labels: [Int], scores: [Predictor.Scores]) {
    let images = try trained.map { try $0.images(nil, data: data).images }
    for (trained, images) in zip(trained, images) {
      for number in numbers where !(0..<images.count).contains(number) {
        throw Refusal(
          .usage,
          "\(data ?? trained.configuration.data.directory): there is no test image \(number); they have numbers from 0 "
            + "to \(images.count - 1)")
      }
    }
    let results = try predictor.results(members(images), samples: numbers)
    return (numbers.map { Int(images[0].labels[$0]) }, try results.map { try $0.get() })
  }

  private func members(_ images: [any TestImages]) -> [EnsembleMember] {
    zip(trained, images).map { $0.member($1, padding: padding) }
  }

  private func scores(_ pictures: [EncodedPicture]) -> [PictureOutcome] {
    guard !pictures.isEmpty else { return [] }
    do {
      return try results(pictures).map { result in
        switch result {
        case .success(let scores): .scores(logits: scores.logits, probabilities: scores.probabilities)
        case .failure(let error): .failure("\(error)", error.exitStatus)
        }
      }
    } catch {
      let status = ExitStatus(of: error)
      if error is EvaluationError { return pictures.map { _ in .refusal("\(error)", status) } }
      // An error that only one picture causes, such as more pixels than can be counted, comes without its name.
      guard pictures.count == 1 else { return pictures.flatMap { scores([$0]) } }
      return [.failure("\(pictures[0].path): \(error)", status)]
    }
  }

  private func results(_ pictures: [EncodedPicture]) throws -> [Result<Predictor.Scores, DataError>] {
    var errors: [Int: DataError] = [:]
    var images: [any TestImages] = []
    for network in trained {
      guard network.configuration.data.kind != .pack else {
        images.append(PhotoTestImages(PictureFiles(pictures, classCount: network.classNames.count)))
        continue
      }
      let squeezed = squeezed(pictures, to: network.mean.extents)
      for (index, picture) in squeezed.enumerated() {
        if case .failure(let error) = picture { errors[index] = error }
      }
      let none = [Float](repeating: 0, count: network.mean.extents.count)
      images.append(
        PlainTestImages(
          squeezed.map { (try? $0.get()) ?? none }, extents: network.mean.extents,
          labels: [Int32](repeating: 0, count: pictures.count), classCount: network.classNames.count))
    }
    let results = try predictor.results(members(images))
    return results.enumerated().map { index, result in errors[index].map { .failure($0) } ?? result }
  }

  /// Returns the pictures as a network that was not trained on photographs sees them: whole, and resized to its input.
  private func squeezed(_ pictures: [EncodedPicture], to extents: Extents) -> [Result<[Float], DataError>] {
    let squeezed = Mutex<[Int: Result<[Float], DataError>]>([:])
    pool.parallelFor(pictures.count) { index, _ in
      let values = Result { () throws(DataError) in
        try pictures[index].decoded(channels: extents.channels).resized(to: extents)
      }
      squeezed.withLock { $0[index] = values }
    }
    let all = squeezed.withLock { $0 }
    return pictures.indices.compactMap { all[$0] }
  }
}
