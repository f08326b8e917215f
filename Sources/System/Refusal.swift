/// A refusal to do what a person asked for: the message says what was expected, what was found and what to do.
public struct Refusal: ExitStatusError, CustomStringConvertible, Equatable {
  public let exitStatus: ExitStatus
  public let description: String

  public init(_ exitStatus: ExitStatus, _ description: String) {
    self.exitStatus = exitStatus
    self.description = description
  }
}
