/// What pictures of a pack are for.
public enum PackPart: String, CaseIterable, Codable, Sendable {
  case training
  case validation
  case test
}
