import System

/// A thread's place in the team that computes a pass.
///
/// All members run the same code. `share` deals out the numbered pieces of a phase among them, `wait` separates a phase
/// from the next one that reads what it wrote. A member waits for *pieces*, never for members: one that the system
/// keeps off its core holds nobody up, because the others take its pieces.
///
/// Sendable although it is mutable: only the member's own thread uses it.
public final class TeamMember: @unchecked Sendable {
  /// The member's number, 0 ..< `count`; it tells the members' own memory apart.
  public let index: Int
  /// The number of members.
  public let count: Int
  private let phases: TeamPhases?
  /// The number of phases that this member began, and of their pieces, since the team exists.
  private(set) var position = TeamPhases.Position()

  /// The only member of a team.
  public static let alone = TeamMember()

  private init() {
    (index, count, phases) = (0, 1, nil)
  }

  init(_ index: Int, of phases: TeamPhases) {
    self.index = index
    count = phases.members
    self.phases = phases.members > 1 ? phases : nil
  }

  /// Calls `body` for numbers in 0 ..< `pieces` until none is left that no member has taken; over all members each
  /// number is taken once.
  ///
  /// A member begins with its own part, neighboring numbers that are the same in every phase of as many pieces, so that
  /// it finds in its caches what it wrote before. Then it takes what others have left. Pieces of one phase write
  /// disjoint memory, and what a piece computes depends on nothing but its number.
  ///
  /// - Parameter phase: the name of the phase in a trace.
  @inline(__always)
  public func share(_ pieces: Int, as phase: TraceLabel = "pieces", _ body: (_ piece: Int) -> Void) {
    guard pieces > 0 else { return }
    let event = Trace.begin(phase, .phase)
    guard let phases else {
      var piece = 0
      while piece < pieces {
        body(piece)
        piece &+= 1
      }
      return Trace.end(event, pieces)
    }
    position.phase += 1
    // More pieces than can be counted are taken several at a time.
    let several = pieces.dividedUp(by: TeamPhases.mostPieces)
    let takings = pieces.dividedUp(by: several)
    position.pieces += takings
    let taken = phases.work(position.phase, pieces: takings, from: index) { taking in
      for piece in several * taking..<min(several * (taking + 1), pieces) { body(piece) }
    }
    Trace.end(event, several * taken)
  }

  /// Returns when all pieces of all phases that this member began are done.
  public func wait() { phases?.wait(until: position.pieces) }

  /// Goes on where the team is.
  func join(at position: TeamPhases.Position) { self.position = position }
}
