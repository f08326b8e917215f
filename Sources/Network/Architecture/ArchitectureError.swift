import System

/// The reason why an architecture is not a network that can be built.
public struct ArchitectureError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  /// The layer at fault, if one is.
  public var layer: String?
  public var problem: String

  public init(layer: String? = nil, problem: String) {
    self.layer = layer
    self.problem = problem
  }

  public var exitStatus: ExitStatus { .badData }

  public var description: String { layer.map { "layer \($0): \(problem)" } ?? problem }
}
