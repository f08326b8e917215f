/// A kind of node, and the ranks on it.
public struct NodeShape: Codable, Equatable, Sendable {
  public var cores: Int
  public var ranks: Int
  /// The number of threads of each rank.
  public var threads: Int

  public init(cores: Int, ranks: Int, threads: Int) {
    self.cores = cores
    self.ranks = ranks
    self.threads = threads
  }

  /// A node with one rank of one thread for each core.
  public init(rankACore cores: Int) { self.init(cores: cores, ranks: cores, threads: 1) }

  /// One core.
  public static let oneCore = NodeShape(rankACore: 1)
}

/// A reason why a step on many cores takes longer than the step on one core over the number of cores.
public struct StepLoss: Codable, Equatable, Sendable {
  public enum Reason: String, Codable, CaseIterable, Sendable {
    /// The fully connected layers run on the cores of one node.
    case fullyConnected = "fc on one node"
    /// Features go to rank 0, and their gradients come back.
    case features = "features' way"
    /// The ranks add their gradients and share the new parameters.
    case reduction = "reduction"
    /// Every rank transforms all filters.
    case filters = "filters"
    /// A leaf has a cost of its own, and shares of images may be uneven.
    case shares = "small shares"
    /// Threads with less work wait for the busiest one.
    case balance = "balance"
    /// Threads come together and wait.
    case waits = "waits"
    /// Cores are slower beside busy cores.
    case contention = "contention"
  }

  public var reason: Reason
  public var milliseconds: Double

  public init(_ reason: Reason, milliseconds: Double) {
    self.reason = reason
    self.milliseconds = milliseconds
  }
}

/// The predicted step of rank 0, which ends last: the milliseconds of its parts, as `StepTimings.Rank` measures them.
///
/// Its properties are many because each is a column of the table and a key of the flat object that `--json` prints.
public struct StepPrediction: Codable, Equatable, Sendable {
  public var ranks: Int
  public var nodes: Int
  /// The number of ranks on the first node, whose cores the fully connected layers may use.
  public var ranksPerNode: Int
  /// The number of threads of each rank.
  public var threads: Int
  /// The number of images of the largest share.
  public var images: Int
  public var forward: Double
  public var gather: Double
  public var fullyConnected: Double
  public var scatter: Double
  public var backward: Double
  public var exposedReduction: Double
  public var update: Double
  /// The sum of the parts.
  public var step: Double
  /// The time of a step on one core over the time of this one.
  public var speedup = 1.0
  /// `speedup` over the number of cores that the ranks have, from 0 to 1.
  public var efficiency = 1.0
  /// The reasons why the step is longer than the one on one core over the number of cores, the largest first; together
  /// they make up the difference.
  public var losses: [StepLoss] = []
}
