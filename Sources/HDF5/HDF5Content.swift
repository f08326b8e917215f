/// What an HDF5 file of this program holds, in words for messages.
package struct HDF5Content: Sendable {
  /// "checkpoint"
  package let noun: String
  /// What to do about a damaged one.
  package let adviceOnDamage: String

  package init(noun: String, adviceOnDamage: String) {
    self.noun = noun
    self.adviceOnDamage = adviceOnDamage
  }

  package func damaged(_ path: String, _ problem: String) -> FileError {
    FileError(.damaged, path: path, problem: "the \(noun) is damaged: \(problem)", advice: adviceOnDamage)
  }
}
