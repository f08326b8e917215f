/// A finding of where training diverged: the first layer in which a value was NaN or infinite.
public struct Divergence: Equatable, Sendable, CustomStringConvertible {
  /// The kind of value.
  public enum Quantity: Equatable, Sendable {
    /// A layer's weights, biases or slopes, before the step.
    case parameters
    /// A layer's responses to finite inputs: the first such layer on the way up.
    case response
    /// The loss, where the scores are finite.
    case loss
    /// The gradient of a layer's parameters, over the whole mini-batch: the first such layer on the way down.
    case gradient
  }

  public let quantity: Quantity
  /// The layer's name; empty for the loss.
  public let layer: String
  /// The first rank that found it, and its host; nil for values that all ranks have in common.
  public let place: (rank: Int, host: String)?

  public init(quantity: Quantity, layer: String, place: (rank: Int, host: String)?) {
    self.quantity = quantity
    self.layer = layer
    self.place = place
  }

  public static func == (a: Divergence, b: Divergence) -> Bool {
    a.quantity == b.quantity && a.layer == b.layer && a.place?.rank == b.place?.rank && a.place?.host == b.place?.host
  }

  public var description: String {
    switch quantity {
    case .parameters: "the parameters of layer \(layer) are not finite"
    case .response:
      "the response of layer \(layer) is not finite" + (place.map { " (on rank \($0.rank), host \($0.host))" } ?? "")
    case .loss: "the loss is not finite"
    case .gradient: "the gradient of layer \(layer) is not finite"
    }
  }
}
