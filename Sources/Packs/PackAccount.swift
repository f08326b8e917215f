import System

/// An account of how a source was read: what was left out and why, and what a person should know before any picture is
/// packed.
public struct PackAccount: Equatable, Sendable {
  /// The reason why files or folders were left out.
  public enum Reason: CaseIterable, Sendable {
    /// A NAS, an operating system, a file system or a notebook server keeps it for itself.
    case leftover
    /// Its name begins with a dot.
    case hidden
    /// This program wrote it.
    case own
    /// A pattern of the person's excludes it.
    case excluded
    /// It is a picture of a format that is not read.
    case otherFormat
    /// It is an archive in a folder, or in another archive beside pictures.
    case archive
    /// Its name is not that of a picture.
    case otherFile
    /// It is a folder without pictures.
    case emptyFolder
    /// It is a picture beside the class folders, or of a class that training does not have.
    case withoutClass
    /// It is a test picture whose class nothing tells.
    case unlabeled
  }

  /// Files or folders that were left out for the same reason.
  public struct LeftOut: Equatable, Sendable {
    public private(set) var count = 0
    /// The number of them for each extension of their names, in lowercase.
    public private(set) var endings: [String: Int] = [:]
    /// The first few paths.
    public private(set) var examples: [String] = []

    /// The number of paths that are kept as examples.
    static let exampleLimit = 4

    mutating func add(_ path: String) {
      count += 1
      endings[FileEnding.of(path), default: 0] += 1
      if examples.count < Self.exampleLimit { examples.append(path) }
    }

    /// The extensions with their numbers, the most frequent first: "12 .txt, 3 without an extension".
    public var endingText: String { FileEnding.text(endings) }
  }

  public private(set) var leftOut: [Reason: LeftOut] = [:]
  /// Sentences on what the source was taken for.
  public private(set) var notes: [String] = []
  /// Sentences on what is probably a mistake.
  public private(set) var warnings: [String] = []

  /// Whether the labels are numbers of places from 0 on, as lists and shards may have them.
  public internal(set) var labelsArePlaces = false

  public init() {}

  mutating func leaveOut(_ path: String, _ reason: Reason) { leftOut[reason, default: LeftOut()].add(path) }
  mutating func note(_ sentence: String) { notes.append(sentence) }
  mutating func warn(_ sentence: String) { warnings.append(sentence) }
}
