import Communication
import Images
import Kernels
import Network
import Synchronization

/// The test errors of one or several networks on a set of images, with the work spread over the ranks by its cost.
///
/// All ranks must hold the same parameters and call `run` together. Every image is scored once, and counts are whole
/// numbers, so that errors do not depend on the number of ranks.
public struct Evaluation {
  /// How far a test is, as rank 0 knows it.
  public struct Progress: Sendable {
    /// Images of the test.
    public var count: Int
    /// Of rank 0's work, from 0 to 1: all ranks have about as much.
    public var share: Double
    public var seconds: Double
  }

  private let members: [Member]
  private let test: TestProtocol
  private let world: World
  private let pool: ThreadPool
  private let groups: TestGroups
  private let count: Int
  private let scoring: GroupScoring

  /// Seconds between two looks at the other ranks, for each of which the fastest waits.
  private static let roundSeconds = 20.0

  /// - Parameters:
  ///   - members: with the same images in the same order; one at least.
  ///   - samples: the images to be scored, ascending; nil: all.
  ///   - pixelLimit: of an image that goes through a tower at once; larger ones are cut.
  /// - Throws: `EvaluationError` where images or classes do not fit.
  public init(
    _ members: [Member], _ test: TestProtocol, samples: [Int]? = nil, pixelLimit: Int? = nil, world: World,
    on pool: ThreadPool
  ) throws {
    precondition(!members.isEmpty, "a test of no network")
    self.members = members
    self.test = test
    self.world = world
    self.pool = pool
    scoring = GroupScoring(test: test, pixelLimit: pixelLimit ?? GroupScoring.pixelLimit)
    let (labels, classes) = (members[0].images.labels, members[0].network.head.classes)
    for member in members.dropFirst() {
      guard member.network.head.classes == classes else {
        throw EvaluationError(
          "the networks score \(classes) and \(member.network.head.classes) classes: their scores have no average")
      }
      guard member.images.labels == labels else {
        throw EvaluationError(
          "expected the same images for all networks, found \(labels.count) and \(member.images.labels.count) that differ: "
            + "their settings of data.validation are not the same; take --part test")
      }
    }
    let samples = samples ?? Array(labels.indices)
    count = samples.count
    groups = try TestGroups(members, test, samples: samples, pixelLimit: scoring.pixelLimit)
  }

  /// Scores all images. The result is the same on every rank.
  ///
  /// - Parameters:
  ///   - keepsPredictions: whether the likeliest classes of each image are wanted, not the errors alone.
  ///   - keepGoing: asked often, also by several threads at once; `false` on any rank ends the test on all ranks, with nil.
  ///   - progress: called on rank 0 again and again.
  /// - Throws: `DataError` for an image that cannot be read, on the rank that needs it; `MPIError`.
  public func run(
    keepsPredictions: Bool = false, keepGoing: () -> Bool = { true }, progress: (Progress) -> Void = { _ in }
  ) throws -> EvaluationResult? {
    let start = monotonicSeconds()
    let isStopped = Atomic(false)
    /// Once told to stop, it stays so: a group may have been left out.
    func goOn() -> Bool {
      if !keepGoing() { isStopped.store(true, ordering: .relaxed) }
      return !isStopped.load(ordering: .relaxed)
    }
    let own = groups.dealt(toRanks: world.size)[world.rank]
    let classes = members[0].network.head.classes
    var tally = Tally(classes: classes, samples: members[0].images.count, keepsPredictions: keepsPredictions)
    // Between members the scores must be kept; of one member alone a group is done when it is scored.
    let starts = own.reduce(into: [0]) { $0.append($0.last! + $1.samples.count * classes) }
    let scores = ScoreStore(count: members.count > 1 ? starts.last! : 0)
    for (place, member) in members.enumerated() {
      let inference = Inference(member.network, rows: scoring.rows, on: pool)
      let isLast = place == members.count - 1
      let finished = try inRounds(own, keepGoing: goOn) { share in
        guard world.rank == 0 else { return }
        progress(
          Progress(
            count: count, share: (Double(place) + share) / Double(members.count), seconds: monotonicSeconds() - start))
      } _: { range in
        let results = Mutex<[(group: Int, scores: [Double])]>([])
        let failure = FirstFailure()
        inference.parallelFor(range.count) { piece, scorer in
          let index = range.lowerBound + piece
          guard goOn(), !failure.isThere else { return }
          var sums = [Double](repeating: 0, count: own[index].samples.count * classes)
          failure.attempt { () throws(DataError) in
            let weight = 1 / Double(members.count)
            try sums.withUnsafeMutableBufferPointer { (sums) throws(DataError) in
              try scoring.forEachWindow(own[index].samples, member, inference, scorer) { image, share, scores in
                addScores(
                  scores, classes: classes, test.averaging, weight: share * weight,
                  to: sums.baseAddress! + image * classes)
              }
            }
          }
          if place > 0 { scores.add(to: &sums, from: starts[index]) }
          if isLast {
            let sums = sums
            results.withLock { $0.append((index, sums)) }
          } else {
            scores.store(sums, at: starts[index])
          }
        }
        try failure.check()
        for result in results.withLock({ $0 }) {
          tally.add(own[result.group].samples, scores: result.scores, labels: members[0].images.labels, test.averaging)
        }
      }
      guard finished else { return nil }
    }
    return try tally.result(world)
  }

  /// Calls `body` for one range of the rank's groups after the other, and looks at the other ranks from time to time.
  ///
  /// - Returns: whether all were done; `false` on all ranks where one was to stop.
  private func inRounds(
    _ own: [TestGroup], keepGoing: () -> Bool, progress: (Double) -> Void, _ body: (Range<Int>) throws -> Void
  ) throws -> Bool {
    let total = own.reduce(0) { $0 + $1.cost }
    // Threads that take pieces of different cost need some of them to end together.
    let chunk = pool.threadCount > 1 ? 3 * pool.threadCount : 1
    var next = 0
    var done = 0.0
    while true {
      let start = monotonicSeconds()
      while next < own.count, keepGoing(), monotonicSeconds() - start < Self.roundSeconds {
        let range = next..<min(next + chunk, own.count)
        let ahead = range.upperBound..<min(range.upperBound + chunk, own.count)
        for group in own[ahead] { members[0].images.announce(group.samples) }
        try body(range)
        done += own[range].reduce(0) { $0 + $1.cost }
        next = range.upperBound
        progress(total == 0 ? 1 : done / total)
      }
      var maxima = [Int64(keepGoing() ? 0 : 1), Int64(next < own.count ? 1 : 0)]
      try world.allreduceMaximum(&maxima)
      guard maxima[0] == 0 else { return false }
      guard maxima[1] == 1 else { return true }
    }
  }
}

/// Scores of a rank's images between the members. Sendable: threads use disjoint parts.
private final class ScoreStore: @unchecked Sendable {
  private let values: FloatBuffer

  init(count: Int) { values = FloatBuffer(count) }

  func store(_ sums: [Double], at start: Int) {
    for (index, value) in sums.enumerated() { values.base[start + index] = Float(value) }
  }

  func add(to sums: inout [Double], from start: Int) {
    for index in sums.indices { sums[index] += Double(values.base[start + index]) }
  }
}
