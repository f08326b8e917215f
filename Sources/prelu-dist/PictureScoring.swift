import Communication
import Evaluation
import Images
import Kernels
import Network
import Synchronization
import System
import Training

/// What becomes of a picture's file.
enum PictureOutcome: Codable {
  case scores(logits: [Double], probabilities: [Double])
  /// It cannot be read.
  case failure(String, ExitStatus)
  /// No picture can be scored so.
  case refusal(String, ExitStatus)
}

/// Scores files of pictures by the average of networks, in this process.
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

  /// The outcome of each file, in their order.
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

  /// Test images of the networks' data, by number.
  func scores(ofTestImages numbers: [Int], data: String?) throws -> (labels: [Int], scores: [Predictor.Scores]) {
    let images = try trained.map { try $0.images(nil, data: data).images }
    for (trained, images) in zip(trained, images) {
      for number in numbers where !(0..<images.count).contains(number) {
        throw TrainingError(
          .usage,
          "\(data ?? trained.configuration.data.directory): there is no test image \(number); they have numbers from 0 to "
            + "\(images.count - 1)")
      }
    }
    let results = try predictor.results(members(images), samples: numbers)
    return (numbers.map { Int(images[0].labels[$0]) }, try results.map { try $0.get() })
  }

  private func members(_ images: [any TestImages]) -> [Member] {
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
      // What is wrong with one picture alone, such as more pixels than can be counted, is told without its name.
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

  /// How a network that was not trained on photographs sees pictures: whole.
  private func squeezed(_ pictures: [EncodedPicture], to extents: ImageExtents) -> [Result<[Float], DataError>] {
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

/// The pictures of a prediction shared among the ranks: rank 0 says which, all score their part, and rank 0 gets all
/// outcomes. Without `mpirun` it is the one process alone.
struct SharedScoring {
  let scoring: PictureScoring
  /// Nil outside `mpirun`.
  let world: World?

  /// What rank 0 tells the others.
  private enum Order: Codable {
    case score([String])
    case end(ExitStatus)
  }

  /// Rank 0: the outcome of each file, in their order.
  func outcomes(of paths: [String]) throws -> [PictureOutcome] {
    guard let world, world.size > 1 else { return scoring.outcomes(of: paths) }
    _ = try world.broadcast(Order.score(paths), root: 0)
    return try join(paths, world)
  }

  /// Rank 0: lets the other ranks end, with the same exit status.
  func end(_ status: ExitStatus) throws {
    guard let world, world.size > 1 else { return }
    _ = try world.broadcast(Order.end(status), root: 0)
  }

  /// The other ranks: does what rank 0 says, to the end. Returns the exit status.
  func follow(_ world: World) throws -> ExitStatus {
    while true {
      let order: Order = try world.broadcast(nil, root: 0)
      switch order {
      case .score(let paths): _ = try join(paths, world)
      case .end(let status): return status
      }
    }
  }

  private func join(_ paths: [String], _ world: World) throws -> [PictureOutcome] {
    let own = paths.count * world.rank / world.size..<paths.count * (world.rank + 1) / world.size
    return try world.allgather(scoring.outcomes(of: Array(paths[own]))).flatMap(\.self)
  }
}
