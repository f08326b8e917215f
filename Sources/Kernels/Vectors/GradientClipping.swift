/// The change of a gradient g before an update uses it: scale · max(−limit, min(limit, g)).
///
/// The limit is that of clipping by value (PyTorch's `clip_grad_value_`), the scale that of clipping by norm (Pascanu,
/// Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks"; PyTorch's `clip_grad_norm_`). Both
/// are of the loss's gradient, before weight decay. An element that is NaN or infinite stays so: it ends a training, as
/// it does without clipping.
public struct GradientClipping: Equatable, Sendable {
  /// The largest magnitude of an element; infinity for no limit.
  public var limit: Float
  /// The factor of all elements after the limit.
  public var scale: Float

  public init(limit: Float = .infinity, scale: Float = 1) {
    self.limit = limit
    self.scale = scale
  }

  /// The gradient as it is.
  public static let none = GradientClipping()

  /// Returns an element as the update uses it.
  @inline(__always)
  func clipped(_ g: Vector) -> Vector {
    let limits = Vector(repeating: limit)
    var inside = g.replacing(with: limits, where: g .> limits)
    inside = inside.replacing(with: -limits, where: g .< -limits)
    // x·0 is 0 where x is finite and NaN elsewhere.
    return inside.replacing(with: g, where: (g * 0) .!= 0) * scale
  }
}

extension GradientClipping {
  /// The factor that makes a gradient of the norm `norm` at most `limit` long: limit / (norm + 10⁻⁶), at most 1, as in
  /// PyTorch's `clip_grad_norm_`. A norm that is not finite gives 1: the layer at fault is found by its own values.
  public static func scale(norm: Double, limit: Double) -> Float {
    guard norm.isFinite else { return 1 }
    return Float(min(1, limit / (norm + 1e-6)))
  }
}
