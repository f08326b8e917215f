import Communication

/// Hands the groups of a test out to the ranks as they get on with them: a rank whose host is slower, or shared with
/// others, takes fewer, and all end together.
///
/// A first hand is dealt by a rule that all ranks know. From then on each rank asks rank 0 for more when it begins with
/// the last piece of its hand, and rank 0 answers between two pieces of its own, so that nobody waits where pieces take
/// about as long everywhere. A hand is an eighth of a rank's share of what is left: large at first, because each costs a
/// message, and small towards the end, because its length is how much later one rank may be done than another.
///
/// All ranks call `next` until it returns nil.
package final class GroupDealer {
  /// What a rank works on at a time, and what it will work on next as far as it knows: places in `order`.
  package struct Piece {
    package var now: Range<Int>
    package var ahead: Range<Int>
  }

  /// The groups' numbers, the costliest first, so that the last hands are the smallest.
  package let order: [Int]

  private struct Question: BitwiseCopyable {
    /// Groups of one piece of the rank that asks.
    var pieceLength: Int
    var isStopped: Bool
  }

  /// Places in `order`. None, where there are no more or any rank stops: then it is the last answer.
  private struct Hand: BitwiseCopyable {
    var lower = 0
    var upper = 0
  }

  private let world: World
  private let pieceLength: Int
  /// Of the groups before each place in `order` the sum of their costs.
  private let costs: [Double]
  private var hand: Range<Int>
  /// On rank 0: the first place that nobody has been given.
  private var undealt = 0
  private var isStopped = false

  /// On rank 0 by rank; elsewhere only the first counts, this rank's own.
  private let questions: UnsafeMutableBufferPointer<Question>
  private let answers: UnsafeMutableBufferPointer<Hand>
  /// The same; nil for a rank that has had its last answer.
  private var questionsUnderWay: [Request?]
  private var answersUnderWay: [Request?]
  /// Elsewhere than on rank 0: whether no more is to be had.
  private var isLastAnswerThere = false

  private static let questionTag = 1
  private static let answerTag = 2
  /// Of a rank's share of what is left a hand is this part.
  private static let handPart = 8.0
  /// Multiply-adds of a hand at most, some ten seconds of a core: until it asks again nobody tells a rank to stop.
  private static let longestHand = 1.6e12

  /// - Parameter pieceLength: groups that this rank works on at a time.
  package init(_ groups: TestGroups, pieceLength: Int, world: World) throws(MPIError) {
    self.world = world
    self.pieceLength = pieceLength
    let groups = groups.groups
    order = groups.indices.sorted { (-groups[$0].cost, $0) < (-groups[$1].cost, $1) }
    costs = order.reduce(into: [0]) { $0.append($0.last! + groups[$1].cost) }
    questions = .allocate(capacity: world.size)
    questions.initialize(repeating: Question(pieceLength: pieceLength, isStopped: false))
    answers = .allocate(capacity: world.size)
    answers.initialize(repeating: Hand())
    questionsUnderWay = [Request?](repeating: nil, count: world.size)
    answersUnderWay = questionsUnderWay
    hand = 0..<0
    for rank in 0..<world.size {
      let first = deal(atLeast: 1)
      if rank == world.rank { hand = first }
    }
    guard world.rank == 0 else { return }
    for rank in 1..<max(world.size, 1) { questionsUnderWay[rank] = try awaitQuestion(from: rank) }
  }

  deinit {
    questions.deallocate()
    answers.deallocate()
  }

  /// The part of all ranks' work that somebody has begun with, from 0 to 1, as rank 0 knows it.
  package var begunShare: Double {
    guard costs.last! > 0 else { return 1 }
    return (costs[undealt] - (costs[hand.upperBound] - costs[hand.lowerBound])) / costs.last!
  }

  /// What this rank does next; nil when all is dealt out or any rank stops.
  ///
  /// - Parameter keepGoing: whether this rank wants to; `false` ends the work of all ranks soon.
  package func next(keepGoing: Bool) throws(MPIError) -> Piece? {
    if !keepGoing { isStopped = true }
    if world.rank == 0 { try serve() } else if isStopped || hand.isEmpty { try takeAnswer() }
    guard !isStopped, !hand.isEmpty else { return nil }
    let now = hand.lowerBound..<min(hand.lowerBound + pieceLength, hand.upperBound)
    hand = now.upperBound..<hand.upperBound
    if world.rank > 0, hand.isEmpty { try ask() }
    return Piece(now: now, ahead: hand.lowerBound..<min(hand.lowerBound + pieceLength, hand.upperBound))
  }

  /// The next places of `order`, fewer than `count` only where no more are left.
  private func deal(atLeast count: Int) -> Range<Int> {
    let start = undealt
    let cost = min((costs.last! - costs[start]) / (Self.handPart * Double(world.size)), Self.longestHand)
    while undealt < order.count, undealt - start < count || costs[undealt + 1] - costs[start] <= cost { undealt += 1 }
    return start..<undealt
  }

  // MARK: - Rank 0

  /// Answers those who have asked. Where nothing is left for this rank it waits for all to have had their last answer.
  private func serve() throws(MPIError) {
    for rank in questionsUnderWay.indices {
      guard let question = questionsUnderWay[rank] else { continue }
      if try world.look(at: [question]) { try answer(rank) }
    }
    if hand.isEmpty, !isStopped { hand = deal(atLeast: pieceLength) }
    guard isStopped || hand.isEmpty else { return }
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
    let next = isStopped ? undealt..<undealt : deal(atLeast: questions[rank].pieceLength)
    // It has arrived, or the rank had not asked again.
    if let last = answersUnderWay[rank] { try world.wait([last]) }
    answers[rank] = Hand(lower: next.lowerBound, upper: next.upperBound)
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

  /// A rank that stops asks until it is told that there is no more, which is the next time but one.
  private func takeAnswer() throws(MPIError) {
    while !isLastAnswerThere, isStopped || hand.isEmpty {
      if answersUnderWay[0] == nil { try ask() }
      try world.wait([questionsUnderWay[0]!, answersUnderWay[0]!])
      answersUnderWay[0] = nil
      hand = answers[0].lower..<answers[0].upper
      isLastAnswerThere = hand.isEmpty
    }
  }

  private func mutableBytes<T>(_ values: UnsafeMutableBufferPointer<T>, _ place: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: values[place...place]))
  }

  private func bytes<T>(_ values: UnsafeMutableBufferPointer<T>, _ place: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(mutableBytes(values, place))
  }
}
