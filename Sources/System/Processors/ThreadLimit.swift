/// The largest number of threads of a process that the user or the scheduler asks for in the environment.
public struct ThreadLimit: Equatable, Sendable, Codable {
  /// The variables that are understood. The first one that has a number counts.
  public enum Variable: String, Codable, CaseIterable, Sendable {
    /// OpenMP's variable, which may be a list for nested parallel regions: the first number counts.
    case openMP = "OMP_NUM_THREADS"
    /// The variable that Slurm sets where `--cpus-per-task` is asked for.
    case slurm = "SLURM_CPUS_PER_TASK"
  }

  public var count: Int
  public var variable: Variable

  public init(count: Int, variable: Variable) {
    self.count = count
    self.variable = variable
  }

  /// Returns the limit in an environment, or nil, and a warning for each variable whose value is ignored.
  public static func read(_ environment: [String: String]) -> (limit: ThreadLimit?, warnings: [ThreadWarning]) {
    var warnings: [ThreadWarning] = []
    for variable in Variable.allCases {
      guard let text = environment[variable.rawValue] else { continue }
      let first = variable == .openMP ? text.prefix { $0 != "," } : text[...]
      let words = first.split(whereSeparator: \.isWhitespace)
      if words.count == 1, let count = Int(words[0]), count > 0 {
        return (ThreadLimit(count: count, variable: variable), warnings)
      }
      warnings.append(
        ThreadWarning(
          "\(variable.rawValue): expected a number of threads, 1 or more, found "
            + "\(String(text.prefix(60)).debugDescription), which is ignored",
          advice: "Correct the variable, or unset it"))
    }
    return (nil, warnings)
  }
}

/// Something odd about a number of threads, with advice.
public struct ThreadWarning: Equatable, Sendable, Codable, CustomStringConvertible {
  /// The thing that was found.
  public var text: String
  /// The advice: what to do about it.
  public var advice: String

  public init(_ text: String, advice: String) {
    self.text = text
    self.advice = advice
  }

  public var description: String { "\(text). \(advice)" }
}
