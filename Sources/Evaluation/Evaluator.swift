import Communication
import Images
import Kernels
import Network
import Synchronization
import System

/// Measures the test errors of one or several networks on a set of images, which the ranks take as they progress.
///
/// All ranks must hold the same parameters and call `run` together. Every image is scored once, and counts are whole
/// numbers, so that errors do not depend on the number of ranks.
public struct Evaluator {
  /// The progress of a test, as rank 0 knows it.
  public struct Progress: Sendable {
    /// The number of images in the test.
    public var count: Int
    /// The share of all ranks' work that is done, from 0 to 1.
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

  /// The seconds between two looks at the other ranks; at each look the fastest rank waits.
  private static let roundSeconds = 20.0

  /// - Parameters:
  ///   - members: networks with the same images in the same order; at least one.
  ///   - samples: the images to be scored, ascending; nil means all.
  ///   - pixelLimit: the number of pixels of an image that go through a tower at once; larger images are cut.
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
          "expected networks of the same classes, whose scores have an average, found \(classes) and "
            + "\(member.network.head.classes.counted("class")): leave the other network out")
      }
      guard member.images.labels == labels else {
        throw EvaluationError(
          "expected the same images for all networks, found \(labels.count) and "
            + "\(member.images.labels.count) that differ: "
            + "their settings of data.validation are not the same; take --split test")
      }
    }
    let samples = samples ?? Array(labels.indices)
    count = samples.count
    groups = try TestGroups(members, test, samples: samples, pixelLimit: scoring.pixelLimit)
  }

  /// The bytes that `run` takes on this rank: the networks score one after the other.
  public var byteCount: Int {
    zip(members, groups.largest).map { member, extents in
      scoring.byteCount(of: member.network, extents: extents, threads: pool.threadCount)
    }.max() ?? 0
  }

  /// Scores all images. The result is the same on every rank.
  ///
  /// - Parameters:
  ///   - keepsPredictions: whether the likeliest classes of each image are wanted, not only the errors.
  ///   - keepsConfusion: whether the number of images of each class for each guess is wanted.
  ///   - keepGoing: asked often, also by several threads at once; `false` on any rank ends the test on all ranks, with
  ///     a result of nil.
  ///   - progress: called repeatedly on rank 0.
  /// - Throws: `DataError` for an image that cannot be read, on the rank that needs it; `MPIError`.
  public func run(
    keepsPredictions: Bool = false, keepsConfusion: Bool = false, keepGoing: () -> Bool = { true },
    progress: (Progress) -> Void = { _ in }
  ) throws -> EvaluationResult? {
    let start = monotonicSeconds()
    let isStopped = Atomic(false)
    /// Returns whether to go on. Once told to stop, it stays so, because a group may have been left out.
    func goOn() -> Bool {
      if !keepGoing() { isStopped.store(true, ordering: .relaxed) }
      return !isStopped.load(ordering: .relaxed)
    }
    let queue = try WorkQueue(groups, pieceLength: pieceLength, world: world)
    let classes = members[0].network.head.classes
    var tally = Tally(
      classes: classes, samples: members[0].images.count, keepsPredictions: keepsPredictions,
      keepsConfusion: keepsConfusion)
    /// The groups that this rank has scored or begun to score.
    var own: [TestGroup] = []
    /// The sums of the earlier members' scores of these groups; empty if there is only one member.
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
          // With only one network a group is done once it is scored.
          if members.count > 1 { sums += Array(repeating: [], count: range.count) }
          for place in piece.ahead { members[0].images.announce(groups.groups[queue.order[place]].samples) }
          try score(range)
          tell(queue.begunShare)
        }
        // A rank may have stopped during its last piece.
        if try world.any(!goOn()) { return nil }
      } else {
        // Each rank holds the sums of its groups, whose number followed its speed.
        guard try inRounds(own, keepGoing: goOn, progress: tell, score) else { return nil }
      }
    }
    return try tally.result(world)
  }

  /// The number of groups that a rank works on at a time. Threads that take pieces of different cost need some of them
  /// to end together.
  private var pieceLength: Int { pool.threadCount > 1 ? 3 * pool.threadCount : 1 }

  /// Returns the scores of all images of some groups by a member, weighted by its share of the sum over the members.
  /// Groups that were left out because the test is to stop are absent.
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

  /// Calls `body` for one range of the rank's groups after another, and looks at the other ranks from time to time.
  ///
  /// - Returns: whether all groups were done; `false` on all ranks if any rank was to stop.
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
