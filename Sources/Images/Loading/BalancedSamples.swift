import Randomness

/// An endless sequence of samples in which every class comes equally often, however few samples it has.
///
/// The sequence consists of rounds: in each, every class gives one sample, in random order. The samples of a class
/// follow one another in permutations, so that all of them come equally often, too.
struct BalancedSamples: Sendable {
  private let seed: UInt64
  /// The samples of each class that has any.
  private let classes: [[Int32]]
  private var round: (number: Int, order: [Int32]) = (-1, [])
  /// The newest permutation of each class, with its number.
  private var passes: [(number: Int, order: [Int32])]

  init(seed: UInt64, labels: [Int32]) {
    self.seed = seed
    var classes: [Int32: [Int32]] = [:]
    for (sample, label) in labels.enumerated() { classes[label, default: []].append(Int32(sample)) }
    self.classes = classes.keys.sorted().map { classes[$0]! }
    passes = Array(repeating: (-1, []), count: self.classes.count)
  }

  /// Returns the sample at a position of the sequence, and how often it was there before.
  mutating func sample(_ position: Int) -> (epoch: Int, sample: Int) {
    let (number, place) = position.quotientAndRemainder(dividingBy: classes.count)
    if round.number != number {
      var stream = RandomStream(seed: seed, purpose: .classOrder, owner: UInt64(number))
      round = (number, stream.permutation(classes.count))
    }
    let own = Int(round.order[place])
    let (pass, index) = number.quotientAndRemainder(dividingBy: classes[own].count)
    if passes[own].number != pass {
      let owner = UInt64(own) << 40 | UInt64(pass)
      var stream = RandomStream(seed: seed, purpose: .classSamples, owner: owner)
      passes[own] = (pass, stream.permutation(classes[own].count))
    }
    return (pass, Int(classes[own][Int(passes[own].order[index])]))
  }
}
