import System

/// A search over settings: runs that have a recipe in common and differ in the settings that a file varies.
///
/// The file is YAML with the keys `settings`, as in a recipe's file, and `vary`, the values of settings by
/// their paths, such as `solver.learningRate`. A grid has a run for each combination of values; a random search has
/// `runs` runs, whose values the seed draws, so that more runs are the same ones and others after them.
public struct Sweep: Sendable {
  /// The kind of search.
  public enum Search: String, CaseIterable, Sendable {
    case grid, random
  }

  /// One of the runs.
  public struct Run: Sendable {
    /// The name of the run's folder: its number and what distinguishes it, such as "03-learningRate=0.01".
    public let name: String
    /// The values of the settings that vary, as texts, in the order of `Sweep.paths`.
    public let values: [String]
    public let configuration: Configuration
  }

  public let search: Search
  /// The settings that vary, such as "solver.learningRate".
  public let paths: [String]
  public let runs: [Run]

  /// The largest number of runs of a sweep.
  private static let mostRuns = 10_000

  /// Reads and checks a sweep, with the settings of all of its runs.
  ///
  /// - Parameter source: the text's name in messages; the recipe that the settings name may be a file beside it.
  public init(yaml: String, source: String) throws(ConfigurationError) {
    let folder = FileSystem.folder(of: source)
    var section = SweepSection()
    try section.read(SettingTree(yaml: yaml, source: source), at: Place(source: source))
    try section.check(source)
    search = section.search
    paths = section.vary.map(\.path)
    let count = section.runCount
    guard (1...Self.mostRuns).contains(count) else {
      throw ConfigurationError(
        .invalidValue, source: source, key: "vary",
        problem: "expected 1 to \(Self.mostRuns) runs, found \(count): leave values out, or search at random")
    }
    var runs: [Run] = []
    for index in 0..<count {
      let values = section.values(ofRun: index)
      var tree = section.settings
      for (variation, value) in zip(section.vary, values) {
        tree = try tree.setting(variation.path.split(separator: ".").map(String.init), to: value, source: source)
      }
      runs.append(
        Run(
          name: Self.name(index, of: count, zip(section.vary, values).map { ($0.path, $1.words) }),
          values: values.map(\.words),
          configuration: try Configuration(tree: tree, source: source, recipesIn: folder)))
    }
    self.runs = runs
  }

  /// Reads the file of a sweep.
  public static func load(_ path: String) throws(ConfigurationError) -> Sweep {
    guard FileSystem.exists(path) else {
      throw ConfigurationError(
        .missing, source: path,
        problem: "expected the file of a sweep, found nothing of this name: write one with the keys settings and vary")
    }
    return try Sweep(yaml: try Configuration.text(ofFile: path), source: path)
  }

  /// Returns the name of a run's folder, of letters, digits and a few signs that no shell takes for its own.
  private static func name(_ index: Int, of count: Int, _ values: [(path: String, value: String)]) -> String {
    let digits = "\(count)".count
    let number = "\(index + 1)"
    let parts = values.map { "\($0.path.split(separator: ".").last ?? "")=\($0.value)" }
    let text = String(repeating: "0", count: digits - number.count) + number + "-" + parts.joined(separator: ",")
    let plain = text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-+=.,_".contains($0)) ? $0 : "_" }
    return String(plain.prefix(120))
  }
}

extension Sweep.Search: ChoiceSetting {}

/// The keys of a sweep's file.
private struct SweepSection: SettingSection {
  var search = Sweep.Search.grid
  var runs = 0
  var seed: UInt64 = 1
  var settings = SettingTree(.group([]))
  var vary: [Variation] = []

  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("search", &search)
    try visitor.setting("runs", &runs)
    try visitor.setting("seed", &seed)
    try visitor.setting("settings", &settings)
    var variations = Variations(list: vary)
    try visitor.setting("vary", &variations, required: true)
    vary = variations.list
  }

  func check(_ source: String) throws(ConfigurationError) {
    func invalid(_ key: String, _ problem: String) -> ConfigurationError {
      ConfigurationError(.invalidValue, source: source, key: key, problem: problem)
    }
    switch search {
    case .grid:
      guard runs == 0 else { throw invalid("runs", "a grid has as many runs as combinations: leave it out") }
      for variation in vary {
        if case .range = variation.values {
          throw invalid(
            "vary.\(variation.path)", "expected a list of values, found a range: name values, or set search to random")
        }
      }
    case .random:
      guard runs > 0 else { throw invalid("runs", "expected the number of runs of a random search, found \(runs)") }
    }
  }

  /// The number of runs; −1 for more combinations than can be counted.
  var runCount: Int {
    guard search == .grid else { return runs }
    return vary.reduce(1) { product, variation in
      let (count, isTooLarge) = product.multipliedReportingOverflow(by: variation.listCount)
      return isTooLarge ? -1 : count
    }
  }

  /// Returns the values of a run. The last setting of a grid varies fastest.
  func values(ofRun index: Int) -> [SettingTree] {
    switch search {
    case .random:
      return vary.enumerated().map { place, variation in variation.drawn(seed: seed, run: index, place: place) }
    case .grid:
      var rest = index
      let lastFirst = vary.reversed().map { variation in
        let (quotient, place) = rest.quotientAndRemainder(dividingBy: variation.listCount)
        rest = quotient
        return variation.listed(place)
      }
      return lastFirst.reversed()
    }
  }
}

extension SettingTree: Setting {
  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .group = tree.content else { throw place.expected("a group of keys", found: tree) }
    self = tree
  }

  var tree: SettingTree { self }

  /// Returns the tree with another value of the setting with a path; groups on the way are made where they are missing.
  fileprivate func setting(_ path: [String], to value: SettingTree, source: String) throws(ConfigurationError)
    -> SettingTree
  {
    guard let key = path.first else { return value }
    guard case .group(var entries) = content else {
      throw ConfigurationError(
        .wrongType, source: source, line: line, key: key,
        problem: "expected a group of keys around it, found \(found)")
    }
    let place = entries.firstIndex { $0.key == key }
    let inner = place.map { entries[$0].value } ?? SettingTree(.group([]))
    let rest = Array(path.dropFirst())
    let changed = try inner.setting(rest, to: value, source: source)
    if let place { entries[place].value = changed } else { entries.append(Entry(key: key, line: nil, value: changed)) }
    return SettingTree(.group(entries), line: line)
  }
}
