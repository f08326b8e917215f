import System

/// The time that training steps took on one rank, in seconds, by what it was spent on.
public struct StepTime: Equatable, Sendable {
  /// Loading and augmenting images, as far as steps wait for it.
  public var data = 0.0
  /// The tower's forward pass.
  public var forward = 0.0
  /// The time from the end of the tower's forward pass to the arrival of all features (rank 0).
  public var gather = 0.0
  /// The fully connected layers with their update (rank 0).
  public var fullyConnected = 0.0
  /// Sending the features' gradients (rank 0).
  public var scatter = 0.0
  /// The time from the end of the tower's forward pass to the arrival of the features' gradients (ranks other than 0).
  public var wait = 0.0
  /// The processor time that this process has used in `wait`.
  public var waitProcessor = 0.0
  /// The tower's backward pass.
  public var backward = 0.0
  /// Adding the tower's gradients over the ranks and updating the tower, as far as that is not hidden behind the
  /// backward pass.
  public var reduction = 0.0
  /// The tower's update, with one rank.
  public var update = 0.0

  public init() {}

  /// The tower's passes, with its update where there is one rank.
  public var tower: Double { forward + backward + update }
  /// Waiting for other ranks and moving data between them; on ranks other than 0 the wait for rank 0's head too.
  public var communication: Double { gather + scatter + wait + reduction }
  /// The whole time.
  public var total: Double { data + tower + fullyConnected + communication }

  /// The share of communication in the steps' time, from 0 to 1.
  public var communicationShare: Double { total > 0 ? communication / total : 0 }

  public static func += (sum: inout StepTime, step: StepTime) {
    sum.data += step.data
    sum.forward += step.forward
    sum.gather += step.gather
    sum.fullyConnected += step.fullyConnected
    sum.scatter += step.scatter
    sum.wait += step.wait
    sum.waitProcessor += step.waitProcessor
    sum.backward += step.backward
    sum.reduction += step.reduction
    sum.update += step.update
  }

  /// Runs `body` and adds the seconds that it takes to `part`, which a trace shows.
  mutating func measure<Result>(_ part: Part, _ body: () throws -> Result) rethrows -> Result {
    let start = monotonicSeconds()
    let event = Trace.begin(part.label, .part)
    defer {
      Trace.end(event)
      self[keyPath: part.seconds] += monotonicSeconds() - start
    }
    return try body()
  }

  /// One of the times, with its name in a trace.
  struct Part {
    let seconds: WritableKeyPath<StepTime, Double>
    let label: TraceLabel

    static var data: Part { Part(seconds: \.data, label: "images") }
    static var forward: Part { Part(seconds: \.forward, label: "forward") }
    static var gather: Part { Part(seconds: \.gather, label: "gather") }
    static var fullyConnected: Part { Part(seconds: \.fullyConnected, label: "fully connected") }
    static var scatter: Part { Part(seconds: \.scatter, label: "scatter") }
    static var wait: Part { Part(seconds: \.wait, label: "wait for rank 0") }
    static var backward: Part { Part(seconds: \.backward, label: "backward") }
    static var reduction: Part { Part(seconds: \.reduction, label: "wait for the reduction") }
    static var update: Part { Part(seconds: \.update, label: "update") }
  }
}
