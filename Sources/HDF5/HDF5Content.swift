import System

/// The kind of content that an HDF5 file of this program holds, in words for messages.
package struct HDF5Content: Sendable {
  /// The noun for a file of this kind, such as "checkpoint".
  package let noun: String
  /// The advice on what to do about a damaged file.
  package let adviceOnDamage: String

  /// Whether readers lock the file, where the file system can, against a writer. A file that is written once and then
  /// put in place needs none.
  package let locks: Bool

  /// The sentence on a file that is not there.
  package let absence: String

  /// - Parameter absence: nil for a sentence that names the noun.
  package init(noun: String, adviceOnDamage: String, locks: Bool = true, absence: String? = nil) {
    self.noun = noun
    self.adviceOnDamage = adviceOnDamage
    self.locks = locks
    self.absence = absence ?? "there is no such \(noun) file"
  }

  package func damaged(_ path: String, _ problem: String) -> FileError {
    FileError(.damaged, path: path, problem: "the \(noun) is damaged: \(problem)", advice: adviceOnDamage)
  }
}
