import System

/// The division of a pass among the members of a team, with what its pieces cost: it shows how well a machine of many
/// cores would be used, on any machine.
///
/// A plan comes from the functions by which the pass itself is cut.
public struct PassPlan: Sendable {
  /// The pieces that are shared out at once.
  public struct Phase: Sendable {
    public let name: String
    public let pieces: Int
    /// The cost of all pieces together, in multiply-adds.
    public let cost: Double
    /// The cost of the largest piece.
    public let largestPiece: Double

    /// - Parameter unevenness: the largest piece over the mean.
    public init(_ name: String, pieces: Int, cost: Double, unevenness: Double = 1) {
      self.name = name
      self.pieces = pieces
      self.cost = cost
      largestPiece = cost / Double(max(pieces, 1)) * unevenness
    }

    /// The cost of the pieces that one of `members` has at most.
    func largestShare(members: Int) -> Double {
      min(cost, Double(pieces.dividedUp(by: members)) * largestPiece)
    }
  }

  /// The number of members that the pass was cut for.
  public let members: Int
  public private(set) var phases: [Phase] = []
  /// The number of times that the members wait for one another.
  public private(set) var waits = 0

  public init(members: Int) { self.members = members }

  public mutating func share(_ name: String, pieces: Int, cost: Double, unevenness: Double = 1) {
    guard pieces > 0 else { return }
    phases.append(Phase(name, pieces: pieces, cost: cost, unevenness: unevenness))
  }

  public mutating func wait() { waits += 1 }

  /// Adds the phases of what comes after this pass.
  public mutating func append(_ next: PassPlan) {
    precondition(next.members == members, "a plan for \(next.members) members after one for \(members)")
    phases += next.phases
    waits += next.waits
  }

  public var pieces: Int { phases.reduce(0) { $0 + $1.pieces } }
  /// The cost of all phases, in multiply-adds.
  public var cost: Double { phases.reduce(0) { $0 + $1.cost } }

  /// The largest share over the mean: 1.1 means that members are idle for a tenth of the time that they work. Every
  /// phase counts as if it had to end before the next one begins.
  public var imbalance: Double {
    let largest = phases.reduce(0) { $0 + $1.largestShare(members: members) }
    return cost > 0 ? largest * Double(members) / cost : 1
  }
}

/// Returns the product of counts, which may be more than an Int holds.
func realProduct(_ factors: Int...) -> Double { factors.reduce(1) { $0 * Double($1) } }

/// The cost of a value that goes through a transform, a padding or a comparison, in multiply-adds of a matrix product:
/// an estimate.
let costOfTransformedValue = 8.0
/// The cost of a value that is only moved.
let costOfMovedValue = 2.0
