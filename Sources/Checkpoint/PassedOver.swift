/// A checkpoint that is passed over because training or a measurement cannot use it.
public struct PassedOver: CustomStringConvertible, Codable, Equatable, Sendable {
  /// The file; nil where a pointer names one that is not there.
  public let path: String?
  /// The reason, with the file's name.
  public let description: String
}
