import Communication
import Images
import Kernels
import Network
import Synchronization
import System

/// The test errors of one or several networks on a set of images, which the ranks take as they get on with them.
///
/// All ranks must hold the same parameters and call `run` together. Every image is scored once, and counts are whole
/// numbers, so that errors do not depend on the number of ranks.
public struct Evaluator {
  /// How far a test is, as rank 0 knows it.
  public struct Progress: Sendable {
    /// Images of the test.
    public var count: Int
    /// Of all ranks' work, from 0 to 1.
    public var share: Double
    public var seconds: Double
  }

  /// The number of images that are measured.
  public let count: Int
  private let members: [EnsembleMember]
  private let test: TestProtocol
  private let world: World
  private let pool: ThreadPool
  private let groups: TestGroups
  private let scoring: GroupScoring

  /// Seconds between two looks at the other ranks, for each of which the fastest waits.
  private static let roundSeconds = 20.0

  /// - Parameters:
  ///   - members: with the same images in the same order; one at least.
  ///   - samples: the images to be scored, ascending; nil: all.
  ///   - pixelLimit: of an image that goes through a tower at once; larger ones are cut.
  /// - Throws: `EvaluationError` where images or classes do not fit.
  public init(
    _ members: [EnsembleMember], _ test: TestProtocol, samples: [Int]? = nil, pixelLimit: Int? = nil, world: World,
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
            + "their settings of data.validation are not the same; take --split test")
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
    let queue = try WorkQueue(groups, pieceLength: pieceLength, world: world)
    let classes = members[0].network.head.classes
    var tally = Tally(classes: classes, samples: members[0].images.count, keepsPredictions: keepsPredictions)
    /// The groups that this rank has scored, or begun to, and what the members before came to.
    var own: [TestGroup] = []
    var sums: [[Float]] = []
    for (place, member) in members.enumerated() {
      let inference = Inference(member.network, rows: scoring.rows, on: pool)
      func tell(_ share: Double) {
        guard world.rank == 0 else { return }
        progress(
          Progress(
            count: count, share: (Double(place) + share) / Double(members.count), seconds: monotonicSeconds() - start))
      }
      func score(_ range: Range<Int>) throws {
        let scored = try scores(of: own, range, member, inference, onTopOf: place > 0 ? sums : nil, goOn)
        for (index, scores) in scored {
          if place == members.count - 1 {
            tally.add(own[index].samples, scores: scores, labels: members[0].images.labels, test.averaging)
          } else {
            sums[index] = scores.map { Float($0) }
          }
        }
      }
      if place == 0 {
        while let piece = try queue.next(keepGoing: goOn()) {
          let range = own.count..<own.count + piece.now.count
          own += piece.now.map { groups.groups[queue.order[$0]] }
          // Of one network alone a group is done when it is scored.
          if members.count > 1 { sums += Array(repeating: [], count: range.count) }
          for place in piece.ahead { members[0].images.announce(groups.groups[queue.order[place]].samples) }
          try score(range)
          tell(queue.begunShare)
        }
        // A rank may have stopped during its last piece.
        if try world.any(!goOn()) { return nil }
      } else {
        // Each rank has the sums of its groups, and took as many as it was fast.
        guard try inRounds(own, keepGoing: goOn, progress: tell, score) else { return nil }
      }
    }
    return try tally.result(world)
  }

  /// Groups that a rank works on at a time: threads that take pieces of different cost need some of them to end together.
  private var pieceLength: Int { pool.threadCount > 1 ? 3 * pool.threadCount : 1 }

  /// The scores of all images of some groups by a member, by its share of the sum over the members. None of those that
  /// were left out because the test is to stop.
  private func scores(
    of own: [TestGroup], _ range: Range<Int>, _ member: EnsembleMember, _ inference: Inference,
    onTopOf sums: [[Float]]?,
    _ keepGoing: () -> Bool
  ) throws -> [(group: Int, scores: [Double])] {
    let classes = member.network.head.classes
    let results = Mutex<[(group: Int, scores: [Double])]>([])
    let failure = FirstFailure()
    inference.parallelFor(range.count) { piece, scorer in
      let index = range.lowerBound + piece
      guard keepGoing(), !failure.isThere else { return }
      var scores = [Double](repeating: 0, count: own[index].samples.count * classes)
      failure.attempt { () throws(DataError) in
        let weight = 1 / Double(members.count)
        try scores.withUnsafeMutableBufferPointer { (scores) throws(DataError) in
          try scoring.forEachWindow(own[index].samples, member, inference, scorer) { image, share, values in
            addScores(
              values, classes: classes, test.averaging, weight: share * weight,
              to: scores.baseAddress! + image * classes)
          }
        }
      }
      if let sums { for place in scores.indices { scores[place] += Double(sums[index][place]) } }
      let scored = scores
      results.withLock { $0.append((index, scored)) }
    }
    try failure.check()
    return results.withLock { $0 }
  }

  /// Calls `body` for one range of the rank's groups after the other, and looks at the other ranks from time to time.
  ///
  /// - Returns: whether all were done; `false` on all ranks where one was to stop.
  private func inRounds(
    _ own: [TestGroup], keepGoing: () -> Bool, progress: (Double) -> Void, _ body: (Range<Int>) throws -> Void
  ) throws -> Bool {
    let total = own.reduce(0) { $0 + $1.cost }
    var next = 0
    var done = 0.0
    while true {
      let start = monotonicSeconds()
      while next < own.count, keepGoing(), monotonicSeconds() - start < Self.roundSeconds {
        let range = next..<min(next + pieceLength, own.count)
        let ahead = range.upperBound..<min(range.upperBound + pieceLength, own.count)
        for group in own[ahead] { members[0].images.announce(group.samples) }
        try body(range)
        done += own[range].reduce(0) { $0 + $1.cost }
        next = range.upperBound
        progress(total == 0 ? 1 : done / total)
      }
      if try world.any(!keepGoing()) { return false }
      guard try world.any(next < own.count) else { return true }
    }
  }
}
