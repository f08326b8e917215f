extension Configuration {
  /// The settings that may differ between a run and its continuation. All others change the result.
  ///
  /// A continuation may choose anew how long to train, unless the learning rate falls over the whole run, how often to
  /// save and what to do when training diverges. A recipe's name sets nothing by itself. A directory may have moved:
  /// the data's own fingerprint tells whether its data are the same. The digest of the first weights is noted by the
  /// run itself.
  private static let free: Set = [
    "recipe", "training.epochs", "training.onDivergence", "data.directory", "checkpoint", "weights.digest",
  ]

  /// The settings that change the result, and that a continuation may choose anew in so many words: a recipe that does
  /// not mention them would change them unnoticed.
  private static let freeIfNamed: Set = ["training.precision"]

  /// Returns a sentence for each setting that would make a continued run another one than `former` began; none if it
  /// may go on.
  ///
  /// - Parameter named: the settings that options of the continuation named.
  public func differences(from former: Configuration, named: Set<String> = []) -> [String] {
    var free = Self.free.union(Self.freeIfNamed.intersection(named))
    if schedule.followsTheRun || former.schedule.followsTheRun { free.remove("training.epochs") }
    let now = Self.flattened(tree, path: "", without: free)
    let then = Self.flattened(former.tree, path: "", without: free)
    let values = Dictionary(uniqueKeysWithValues: now)
    let formerValues = Dictionary(uniqueKeysWithValues: then)
    let paths = now.map(\.0) + then.map(\.0).filter { values[$0] == nil }
    return paths.compactMap { path in
      guard values[path] != formerValues[path] else { return nil }
      let was = formerValues[path].map { "was \($0)" } ?? "was not there"
      let isNow = values[path].map { "is now \($0)" } ?? "is now missing"
      return "\(path) \(was) and \(isNow)"
    }
  }

  /// Returns the settings with their paths and values, without those that may differ.
  private static func flattened(
    _ tree: SettingTree, path: String, without free: Set<String>
  ) -> [(String, String)] {
    if free.contains(path) { return [] }
    func inner(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    switch tree.content {
    case .group(let entries):
      return entries.flatMap { flattened($0.value, path: inner($0.key), without: free) }
    case .list(let values) where values.contains { if case .group = $0.content { true } else { false } }:
      return values.enumerated().flatMap { flattened($1, path: inner("\($0 + 1)"), without: free) }
    case .null, .plain, .text, .list:
      return [(path, tree.words)]
    }
  }
}
