import Communication
import Evaluation
import Foundation
import RankTestSupport
import Testing

/// How the groups of a test get to the ranks. Alone in one process; `scripts/test` runs these on several ranks.
@Suite(.serialized) struct WorkQueueTests {
  private let world: World

  init() throws {
    world = try startedWorld()
  }

  private func groups(_ costs: [Double]) -> TestGroups {
    TestGroups(groups: costs.enumerated().map { TestGroup(samples: [$0], cost: $1) })
  }

  /// How often each group was taken, on all ranks together.
  private func counts(_ taken: [Int], of count: Int) throws -> [Int64] {
    var counts = [Int64](repeating: 0, count: count)
    for group in taken { counts[group] += 1 }
    try world.allreduceSum(&counts)
    return counts
  }

  @Test(arguments: [0, 1, 2, 7, 100, 1000], [1, 3])
  func everyGroupIsTakenOnce(count: Int, pieceLength: Int) throws {
    let queue = try WorkQueue(
      groups((0..<count).map { Double(1 + $0 * 7919 % 13) }), pieceLength: pieceLength, world: world)
    var taken: [Int] = []
    while let piece = try queue.next(keepGoing: true) {
      #expect((1...pieceLength).contains(piece.now.count) && piece.ahead.count <= pieceLength)
      #expect(piece.ahead.isEmpty || piece.ahead.lowerBound == piece.now.upperBound)
      taken += piece.now.map { queue.order[$0] }
    }
    #expect(try counts(taken, of: count).allSatisfy { $0 == 1 })
    #expect(world.rank > 0 || queue.begunShare == 1)
  }

  @Test func theCostliestComeFirst() throws {
    let queue = try WorkQueue(groups([5, 1, 1, 6, 1, 5]), pieceLength: 1, world: world)
    #expect(queue.order == [3, 0, 5, 1, 2, 4])
    while try queue.next(keepGoing: true) != nil {}
  }

  /// A rank is slow here by waiting: for each piece that it takes, each of the others takes four, and these do not run
  /// ahead, as files count. So it needs neither a core nor a clock.
  @Test func aSlowRankTakesLess() throws {
    guard world.size > 1 else { return }
    let (others, groupsOfEach) = (world.size - 1, 200)
    let isSlow = world.rank == others
    let path = try world.fromRoot { NSTemporaryDirectory() + "prelu-dist-test-\(UUID().uuidString)" }
    let (fast, slow) = (try SharedCounter(path), try SharedCounter(path + ".slow"))
    /// Waits until `counter` is at `count`, or until it seems that it never will be: ranks may have nothing left.
    func wait(for counter: SharedCounter, _ count: Int) {
      var (seen, unchanged) = (counter.value, 0)
      while seen < count, unchanged < 500 {
        usleep(500)
        let now = counter.value
        (seen, unchanged) = (now, now == seen ? unchanged + 1 : 0)
      }
    }
    let queue = try WorkQueue(
      groups([Double](repeating: 1, count: groupsOfEach * world.size)), pieceLength: 1, world: world)
    var taken = 0
    while let piece = try queue.next(keepGoing: true) {
      taken += piece.now.count
      if isSlow {
        wait(for: fast, 4 * others * taken)
        slow.increase()
      } else {
        fast.increase()
        // Rank 0 answers between two pieces, so the others have to be some ahead.
        wait(for: slow, taken / 4 - 2)
      }
    }
    let all = try world.allgather(taken)
    #expect(all.reduce(0, +) == groupsOfEach * world.size)
    // More than its first batch, an eighth of its share, and less than half of what the others take on average.
    let mean = all.dropLast().reduce(0, +) / others
    #expect(all[others] > groupsOfEach / 8 && all[others] < mean / 2, "\(all) groups by rank")
  }

  /// The last rank wants no more after its third piece; the others are told when they ask again.
  @Test func aRankThatStopsStopsAll() throws {
    let count = 4000
    let queue = try WorkQueue(groups([Double](repeating: 1, count: count)), pieceLength: 1, world: world)
    let isLast = world.rank == world.size - 1
    var taken: [Int] = []
    while let piece = try queue.next(keepGoing: !isLast || taken.count < 3) {
      taken += piece.now.map { queue.order[$0] }
      usleep(100)
    }
    #expect(!isLast || taken.count == 3)
    let all = try counts(taken, of: count)
    #expect(all.allSatisfy { $0 <= 1 } && all.contains(0), "the work was done to its end")
    #expect(try queue.next(keepGoing: true) == nil)
  }
}

/// A number that processes of a host count up: the length of a file.
private final class SharedCounter {
  private let path: String
  private let descriptor: Int32

  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND, 0o600)
    try #require(descriptor >= 0)
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  var value: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  func increase() { write(descriptor, [UInt8(0)], 1) }
}
