import Glibc
import Randomness

/// A setting that a sweep varies, with its values.
struct Variation {
  enum Values {
    /// One of these values.
    case list([SettingTree])
    /// A number of a range, drawn uniformly, or uniformly in its logarithm.
    case range(ClosedRange<Double>, isLogarithmic: Bool)
  }

  var path: String
  var values: Values

  /// The number of values; 1 for a range.
  var listCount: Int {
    if case .list(let list) = values { list.count } else { 1 }
  }

  func listed(_ index: Int) -> SettingTree {
    guard case .list(let list) = values else { preconditionFailure("\(path) has a range, not a list") }
    return list[index]
  }

  /// Returns the value that a seed draws for a run.
  ///
  /// - Parameter place: the number of this setting among those that vary.
  func drawn(seed: UInt64, run: Int, place: Int) -> SettingTree {
    var stream = RandomStream(seed: seed, purpose: .sweep, owner: UInt32(run), UInt32(place))
    switch values {
    case .list(let list): return list[stream.uniform(below: list.count)]
    case .range(let range, let isLogarithmic):
      let share = Double(stream.uniformFloat())
      let (low, high) = (range.lowerBound, range.upperBound)
      let value = isLogarithmic ? low * pow(high / low, share) : low + (high - low) * share
      // Four digits distinguish values that a training could tell apart, and make names that a person can read.
      return SettingTree(.plain(Self.rounded(value)))
    }
  }

  private static func rounded(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    let scale = pow(10, 3 - floor(log10(abs(value))))
    return "\((value * scale).rounded() / scale)"
  }
}

/// The settings that vary, in the file's order.
struct Variations: Setting {
  var list: [Variation]

  mutating func read(_ tree: SettingTree, at place: Place) throws(ConfigurationError) {
    guard case .group(let entries) = tree.content, !entries.isEmpty else {
      throw place.expected("a group of settings with values, such as solver.learningRate: [0.01, 0.03]", found: tree)
    }
    list = []
    for entry in entries {
      let inner = place.inner(SettingTree.shortened(entry.key), line: entry.line)
      let parts = entry.key.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.allSatisfy({ !$0.isEmpty }), entry.key != "recipe" || parts.count == 1 else {
        throw inner.error(.invalidValue, "expected the path of a setting, such as solver.learningRate")
      }
      list.append(Variation(path: entry.key, values: try Self.values(entry.value, at: inner)))
    }
  }

  private static func values(_ tree: SettingTree, at place: Place) throws(ConfigurationError) -> Variation.Values {
    switch tree.content {
    case .list(let values):
      guard !values.isEmpty else { throw place.error(.invalidValue, "expected one value or more, found none") }
      return .list(values)
    case .group:
      var range = RangeSection()
      try range.read(tree, at: place)
      for value in [range.from, range.to] where value != 0 && !(1e-150...1e150).contains(abs(value)) {
        throw place.error(.invalidValue, "expected 0, or numbers of a size from 1e-150 to 1e150, found \(value)")
      }
      guard range.from <= range.to, range.scale == .linear || range.from > 0 else {
        throw place.error(
          .invalidValue,
          "expected from at most to\(range.scale == .log ? ", and above 0" : ""), found \(range.from) and \(range.to)")
      }
      return .range(range.from...range.to, isLogarithmic: range.scale == .log)
    case .null, .plain, .text:
      throw place.expected("a list of values, or a group of from, to and scale", found: tree)
    }
  }

  var tree: SettingTree {
    SettingTree(
      .group(
        list.map { variation in
          switch variation.values {
          case .list(let values): SettingTree.Entry(key: variation.path, value: SettingTree(.list(values)))
          case .range(let range, let isLogarithmic):
            SettingTree.Entry(
              key: variation.path,
              value: RangeSection(
                from: range.lowerBound, to: range.upperBound, scale: isLogarithmic ? .log : .linear
              ).tree)
          }
        }))
  }
}

/// The keys of a range of numbers.
private struct RangeSection: SettingSection {
  enum Scale: String, CaseIterable, ChoiceSetting {
    case linear, log
  }

  var from = 0.0
  var to = 0.0
  var scale = Scale.linear

  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("from", &from, required: true)
    try visitor.setting("to", &to, required: true)
    try visitor.setting("scale", &scale)
  }
}
