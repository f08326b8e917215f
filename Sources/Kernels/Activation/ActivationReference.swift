/// PReLU by its definition, in Double: f(y) = y where y > 0, else a·y (Eqn 1).
public enum ActivationReference {
  /// Returns f(y).
  public static func output(_ y: Double, slope a: Double) -> Double { y > 0 ? y : a * y }

  /// Returns ∂E/∂y for the given ∂E/∂f.
  public static func inputGradient(_ dF: Double, _ y: Double, slope a: Double) -> Double { y > 0 ? dF : a * dF }

  /// Returns this value's term of ∂E/∂a: y·∂E/∂f where y ≤ 0 (Eqn 3).
  public static func slopeGradient(_ dF: Double, _ y: Double) -> Double { y > 0 ? 0 : y * dF }
}
