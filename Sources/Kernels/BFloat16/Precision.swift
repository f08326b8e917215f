/// The precision in which a network multiplies.
///
/// Sums, parameters, momentum and everything between the products are float32 in either.
public enum Precision: String, CaseIterable, Codable, Sendable {
  /// Operands as they are.
  case float32
  /// Operands of convolutions and fully connected layers rounded to bfloat16.
  case bfloat16

  /// Returns a value as it enters a product.
  public func operand(_ value: Float) -> Float { self == .bfloat16 ? roundedToBFloat16(value) : value }
}
