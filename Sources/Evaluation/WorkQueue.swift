import Communication

/// A work queue that hands the groups of a test to the ranks as they finish earlier ones. A rank whose host is slower,
/// or is shared with others, takes fewer, and all ranks end together.
///
/// The first batch of each rank follows from a rule that all ranks know. From then on each rank asks rank 0 for more
/// when it begins the last piece of its batch, and rank 0 answers between two pieces of its own, so that no rank waits
/// if pieces take about as long everywhere. A batch is an eighth of a rank's share of the work that is left. It is
/// large at first, because each batch costs a message, and small toward the end, because one rank may finish later
/// than another by the length of a batch.
///
/// All ranks call `next` until it returns nil.
package final class WorkQueue {
  /// The groups that a rank works on at a time, and those that it will work on next as far as it knows, as places in
  /// `order`.
  package struct Piece {
    package var now: Range<Int>
    package var ahead: Range<Int>
  }

  /// The groups' numbers, the costliest first, so that the last batches are the smallest.
  package let order: [Int]

  private struct Question: BitwiseCopyable {
    /// The number of groups in one piece of the rank that asks.
    var pieceLength: Int
    var isStopped: Bool
  }

  /// A range of places in `order`. An empty batch is the last answer: no groups are left, or some rank stops.
  private struct Batch: BitwiseCopyable {
    var lower = 0
    var upper = 0
  }

  private let world: World
  private let pieceLength: Int
  /// The sum of the costs of the groups before each place in `order`.
  private let costs: [Double]
  private var batch: Range<Int>
  /// The first place that no rank has been given, as rank 0 knows it.
  private var nextFree = 0
  private var isStopped = false

  /// The messages of each rank on rank 0; on other ranks only the first counts, which is this rank's own.
  private let questions: UnsafeMutableBufferPointer<Question>
  private let answers: UnsafeMutableBufferPointer<Batch>
  /// The requests of these messages; nil for a rank that has received its last answer.
  private var questionsUnderWay: [Request?]
  private var answersUnderWay: [Request?]
  /// Whether this rank, which is not rank 0, has received its last answer.
  private var isLastAnswerThere = false

  private static let questionTag = 1
  private static let answerTag = 2
  /// The divisor of a rank's share of the work that is left; the quotient is the length of a batch.
  private static let batchDivisor = 8.0
  /// The largest number of multiply-adds in a batch, some ten seconds of a core. A rank cannot be told to stop until it
  /// asks again.
  private static let longestBatch = 1.6e12

  /// - Parameter pieceLength: the number of groups that this rank works on at a time.
  package init(_ groups: TestGroups, pieceLength: Int, world: World) throws(MPIError) {
    self.world = world
    self.pieceLength = pieceLength
    let groups = groups.groups
    order = groups.indices.sorted { (-groups[$0].cost, $0) < (-groups[$1].cost, $1) }
    costs = order.reduce(into: [0]) { $0.append($0.last! + groups[$1].cost) }
    questions = .allocate(capacity: world.size)
    questions.initialize(repeating: Question(pieceLength: pieceLength, isStopped: false))
    answers = .allocate(capacity: world.size)
    answers.initialize(repeating: Batch())
    questionsUnderWay = [Request?](repeating: nil, count: world.size)
    answersUnderWay = questionsUnderWay
    batch = 0..<0
    for rank in 0..<world.size {
      let first = take(atLeast: 1)
      if rank == world.rank { batch = first }
    }
    guard world.rank == 0 else { return }
    for rank in 1..<max(world.size, 1) { questionsUnderWay[rank] = try awaitQuestion(from: rank) }
  }

  deinit {
    questions.deallocate()
    answers.deallocate()
  }

  /// The share of all ranks' work that has been begun, from 0 to 1, as rank 0 knows it.
  package var begunShare: Double {
    guard costs.last! > 0 else { return 1 }
    return (costs[nextFree] - (costs[batch.upperBound] - costs[batch.lowerBound])) / costs.last!
  }

  /// Returns the groups that this rank scores next; nil when all groups are taken or any rank stops.
  ///
  /// - Parameter keepGoing: whether this rank wants to go on; `false` ends the work of all ranks soon.
  package func next(keepGoing: Bool) throws(MPIError) -> Piece? {
    if !keepGoing { isStopped = true }
    if world.rank == 0 { try serve() } else if isStopped || batch.isEmpty { try takeAnswer() }
    guard !isStopped, !batch.isEmpty else { return nil }
    let now = batch.lowerBound..<min(batch.lowerBound + pieceLength, batch.upperBound)
    batch = now.upperBound..<batch.upperBound
    if world.rank > 0, batch.isEmpty { try ask() }
    return Piece(now: now, ahead: batch.lowerBound..<min(batch.lowerBound + pieceLength, batch.upperBound))
  }

  /// Takes the next places of `order`; they are fewer than `count` only if no more are left.
  private func take(atLeast count: Int) -> Range<Int> {
    let start = nextFree
    let cost = min((costs.last! - costs[start]) / (Self.batchDivisor * Double(world.size)), Self.longestBatch)
    while nextFree < order.count, nextFree - start < count || costs[nextFree + 1] - costs[start] <= cost {
      nextFree += 1
    }
    return start..<nextFree
  }

  // MARK: - Rank 0

  /// Answers the ranks that have asked. If nothing is left for this rank, it waits until all have received their last
  /// answer.
  private func serve() throws(MPIError) {
    for rank in questionsUnderWay.indices {
      guard let question = questionsUnderWay[rank] else { continue }
      if try world.look(at: [question]) { try answer(rank) }
    }
    if batch.isEmpty, !isStopped { batch = take(atLeast: pieceLength) }
    guard isStopped || batch.isEmpty else { return }
    for rank in questionsUnderWay.indices {
      while let question = questionsUnderWay[rank] {
        try world.wait([question])
        try answer(rank)
      }
    }
    try world.wait(answersUnderWay.compactMap(\.self))
  }

  private func answer(_ rank: Int) throws(MPIError) {
    if questions[rank].isStopped { isStopped = true }
    let next = isStopped ? nextFree..<nextFree : take(atLeast: questions[rank].pieceLength)
    // The answer has arrived, or the rank would not have asked again.
    if let last = answersUnderWay[rank] { try world.wait([last]) }
    answers[rank] = Batch(lower: next.lowerBound, upper: next.upperBound)
    answersUnderWay[rank] = try world.send(bytes(answers, rank), to: rank, tag: Self.answerTag)
    questionsUnderWay[rank] = next.isEmpty ? nil : try awaitQuestion(from: rank)
  }

  private func awaitQuestion(from rank: Int) throws(MPIError) -> Request {
    try world.receive(mutableBytes(questions, rank), from: rank, tag: Self.questionTag)
  }

  // MARK: - The other ranks

  private func ask() throws(MPIError) {
    questions[0].isStopped = isStopped
    answersUnderWay[0] = try world.receive(mutableBytes(answers, 0), from: 0, tag: Self.answerTag)
    questionsUnderWay[0] = try world.send(bytes(questions, 0), to: 0, tag: Self.questionTag)
  }

  /// Takes an answer from rank 0. A rank that stops asks until it is told that no more is left, which is the answer
  /// after the next.
  private func takeAnswer() throws(MPIError) {
    while !isLastAnswerThere, isStopped || batch.isEmpty {
      if answersUnderWay[0] == nil { try ask() }
      try world.wait([questionsUnderWay[0]!, answersUnderWay[0]!])
      answersUnderWay[0] = nil
      batch = answers[0].lower..<answers[0].upper
      isLastAnswerThere = batch.isEmpty
    }
  }

  private func mutableBytes<T>(_ values: UnsafeMutableBufferPointer<T>, _ place: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: values[place...place]))
  }

  private func bytes<T>(_ values: UnsafeMutableBufferPointer<T>, _ place: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(mutableBytes(values, place))
  }
}
