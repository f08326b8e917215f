/// The order in which the threads of a rank compute its leaves.
///
/// As long as there are at least as many leaves as threads, each thread takes whole leaves, which needs no waiting
/// inside a leaf. Of the leaves that are left over, fewer than threads, all threads share one after the other, so that
/// none is idle. Neither way changes a bit.
package struct LeafRounds {
  /// Leaves that are computed at once.
  package struct Round {
    package var leaves: Range<Int>
    /// Whether all threads share each of the leaves; else each leaf is computed by one thread.
    package var isShared: Bool
  }

  package let rounds: [Round]

  package init(leaves: Int, threads: Int) {
    let whole = threads > 1 ? leaves / threads * threads : leaves
    rounds =
      stride(from: 0, to: whole, by: threads).map {
        Round(leaves: $0..<min($0 + threads, whole), isShared: false)
      } + (whole..<leaves).map { Round(leaves: $0..<$0 + 1, isShared: true) }
  }
}
