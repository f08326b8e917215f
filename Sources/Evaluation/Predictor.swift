import Images
import Kernels
import Network
import Synchronization

/// Scores single images by one network, or by the average of several, only in this process.
public struct Predictor {
  /// The averages of one image over all views and networks.
  public struct Scores: Sendable {
    /// The inputs of the softmax.
    public var logits: [Double]
    /// The probabilities as the test averages them: averaged outputs of the softmax, or the softmax of `logits`.
    public var probabilities: [Double]

    public init(logits: [Double], probabilities: [Double]) {
      self.logits = logits
      self.probabilities = probabilities
    }

    /// Returns the classes of the `count` highest probabilities, the highest first.
    public func best(_ count: Int) -> [Int] { probabilities.withUnsafeBufferPointer { highest(count, of: $0) } }
  }

  private let test: TestProtocol
  private let scoring: GroupScoring
  private let inferences: [Inference]

  /// - Parameter networks: networks with the same classes; at least one.
  public init(_ networks: [Network], _ test: TestProtocol, on pool: ThreadPool) {
    precondition(!networks.isEmpty, "a prediction by no network")
    self.test = test
    let scoring = GroupScoring(test: test, pixelLimit: GroupScoring.pixelLimit)
    self.scoring = scoring
    inferences = networks.map { Inference($0, rows: scoring.rows, on: pool) }
  }

  public init(_ network: Network, _ test: TestProtocol, on pool: ThreadPool) { self.init([network], test, on: pool) }

  /// Returns the bytes that a predictor takes at least: with pictures of the networks' own input. Larger ones, which
  /// only a dense test sees whole, are cut at a limit.
  public static func byteCount(_ networks: [Network], _ test: TestProtocol, threads: Int) -> Int {
    let scoring = GroupScoring(test: test, pixelLimit: GroupScoring.pixelLimit)
    return networks.reduce(0) {
      $0 + scoring.byteCount(of: $1, extents: $1.architecture.input.plane, threads: threads)
    }
  }

  /// Returns the scores of some images by one network.
  ///
  /// - Parameter member: the network with its images.
  /// - Throws: the errors of `results`, and `DataError` if an image cannot be read.
  public func scores(_ member: EnsembleMember, samples: [Int]? = nil) throws -> [Scores] {
    try results([member], samples: samples).map { try $0.get() }
  }

  /// Returns the scores of some images, or the reason why an image cannot be read.
  ///
  /// - Parameters:
  ///   - members: the networks that this predictor was made with, each with the same images in the form that it
  ///     expects.
  ///   - samples: the images to be scored, in any order and possibly repeated; nil means all.
  /// - Throws: `EvaluationError` if the test does not fit the images, `ArchitectureError` if one is too large.
  public func results(_ members: [EnsembleMember], samples: [Int]? = nil) throws -> [Result<Scores, DataError>] {
    precondition(members.count == inferences.count, "\(members.count) networks instead of \(inferences.count)")
    let samples = samples ?? Array(0..<members[0].images.count)
    let distinct = Set(samples).sorted()
    let weight = 1 / Double(members.count)
    var sums: [Int: Result<Scores, DataError>] = [:]
    for (inference, member) in zip(inferences, members) {
      for (sample, own) in try results(member, inference, distinct) {
        sums[sample] = sums[sample].map { $0.adding(own, weight: weight) } ?? own.map { $0.times(weight) }
      }
    }
    if test.averaging == .logits {
      for (sample, sum) in sums { sums[sample] = sum.map { $0.withSoftmaxOfLogits() } }
    }
    return samples.compactMap { sums[$0] }
  }

  private func results(
    _ member: EnsembleMember, _ inference: Inference, _ samples: [Int]
  ) throws -> [Int: Result<Scores, DataError>] {
    let groups = try TestGroups([member], test, samples: samples, pixelLimit: scoring.pixelLimit).groups
    let results = Mutex<[Int: Result<Scores, DataError>]>([:])
    inference.parallelFor(groups.count) { piece, scorer in
      let group = groups[piece].samples
      var own: [Result<Scores, DataError>]
      do throws(DataError) {
        own = try scores(group, member, inference, scorer).map { .success($0) }
      } catch {
        // One image of the group cannot be read, but the others can.
        own = [.failure(error)]
        if group.count > 1 {
          own = group.map { sample in
            Result { () throws(DataError) in try scores([sample], member, inference, scorer)[0] }
          }
        }
      }
      let finished = zip(group, own)
      results.withLock { results in
        for (sample, result) in finished { results[sample] = result }
      }
    }
    return results.withLock { $0 }
  }

  private func scores(
    _ group: [Int], _ member: EnsembleMember, _ inference: Inference, _ scorer: WindowScorer
  ) throws(DataError) -> [Scores] {
    let classes = member.network.head.classes
    var logits = [[Double]](repeating: [Double](repeating: 0, count: classes), count: group.count)
    var probabilities = logits
    try scoring.forEachWindow(group, member, inference, scorer) { image, share, scores in
      addScores(scores, classes: classes, .logits, weight: share, to: &logits[image])
      addScores(scores, classes: classes, .probabilities, weight: share, to: &probabilities[image])
    }
    return zip(logits, probabilities).map { Scores(logits: $0, probabilities: $1) }
  }
}

extension Predictor.Scores {
  fileprivate func times(_ weight: Double) -> Self {
    // With only one network the values stay what they are, because the weight is 1.
    Self(logits: logits.map { $0 * weight }, probabilities: probabilities.map { $0 * weight })
  }

  fileprivate func adding(_ other: Self, weight: Double) -> Self {
    Self(
      logits: zip(logits, other.logits).map { $0 + weight * $1 },
      probabilities: zip(probabilities, other.probabilities).map { $0 + weight * $1 })
  }

  fileprivate func withSoftmaxOfLogits() -> Self {
    var own = [Double](repeating: 0, count: logits.count)
    addSoftmax(logits.map { Float($0) }, classes: logits.count, weight: 1, to: &own)
    return Self(logits: logits, probabilities: own)
  }
}

extension Result where Success == Predictor.Scores, Failure == DataError {
  /// Returns the sum, or the first error.
  fileprivate func adding(_ other: Self, weight: Double) -> Self {
    switch (self, other) {
    case (.success(let a), .success(let b)): .success(a.adding(b, weight: weight))
    case (.failure, _): self
    case (_, .failure): other
    }
  }
}
