import Foundation
import Hashing

/// The list of programs that `scripts/install` leaves beside them, `libexec/prelu-dist/programs.sha256`: one program
/// for each level of x86-64. `sha256sum --check` reads it, too.
///
/// ```text
/// # commit 2a9d856
/// 0a0f7cbd…  v3/prelu-dist
/// 2c26b46b…  v4/prelu-dist
/// ```
public struct Installation: Equatable, Sendable {
  /// The commit that the programs were built from.
  public let commit: String
  /// The levels that there is a program for, the lowest first.
  public let levels: [String]
  /// The SHA-256 of each program.
  private let digests: Set<String>
  /// The SHA-256 of the list itself, and so of all that it names.
  private let ownDigest: String

  /// The installation that the running program belongs to; nil for a program that was only built.
  public static let ofThisProgram: Installation? = {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let list = program.deletingLastPathComponent().deletingLastPathComponent().appending(path: "programs.sha256")
    return (try? String(contentsOf: list, encoding: .utf8)).flatMap { Installation(list: $0) }
  }()

  /// Reads the list; nil where the text is none.
  package init?(list text: String) {
    var (commit, levels, digests): (String?, [String], Set<String>) = (nil, [], [])
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# commit ") {
        commit = String(line.dropFirst("# commit ".count))
        continue
      }
      let words = line.split(separator: " ")
      guard words.count == 2, words[0].count == 64, words[1].hasSuffix("/prelu-dist") else { return nil }
      digests.insert(String(words[0]))
      levels.append(String(words[1].dropLast("/prelu-dist".count)))
    }
    guard let commit, !levels.isEmpty else { return nil }
    self.commit = commit
    self.levels = levels.sorted()
    self.digests = digests
    ownDigest = SHA256.digest(of: text)
  }

  /// Returns the digest that all programs of the installation have in common; nil if a program with the SHA-256
  /// `program` is none of them, as after a copy by hand.
  package func digest(ofProgram program: String) -> String? {
    digests.contains(program) ? ownDigest : nil
  }
}
