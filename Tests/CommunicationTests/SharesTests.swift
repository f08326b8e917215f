import Communication
import Testing

private let batches = Array(0...260) + [512, 1000, 1024]
private let rankCounts = Array(1...17) + [31, 32, 64, 128, 200]

@Test func everySlotBelongsToOneLeafAndOneRank() {
  for batch in batches {
    for ranks in rankCounts {
      let shares = Shares(batch: batch, ranks: ranks)
      let leaves = (0..<ranks).flatMap { shares.leaves(ofRank: $0) }
      #expect(leaves == Array(0..<shares.leafCount), "\(shares)")
      let leafSlots = (0..<shares.leafCount).flatMap { shares.slots(ofLeaf: $0) }
      #expect(leafSlots == Array(0..<batch), "\(shares)")
      let rankSlots = (0..<ranks).flatMap { shares.slots(ofRank: $0) }
      #expect(rankSlots == Array(0..<batch), "\(shares)")
      for rank in 0..<ranks {
        let slots = shares.leaves(ofRank: rank).flatMap { shares.slots(ofLeaf: $0) }
        #expect(Array(shares.slots(ofRank: rank)) == slots, "\(shares)")
      }
    }
  }
}

@Test func leavesAreFullButTheLast() {
  for batch in batches where batch > 0 {
    for ranks in rankCounts {
      let shares = Shares(batch: batch, ranks: ranks)
      #expect(shares.leafSize <= max(1, (batch + 7) / 8))
      #expect(shares.leafCount == (batch + shares.leafSize - 1) / shares.leafSize)
      #expect((0..<shares.leafCount - 1).allSatisfy { shares.slots(ofLeaf: $0).count == shares.leafSize }, "\(shares)")
      #expect((1...shares.leafSize).contains(shares.slots(ofLeaf: shares.leafCount - 1).count), "\(shares)")
      #expect(shares.treeWidth >= shares.leafCount && shares.treeWidth.nonzeroBitCount == 1, "\(shares)")
      #expect(!shares.leaves(ofRank: 0).isEmpty, "\(shares)")
    }
  }
}

@Test func oneTwoFourAndEightRanksHoldAlignedSubtreesOfTheSameLeaves() {
  for batch in batches {
    let alone = Shares(batch: batch, ranks: 1)
    for ranks in [1, 2, 4, 8] {
      let shares = Shares(batch: batch, ranks: ranks)
      #expect(shares.isReproducible && shares.treeWidth == 8)
      #expect(shares.leafSize == alone.leafSize && shares.leafCount == alone.leafCount, "\(shares)")
      for rank in 0..<ranks {
        let subtree = rank * 8 / ranks..<(rank + 1) * 8 / ranks
        #expect(shares.leaves(ofRank: rank) == subtree.clamped(to: 0..<shares.leafCount), "\(shares), rank \(rank)")
      }
    }
  }
}

@Test func otherCountsOfRanksAreBalanced() {
  for batch in batches where batch > 0 {
    for ranks in rankCounts where ![1, 2, 4, 8].contains(ranks) {
      let shares = Shares(batch: batch, ranks: ranks)
      #expect(!shares.isReproducible)
      let leafCounts = (0..<ranks).map { shares.leaves(ofRank: $0).count }
      #expect(leafCounts.max()! - leafCounts.min()! <= 1, "\(shares)")
      let most = (0..<ranks).map { shares.slots(ofRank: $0).count }.max()!
      #expect(shares.leafSize == 1 || Double(most * ranks) <= 1.05 * Double(batch), "\(shares)")
      // No larger leaf would have done: ranks with the more leaves have whole ones unless there is one rank only.
      for larger in shares.leafSize + 1..<max(shares.leafSize + 1, (batch + 7) / 8 + 1) {
        let leaves = (batch + larger - 1) / larger
        let largest = min(batch, (leaves + ranks - 1) / ranks * larger)
        #expect(Double(largest * ranks) > 1.05 * Double(batch), "\(shares): leaves of \(larger) are even")
      }
    }
  }
}

