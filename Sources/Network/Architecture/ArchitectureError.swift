import System

/// The reason why an architecture is not a network that can be built.
public struct ArchitectureError: ExitStatusError, Equatable, Sendable, CustomStringConvertible {
  /// The layer at fault, if one is.
  public var layer: String?
  public var problem: String
  /// The setting of a model that is at fault, such as `width`, or `layers.2` for the second layer; nil where none is.
  public var setting: String?

  public init(layer: String? = nil, problem: String, setting: String? = nil) {
    self.layer = layer
    self.problem = problem
    self.setting = setting
  }

  public var exitStatus: ExitStatus { .badData }

  public var description: String { layer.map { "layer \($0): \(problem)" } ?? problem }
}
