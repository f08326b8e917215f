/// What pictures of a pack are for.
///
/// A key of its own in JSON: dictionaries of other keys are written in the order of their hashes, which differs from process
/// to process, and a plan must have the same text on every rank.
public enum PackPart: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  case training
  case validation
  case test
}
