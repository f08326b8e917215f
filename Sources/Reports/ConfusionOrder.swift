/// An order of classes in which those that are taken for each other are neighbors.
///
/// Clusters are joined as long as any two of them have images in common, those first that share the most: the
/// similarity of two classes is the part of their images that are taken for the other, that of two clusters the mean
/// over their pairs of classes (average linkage). Of the four ways to put two clusters side by side, the one is taken
/// whose touching ends are most similar. Classes and clusters that share nothing stay in the order of their numbers.
///
/// Source: F. Murtagh, "A Survey of Recent Advances in Hierarchical Clustering Algorithms", 1983 (the chain of nearest
/// neighbors, which joins the same clusters as a search for the best pair, in quadratic time).
enum ConfusionOrder {
  /// Returns the numbers of the classes in that order.
  static func clustered(_ confusion: Confusion) -> [Int] {
    var clusters = Clusters(confusion)
    var chain: [Int] = []
    while true {
      if chain.isEmpty {
        guard let first = clusters.firstOpen else { break }
        chain = [first]
      }
      let last = chain[chain.count - 1]
      let before = chain.count > 1 ? chain[chain.count - 2] : nil
      guard let next = clusters.nearest(last, preferring: before) else {
        // Nothing is like this cluster, and joining others does not change that.
        clusters.close(last)
        chain.removeLast()
        continue
      }
      guard next == before else {
        chain.append(next)
        continue
      }
      chain.removeLast(2)
      clusters.join(next, last)
    }
    return clusters.order
  }

  private struct Clusters {
    private let count: Int
    /// (classes, classes): the similarity of two classes, which stays.
    private let likeness: [Float]
    /// (clusters, clusters): the similarity of two clusters.
    private var similarity: [Float]
    /// The classes of each cluster, side by side; a cluster that was joined to another one has none.
    private var members: [[Int]]
    private var isOpen: [Bool]

    init(_ confusion: Confusion) {
      count = confusion.classCount
      let images = confusion.images
      var likeness = [Float](repeating: 0, count: count * count)
      for a in 0..<count {
        for b in 0..<a {
          let shared = Float(confusion.count(a, b) + confusion.count(b, a)) / Float(max(images[a] + images[b], 1))
          likeness[a * count + b] = shared
          likeness[b * count + a] = shared
        }
      }
      self.likeness = likeness
      similarity = likeness
      members = (0..<count).map { [$0] }
      isOpen = [Bool](repeating: true, count: count)
    }

    var firstOpen: Int? { isOpen.firstIndex(of: true) }

    mutating func close(_ cluster: Int) { isOpen[cluster] = false }

    /// Returns the most similar open cluster, if any is similar at all; of several, the preferred or the first one.
    func nearest(_ cluster: Int, preferring preferred: Int?) -> Int? {
      var best = preferred
      var greatest = preferred.map { similarity[cluster * count + $0] } ?? 0
      for other in 0..<count where isOpen[other] && other != cluster {
        let value = similarity[cluster * count + other]
        if value > greatest { (best, greatest) = (other, value) }
      }
      return greatest > 0 ? best : nil
    }

    /// Joins the second cluster to the first one.
    mutating func join(_ a: Int, _ b: Int) {
      let (sizeA, sizeB) = (Float(members[a].count), Float(members[b].count))
      for other in 0..<count where isOpen[other] && other != a && other != b {
        let value =
          (sizeA * similarity[a * count + other] + sizeB * similarity[b * count + other]) / (sizeA + sizeB)
        similarity[a * count + other] = value
        similarity[other * count + a] = value
      }
      members[a] = joined(members[a], members[b])
      members[b] = []
      isOpen[b] = false
    }

    private func joined(_ a: [Int], _ b: [Int]) -> [Int] {
      let (first, second) = a.min()! < b.min()! ? (a, b) : (b, a)
      func like(_ one: Int, _ other: Int) -> Float { likeness[one * count + other] }
      let ways: [(ends: (Int, Int), isTurned: (Bool, Bool))] = [
        ((first.last!, second.first!), (false, false)), ((first.last!, second.last!), (false, true)),
        ((first.first!, second.first!), (true, false)), ((first.first!, second.last!), (true, true)),
      ]
      var best = ways[0]
      for way in ways.dropFirst() where like(way.ends.0, way.ends.1) > like(best.ends.0, best.ends.1) { best = way }
      return (best.isTurned.0 ? first.reversed() : first) + (best.isTurned.1 ? second.reversed() : second)
    }

    /// All classes: the clusters in the order of their smallest class.
    var order: [Int] { members.filter { !$0.isEmpty }.sorted { $0.min()! < $1.min()! }.flatMap { $0 } }
  }
}
