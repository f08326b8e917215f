import System

/// How the slots of a mini-batch are divided: slots into **leaves**, leaves into ranks.
///
/// A leaf is the unit of work: a group of neighboring slots, computed in the same shapes wherever it runs. The leaves'
/// gradients are added in one binary tree of `treeWidth` leaves: first (0+1), (2+3), …, then those pairs, and so on up
/// to the root. A leaf at `leafCount` or beyond is absent, and a node with one absent side equals its other side: no
/// zero is added, which would turn -0.0 into 0.0. A rank that holds whole aligned subtrees adds its leaves up to its
/// own subtree's root, and `World.allreduceTree` adds those roots in the same tree. A rank without leaves contributes
/// -0.0 everywhere, which leaves the bits of every other value unchanged.
///
/// Hence 1, 2, 4 … ranks, up to as many as there are leaves, add in the same order and get the same bits: they have the
/// same leaves. With any other number of ranks, and with shares that follow the ranks' speed, the sums agree only to
/// rounding; the leaves are then made small enough for the shares.
public struct Shares: Equatable, Sendable, CustomStringConvertible {
  /// The slots of the mini-batch.
  public let batch: Int
  public let ranks: Int
  /// The number of slots in the largest leaf.
  public let leafSize: Int
  /// The width of the tree: a power of two, at least `leafCount`.
  public let treeWidth: Int
  /// The number of leaves that was asked for, a power of two: 1, 2, 4 … as many ranks get the same bits.
  public let wantedLeaves: Int
  /// Whether the ranks hold whole aligned subtrees, which gives the same bits as one rank.
  public let isReproducible: Bool
  /// The first slot of each leaf, and the end of the last.
  private let leafBounds: [Int]
  /// The first leaf of each rank, and the end of the last.
  private let rankBounds: [Int]

  /// Creates even shares: all leaves but the last are full.
  ///
  /// - Parameter leaves: a power of two: the largest number of ranks that get the same bits.
  public init(batch: Int, ranks: Int, leaves: Int) {
    precondition(batch >= 0 && ranks >= 1, "\(batch) slots for \(ranks) ranks")
    precondition(leaves >= 1 && leaves & (leaves - 1) == 0, "\(leaves) leaves are no power of two")
    self.batch = batch
    self.ranks = ranks
    wantedLeaves = leaves
    isReproducible = leaves % ranks == 0
    let largest = max(1, batch.dividedUp(by: leaves))
    let leafSize: Int
    if isReproducible {
      leafSize = largest
    } else {
      // The first ranks get the extra leaf and only the last leaf is short: no rank has more slots than rank 0.
      func isEven(_ leafSize: Int) -> Bool {
        let most = min(batch, batch.dividedUp(by: leafSize).dividedUp(by: ranks) * leafSize)
        return Double(most * ranks) <= Self.tolerance * Double(batch)
      }
      leafSize = (1...largest).last(where: isEven) ?? 1
    }
    let leafCount = batch.dividedUp(by: leafSize)
    self.leafSize = leafSize
    leafBounds = (0...leafCount).map { min($0 * leafSize, batch) }
    if isReproducible {
      treeWidth = leaves
      rankBounds = (0...ranks).map { min($0 * (leaves / ranks), leafCount) }
    } else {
      treeWidth = powerOfTwo(atLeast: leafCount)
      let (each, extra) = leafCount.quotientAndRemainder(dividingBy: ranks)
      rankBounds = (0...ranks).map { $0 * each + min($0, extra) }
    }
  }

  /// Creates shares of `images` slots for each rank, each cut into leaves of at most `leafSize` slots whose sizes
  /// differ by at most one.
  ///
  /// - Parameter leaves: the number of leaves of even shares of the same mini-batch.
  public init(images: [Int], leafSize: Int, leaves: Int) {
    precondition(
      !images.isEmpty && images.allSatisfy { $0 >= 0 } && leafSize >= 1, "\(images) in leaves of \(leafSize)")
    wantedLeaves = leaves
    batch = images.reduce(0, +)
    ranks = images.count
    isReproducible = false
    var leafBounds = [0]
    var rankBounds = [0]
    for count in images {
      let start = leafBounds.last!
      let own = count.dividedUp(by: leafSize)
      leafBounds += (0..<own).map { start + count * ($0 + 1) / own }
      rankBounds.append(leafBounds.count - 1)
    }
    self.leafSize = zip(leafBounds, leafBounds.dropFirst()).map { $1 - $0 }.max() ?? leafSize
    treeWidth = powerOfTwo(atLeast: leafBounds.count - 1)
    (self.leafBounds, self.rankBounds) = (leafBounds, rankBounds)
  }

  public var leafCount: Int { leafBounds.count - 1 }

  /// The leaves that a rank computes; empty where there are more ranks than leaves.
  public func leaves(ofRank rank: Int) -> Range<Int> {
    precondition((0..<ranks).contains(rank), "rank \(rank) of \(ranks)")
    return rankBounds[rank]..<rankBounds[rank + 1]
  }

  public func slots(ofLeaf leaf: Int) -> Range<Int> {
    precondition((0..<leafCount).contains(leaf), "leaf \(leaf) of \(leafCount)")
    return leafBounds[leaf]..<leafBounds[leaf + 1]
  }

  /// The slots that a rank computes; the ranks' slots follow one another.
  public func slots(ofRank rank: Int) -> Range<Int> {
    let leaves = leaves(ofRank: rank)
    return leafBounds[leaves.lowerBound]..<leafBounds[leaves.upperBound]
  }

  /// The number of slots of each rank.
  public var imagesOfRanks: [Int] { (0..<ranks).map { slots(ofRank: $0).count } }

  /// Returns the numbers of ranks that get the same bits with so many leaves, such as "1, 2, 4 or 8", or "1, 2, 4 … 32"
  /// where there are more.
  public static func rankCounts(leaves: Int, _ conjunction: String = "or") -> String {
    let counts = sequence(first: 1) { 2 * $0 <= leaves ? 2 * $0 : nil }.map { "\($0)" }
    guard counts.count > 1 else { return counts[0] }
    guard counts.count <= 4 else { return counts[..<3].joined(separator: ", ") + " … \(leaves)" }
    return counts.dropLast().joined(separator: ", ") + " \(conjunction) \(leaves)"
  }

  /// A line such as "128 = 8 leaves of 16 on 4 ranks (32 each), same bits on 1, 2, 4 and 8 ranks".
  public var description: String {
    let counts = imagesOfRanks
    let (least, most) = (counts.min()!, counts.max()!)
    let same = Self.rankCounts(leaves: wantedLeaves, "and") + wantedLeaves.verb(" rank", " ranks")
    return "\(batch) = \(leafCount.counted("leaf", "leaves")) of \(leafSize)"
      + " on \(ranks.counted("rank")) (\(least == most ? "\(most) each" : "\(least) to \(most)")), "
      + (isReproducible ? "same bits on \(same)" : "agrees with \(same) to rounding")
  }

  /// The largest allowed ratio of a rank's share to the mean share, where leaf sizes can be chosen.
  private static let tolerance = 1.05
}

private func powerOfTwo(atLeast count: Int) -> Int {
  var power = 1
  while power < count { power *= 2 }
  return power
}
