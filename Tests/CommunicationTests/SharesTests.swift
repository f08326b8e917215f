import Communication
import Testing

private let batches = Array(0...260) + [512, 1000, 1024]
private let rankCounts = Array(1...17) + [31, 32, 64, 128, 200]

private let leafNumbers = [1, 2, 4, 8, 16, 32, 64, 128]

@Test(arguments: leafNumbers) func everySlotBelongsToOneLeafAndOneRank(wanted: Int) {
  for batch in batches {
    for ranks in rankCounts {
      let shares = Shares(batch: batch, ranks: ranks, leaves: wanted)
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

@Test(arguments: leafNumbers) func leavesAreFullButTheLast(wanted: Int) {
  for batch in batches where batch > 0 {
    for ranks in rankCounts {
      let shares = Shares(batch: batch, ranks: ranks, leaves: wanted)
      #expect(shares.wantedLeaves == wanted)
      #expect(shares.leafSize <= max(1, (batch + wanted - 1) / wanted))
      #expect(shares.leafCount == (batch + shares.leafSize - 1) / shares.leafSize)
      #expect((0..<shares.leafCount - 1).allSatisfy { shares.slots(ofLeaf: $0).count == shares.leafSize }, "\(shares)")
      #expect((1...shares.leafSize).contains(shares.slots(ofLeaf: shares.leafCount - 1).count), "\(shares)")
      #expect(shares.treeWidth >= shares.leafCount && shares.treeWidth.nonzeroBitCount == 1, "\(shares)")
      #expect(!shares.leaves(ofRank: 0).isEmpty, "\(shares)")
    }
  }
}

@Test(arguments: leafNumbers) func upToAsManyRanksAsLeavesHoldAlignedSubtreesOfTheSameLeaves(wanted: Int) {
  for batch in batches {
    let alone = Shares(batch: batch, ranks: 1, leaves: wanted)
    for ranks in leafNumbers where ranks <= wanted {
      let shares = Shares(batch: batch, ranks: ranks, leaves: wanted)
      #expect(shares.isReproducible && shares.treeWidth == wanted)
      #expect(shares.leafSize == alone.leafSize && shares.leafCount == alone.leafCount, "\(shares)")
      for rank in 0..<ranks {
        let subtree = rank * wanted / ranks..<(rank + 1) * wanted / ranks
        #expect(shares.leaves(ofRank: rank) == subtree.clamped(to: 0..<shares.leafCount), "\(shares), rank \(rank)")
      }
    }
  }
}

@Test(arguments: leafNumbers) func otherCountsOfRanksAreBalanced(wanted: Int) {
  for batch in batches where batch > 0 {
    for ranks in rankCounts where ranks > wanted || ranks.nonzeroBitCount != 1 {
      let shares = Shares(batch: batch, ranks: ranks, leaves: wanted)
      #expect(!shares.isReproducible)
      let leafCounts = (0..<ranks).map { shares.leaves(ofRank: $0).count }
      #expect(leafCounts.max()! - leafCounts.min()! <= 1, "\(shares)")
      let most = (0..<ranks).map { shares.slots(ofRank: $0).count }.max()!
      #expect(shares.leafSize == 1 || Double(most * ranks) <= 1.05 * Double(batch), "\(shares)")
      // No larger leaf would have done: ranks with the more leaves have whole ones unless there is one rank only.
      for larger in shares.leafSize + 1..<max(shares.leafSize + 1, (batch + wanted - 1) / wanted + 1) {
        let leaves = (batch + larger - 1) / larger
        let largest = min(batch, (leaves + ranks - 1) / ranks * larger)
        #expect(Double(largest * ranks) > 1.05 * Double(batch), "\(shares): leaves of \(larger) are even")
      }
    }
  }
}

@Test(arguments: [
  (128, 1, 8, "128 = 8 leaves of 16 on 1 rank (128 each), same bits on 1, 2, 4 and 8 ranks"),
  (128, 4, 8, "128 = 8 leaves of 16 on 4 ranks (32 each), same bits on 1, 2, 4 and 8 ranks"),
  (128, 8, 8, "128 = 8 leaves of 16 on 8 ranks (16 each), same bits on 1, 2, 4 and 8 ranks"),
  (10, 8, 8, "10 = 5 leaves of 2 on 8 ranks (0 to 2), same bits on 1, 2, 4 and 8 ranks"),
  (1, 2, 8, "1 = 1 leaf of 1 on 2 ranks (0 to 1), same bits on 1, 2, 4 and 8 ranks"),
  (128, 3, 8, "128 = 12 leaves of 11 on 3 ranks (40 to 44), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (128, 5, 8, "128 = 10 leaves of 13 on 5 ranks (24 to 26), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (128, 16, 8, "128 = 16 leaves of 8 on 16 ranks (8 each), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (4, 6, 8, "4 = 4 leaves of 1 on 6 ranks (0 to 1), agrees with 1, 2, 4 and 8 ranks to rounding"),
  (128, 1, 1, "128 = 1 leaf of 128 on 1 rank (128 each), same bits on 1 rank"),
  (128, 2, 2, "128 = 2 leaves of 64 on 2 ranks (64 each), same bits on 1 and 2 ranks"),
  (128, 16, 32, "128 = 32 leaves of 4 on 16 ranks (8 each), same bits on 1, 2, 4 … 32 ranks"),
  (128, 6, 16, "128 = 64 leaves of 2 on 6 ranks (20 to 22), agrees with 1, 2, 4 … 16 ranks to rounding"),
])
func sharesDescribeThemselves(batch: Int, ranks: Int, leaves: Int, description: String) {
  #expect("\(Shares(batch: batch, ranks: ranks, leaves: leaves))" == description)
}

/// The rule of the tree, carried out as ranks do: each adds its own leaves, then the ranks' roots are added.
@Test(arguments: [1, 2, 8, 32]) func reproducibleSharesGiveTheBitsOfOneTree(wanted: Int) {
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
    let sums = leafNumbers.filter { $0 <= wanted }.map { ranks in
      let shares = Shares(batch: batch, ranks: ranks, leaves: wanted)
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
  let shares = Shares(images: images, leafSize: leafSize, leaves: 8)
  #expect(shares.imagesOfRanks == images && !shares.isReproducible && shares.wantedLeaves == 8)
  #expect((0..<shares.leafCount).map { shares.slots(ofLeaf: $0).count } == leaves)
  #expect((0..<shares.leafCount).flatMap { shares.slots(ofLeaf: $0) } == Array(0..<shares.batch))
  #expect((0..<images.count).flatMap { shares.leaves(ofRank: $0) } == Array(0..<shares.leafCount))
  #expect(leaves.allSatisfy { $0 <= shares.leafSize } && shares.leafSize <= leafSize)
}

@Test(arguments: [(1, "1"), (2, "1 or 2"), (4, "1, 2 or 4"), (8, "1, 2, 4 or 8"), (16, "1, 2, 4 … 16")])
func rankCountsInWords(leaves: Int, words: String) {
  #expect(Shares.rankCounts(leaves: leaves) == words)
}
