/// The purpose of a pack's pictures.
///
/// The type is `CodingKeyRepresentable` because dictionaries with other keys are encoded in the order of their hashes,
/// which differs from process to process, and a plan must have the same text on every rank.
public enum PackPart: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  case training
  case validation
  case test
}