@Test(arguments: [
  (128, 1, "128 = 8 leaves of 16 on 1 rank (128 each), same bits on 1, 2, 4 and 8 ranks"),
  (128, 4, "128 = 8 leaves of 16 on 4 ranks (32 each), same bits on 1, 2, 4 and 8 ranks"),
  (128, 8, "128 = 8 leaves of 16 on 8 ranks (16 each), same bits on 1, 2, 4 and 8 ranks"),
  (10, 8, "10 = 5 leaves of 2 on 8 ranks (0 to 2), same bits on 1, 2, 4 and 8 ranks"),
  (1, 2, "1 = 1 leaf of 1 on 2 ranks (0 to 1), same bits on 1, 2, 4 and 8 ranks"),
  (128, 3, "128 = 12 leaves of 11 on 3 ranks (40 to 44), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (128, 5, "128 = 10 leaves of 13 on 5 ranks (24 to 26), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (128, 16, "128 = 16 leaves of 8 on 16 ranks (8 each), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (4, 6, "4 = 4 leaves of 1 on 6 ranks (0 to 1), agrees with 1, 2, 4 and 8 ranks to rounding"),
])
func sharesDescribeThemselves(batch: Int, ranks: Int, description: String) {
  #expect("\(Shares(batch: batch, ranks: ranks))" == description)
}

/// The rule of the tree, carried out as ranks do: each adds its own leaves, then the ranks' roots are added.
@Test func reproducibleSharesGiveTheBitsOfOneTree() {
  for batch in 1...40 {
    func leafValue(_ leaf: Int) -> Float {
      // Of very different size, with zeros of both signs.
      leaf % 5 == 3 ? -0.0 : leaf % 5 == 4 ? 0.0 : Float(sign: .plus, exponent: leaf * 11 % 29, significand: 1.1)
    }
    func subtree(_ nodes: Range<Int>, leafCount: Int) -> Float? {
      guard nodes.count > 1 else { return nodes.lowerBound < leafCount ? leafValue(nodes.lowerBound) : nil }
      let middle = nodes.lowerBound + nodes.count / 2
      let left = subtree(nodes.lowerBound..<middle, leafCount: leafCount)
      let right = subtree(middle..<nodes.upperBound, leafCount: leafCount)
      guard let left, let right else { return left ?? right }
      return left + right
    }
    func acrossRanks(_ roots: ArraySlice<Float>) -> Float {
      guard roots.count > 1 else { return roots.first! }
      let middle = roots.startIndex + roots.count / 2
      return acrossRanks(roots[..<middle]) + acrossRanks(roots[middle...])
    }
    let sums = [1, 2, 4, 8].map { ranks in
      let shares = Shares(batch: batch, ranks: ranks)
      let roots = (0..<ranks).map { rank in
        let width = shares.treeWidth / ranks
        return subtree(rank * width..<(rank + 1) * width, leafCount: shares.leaves(ofRank: rank).upperBound) ?? -0.0
      }
      return acrossRanks(roots[...]).bitPattern
    }
    #expect(Set(sums).count == 1, "batch \(batch): \(sums)")
  }
}

@Test(arguments: [
  ([60, 68], 16, [15, 15, 15, 15, 13, 14, 13, 14, 14]),
  ([1, 0, 7], 3, [1, 2, 2, 3]),
  ([0, 0], 4, []),
  ([5], 5, [5]),
])
func givenSharesAreCutEvenly(images: [Int], leafSize: Int, leaves: [Int]) {
  let shares = Shares(images: images, leafSize: leafSize)
  #expect(shares.imagesOfRanks == images && !shares.isReproducible)
  #expect((0..<shares.leafCount).map { shares.slots(ofLeaf: $0).count } == leaves)
  #expect((0..<shares.leafCount).flatMap { shares.slots(ofLeaf: $0) } == Array(0..<shares.batch))
  #expect((0..<images.count).flatMap { shares.leaves(ofRank: $0) } == Array(0..<shares.leafCount))
  #expect(leaves.allSatisfy { $0 <= shares.leafSize } && shares.leafSize <= leafSize)
}
