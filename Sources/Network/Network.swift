import Kernels

/// A network ready to compute: an architecture's tower and head with one vector of all parameters.
public final class Network: Sendable {
  public let architecture: ResolvedArchitecture
  public let tower: Tower
  public let head: Head
  /// All parameters in net order, the tower's first (`architecture.parameters` has the offsets).
  public let parameters: FloatBuffer

  public init(_ architecture: ResolvedArchitecture) {
    self.architecture = architecture
    tower = Tower(architecture)
    head = Head(architecture)
    parameters = FloatBuffer(architecture.parameterVectorLength)
  }
}
