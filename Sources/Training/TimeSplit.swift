import System

/// Seconds by what they were spent on, on one rank.
public struct TimeSplit: Equatable, Sendable {
  /// Loading and augmenting images, where the step waits for it.
  public var data = 0.0
  /// The tower, forward.
  public var forward = 0.0
  /// From the end of the tower's forward pass to the arrival of all features (rank 0).
  public var gather = 0.0
  /// The fully connected layers with their update (rank 0).
  public var fullyConnected = 0.0
  /// Sending the features' gradients (rank 0).
  public var scatter = 0.0
  /// From the end of the tower's forward pass to the arrival of the features' gradients (ranks other than 0).
  public var wait = 0.0
  /// Processor time that this process has used in `wait`.
  public var waitProcessor = 0.0
  /// The tower, backward.
  public var backward = 0.0
  /// Adding the tower's gradients over the ranks and updating it, as far as that is not hidden behind the backward pass.
  public var reduction = 0.0
  /// The tower's update, with one rank.
  public var update = 0.0
  public var evaluation = 0.0
  public var checkpoint = 0.0

  public init() {}

  public var tower: Double { forward + backward + update }
  /// Waiting for other ranks and moving data between them; on ranks other than 0 the wait for rank 0's fc too.
  public var communication: Double { gather + scatter + wait + reduction }
  /// Of the steps alone.
  public var steps: Double { data + tower + fullyConnected + communication }
  public var total: Double { steps + evaluation + checkpoint }

  /// The share of communication in the steps' time, evaluation and checkpoints left out; from 0 to 1.
  public var waitingShare: Double { steps > 0 ? communication / steps : 0 }

  /// Runs `body` and adds its time to `part`.
  mutating func measure<Result>(_ part: WritableKeyPath<TimeSplit, Double>, _ body: () throws -> Result) rethrows
    -> Result
  {
    let start = monotonicSeconds()
    defer { self[keyPath: part] += monotonicSeconds() - start }
    return try body()
  }
}
