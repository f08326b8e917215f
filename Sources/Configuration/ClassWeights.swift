import System

extension Configuration.Training.ClassWeights: Setting {
  private static let words = ["none", "balanced"]

  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    switch tree.content {
    case .plain("none"), .text("none"): self = .none
    case .plain("balanced"), .text("balanced"): self = .balanced
    case .group(let entries):
      var weights: [String: Double] = [:]
      for entry in entries {
        var weight = 1.0
        try weight.read(entry.value, at: place.inner(SettingTree.shortened(entry.key), line: entry.line))
        guard weight > 0, weight <= 1e6 else {
          throw place.inner(SettingTree.shortened(entry.key), line: entry.line)
            .error(.invalidValue, "expected more than 0 and at most 1000000, found \(weight)")
        }
        weights[entry.key] = weight
      }
      self = .named(weights)
    case .plain(let word), .text(let word):
      let meant = nearMiss(word, among: Self.words).map { " Did you mean \($0)?" } ?? ""
      throw place.error(
        .invalidValue, "expected none, balanced or a group of classes with weights, found \(tree.found).\(meant)")
    case .null, .list: throw place.expected("none, balanced or a group of classes with weights", found: tree)
    }
  }

  var tree: SettingTree {
    switch self {
    case .none: SettingTree(.text("none"))
    case .balanced: SettingTree(.text("balanced"))
    case .named(let weights):
      SettingTree(
        .group(weights.sorted { $0.key < $1.key }.map { SettingTree.Entry(key: $0.key, value: $0.value.tree) }))
    }
  }
}

extension Configuration.Training.ClassWeights {
  /// Returns the weight of each class, or nil where all count alike.
  ///
  /// - Parameters:
  ///   - labels: the classes of the training images.
  ///   - path: the data's name in messages.
  /// - Throws: where a name is that of no class.
  public func values(labels: [Int32], classNames: [String], path: String) throws(Refusal) -> [Double]? {
    switch self {
    case .none: return nil
    case .balanced:
      var counts = [Int](repeating: 0, count: classNames.count)
      for label in labels { counts[Int(label)] += 1 }
      let present = counts.count { $0 > 0 }
      // A class without images has no loss that a weight could change.
      return counts.map { $0 == 0 ? 1 : Double(labels.count) / (Double(present) * Double($0)) }
    case .named(let weights):
      if let stranger = weights.keys.sorted().first(where: { !classNames.contains($0) }) {
        let meant =
          nearMiss(stranger, among: classNames).map { ": did you mean \($0.shown())?" } ?? ": name one of its classes"
        throw Refusal(
          .badData,
          "\(path): training.classWeights expects classes of these data, found \(stranger.quoted())\(meant)")
      }
      return classNames.map { weights[$0] ?? 1 }
    }
  }
}
