import Images
import Kernels
import Network
import Synchronization

/// The scores of single images by one network, in this process alone.
public struct Predictor {
  /// One image's averages over all views.
  public struct Scores: Sendable {
    /// What the softmax was applied to.
    public var logits: [Double]
    /// As the test averages: outputs of the softmax, or the softmax of `logits`.
    public var probabilities: [Double]

    /// The classes of the `count` highest probabilities, the highest first.
    public func best(_ count: Int) -> [Int] { probabilities.withUnsafeBufferPointer { highest(count, of: $0) } }
  }

  private let test: TestProtocol
  private let scoring: GroupScoring
  private let inference: Inference

  public init(_ network: Network, _ test: TestProtocol, on pool: ThreadPool) {
    self.test = test
    scoring = GroupScoring(test: test, pixelLimit: GroupScoring.pixelLimit)
    inference = Inference(network, rows: scoring.rows, on: pool)
  }

  /// The scores of some images.
  ///
  /// - Parameter member: the network, with the images.
  /// - Throws: `EvaluationError` where they do not fit, `DataError` where one cannot be read.
  public func scores(_ member: Member, samples: [Int]? = nil) throws -> [Scores] {
    let samples = samples ?? Array(0..<member.images.count)
    let groups = try TestGroups(
      [member], test, samples: Set(samples).sorted(), pixelLimit: scoring.pixelLimit
    ).groups
    let classes = member.network.head.classes
    let results = Mutex<[Int: Scores]>([:])
    let failure = FirstFailure()
    inference.parallelFor(groups.count) { piece, scorer in
      guard !failure.isThere else { return }
      let group = groups[piece].samples
      var logits = [[Double]](repeating: [Double](repeating: 0, count: classes), count: group.count)
      var probabilities = logits
      failure.attempt { () throws(DataError) in
        try scoring.forEachWindow(group, member, inference, scorer) { image, share, scores in
          addScores(scores, classes: classes, .logits, weight: share, to: &logits[image])
          addScores(scores, classes: classes, .probabilities, weight: share, to: &probabilities[image])
        }
      }
      for (place, sample) in group.enumerated() {
        var own = probabilities[place]
        if test.averaging == .logits {
          own = [Double](repeating: 0, count: classes)
          addSoftmax(logits[place].map { Float($0) }, classes: classes, weight: 1, to: &own)
        }
        let scores = Scores(logits: logits[place], probabilities: own)
        results.withLock { $0[sample] = scores }
      }
    }
    try failure.check()
    // As they were asked for, in any order and perhaps twice.
    let all = results.withLock { $0 }
    return samples.compactMap { all[$0] }
  }
}
