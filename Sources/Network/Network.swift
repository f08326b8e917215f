import Kernels

/// A network ready to compute: an architecture's tower and head with one vector of all parameters.
public final class Network: Sendable {
  public let architecture: ResolvedArchitecture
  public let tower: Tower
  public let head: Head
  /// All parameters in net order, the tower's first (`architecture.parameters` has the offsets).
  public let parameters: FloatBuffer

  /// - Parameters:
  ///   - convolution: The method by which all convolutions are to be computed, instead of the choice by shape.
  ///   - precision: The precision of the operands of convolutions and fully connected layers.
  ///   - parameters: Where the parameters lie; nil for memory of the network's own.
  public init(
    _ architecture: ResolvedArchitecture, convolution: ConvolutionMethod? = nil, precision: Precision = .float32,
    parameters: FloatBuffer? = nil
  ) {
    let length = architecture.parameterVectorLength
    precondition(
      parameters.map { $0.count == length } ?? true, "\(parameters?.count ?? 0) floats for a network of \(length)")
    self.architecture = architecture
    tower = Tower(architecture, convolution: convolution, precision: precision)
    head = Head(architecture, precision: precision)
    self.parameters = parameters ?? FloatBuffer(length)
  }
}
