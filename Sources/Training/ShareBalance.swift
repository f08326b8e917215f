import Communication

/// The way in which the mini-batch is divided among the ranks.
public enum SharePolicy: String, CaseIterable, Sendable {
  /// Shares as even as leaves allow: the same bits with 1, 2, 4 … ranks, up to as many as there are leaves.
  case even
  /// Shares by the ranks' speed, which is measured again every so often: the bits depend on it.
  case auto
}

/// Finds shares with which all ranks end the tower's passes at the same time.
///
/// A rank's speed is that of its last share, whatever made it slow: its processor, its neighbors, or the other work
/// that it has. Because part of the time does not depend on the share, the shares approach their best in a few rounds.
package struct ShareBalance {
  /// The number of images that a leaf has room for.
  private let largestLeaf: Int
  /// The number of steps since the last measurement.
  private var steps = 0
  /// The time that this rank's tower took in these steps.
  private var seconds = 0.0
  /// The number of steps to the next measurement. It grows, because the first one says most.
  private var interval = 8

  package init(largestLeaf: Int) {
    self.largestLeaf = largestLeaf
  }

  /// The least gain for which shares change: noise does not reach it.
  private static let leastGain = 0.03
  private static let longestInterval = 256

  /// Notes a step's time. Returns the mean time of a step when it is time to measure, on all ranks after the same step;
  /// nil otherwise.
  package mutating func note(_ seconds: Double) -> Double? {
    self.seconds += seconds
    steps += 1
    guard steps == interval else { return nil }
    defer {
      self.seconds = 0
      steps = 0
      interval = min(2 * interval, Self.longestInterval)
    }
    return self.seconds / Double(steps)
  }

  /// Returns the shares with which the ranks end soonest; nil where the present ones are about as good.
  ///
  /// - Parameters:
  ///   - shares: the present shares.
  ///   - seconds: the time that each rank needed for its own share.
  package func improvedShares(over shares: Shares, seconds: [Double]) -> Shares? {
    Self.improvedImages(over: shares.imagesOfRanks, seconds: seconds).map {
      Shares(images: $0, leafSize: largestLeaf, leaves: shares.wantedLeaves)
    }
  }

  /// Returns the numbers of images with which the ranks end soonest; nil where the present ones are about as good.
  package static func improvedImages(over images: [Int], seconds: [Double]) -> [Int]? {
    precondition(images.count == seconds.count, "\(images.count) shares, \(seconds.count) times")
    let measured = zip(images, seconds).filter { $0.0 > 0 && $0.1 > 0 }
    guard images.count > 1, !measured.isEmpty, images.reduce(0, +) >= images.count else { return nil }
    // A rank that had nothing to do is taken for an average one.
    let mean = measured.reduce(0) { $0 + $1.1 / Double($1.0) } / Double(measured.count)
    let costs = zip(images, seconds).map { $0 > 0 && $1 > 0 ? $1 / Double($0) : mean }
    // One image each, so that every rank is measured again; then each to the rank that ends first with it.
    var shares = [Int](repeating: 1, count: images.count)
    for _ in images.count..<images.reduce(0, +) {
      let next = shares.indices.min { Double(shares[$0] + 1) * costs[$0] < Double(shares[$1] + 1) * costs[$1] }!
      shares[next] += 1
    }
    func end(_ shares: [Int]) -> Double { zip(shares, costs).map { Double($0) * $1 }.max()! }
    return end(shares) < (1 - leastGain) * end(images) ? shares : nil
  }
}
