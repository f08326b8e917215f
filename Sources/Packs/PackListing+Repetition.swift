import Glibc
import Images
import System
import SystemPackage

/// Pictures that a listing names several times: in two parts, in two lines, or under two labels. A network that is
/// measured on what it was trained on looks better than it is, and nothing later shows why.
extension PackListing {
  /// A picture that was met before.
  private struct Known {
    var part: PackPart
    var entry: Int32
    var label: Int32
  }

  /// Warns of pictures that are listed several times, by their paths.
  ///
  /// - Throws: An error for a part that is the same pictures as those to train on.
  public mutating func examineRepetition() throws(DataError) {
    var known: [UInt64: Known] = [:]
    known.reserveCapacity(count)
    for part in PackPart.allCases {
      guard let own = parts[part] else { continue }
      let folder = Array(Self.resolved(own.folder).utf8)
      var (again, elsewhere, relabeled) = (Examples(), Examples(), Examples())
      for (index, entry) in own.entries.enumerated() {
        let key = xxHash64(Self.path(entry.name, in: folder))
        guard let before = known[key] else {
          known[key] = Known(part: part, entry: Int32(index), label: entry.label)
          continue
        }
        if before.part != part { elsewhere.add(entry.name) } else { again.add(entry.name) }
        if before.label != entry.label { relabeled.add(entry.name) }
      }
      if elsewhere.count == own.entries.count, elsewhere.count == parts[.training]?.entries.count {
        throw DataError(
          .invalid, path: own.folder, expected: "other pictures for the \(part.rawValue) split than to train on",
          found: "the same \(elsewhere.count.counted("picture", grouped: true))",
          advice: "Name another folder or list, or put pictures aside with --hold-out or --fold.")
      }
      if elsewhere.count > 0 {
        account.warn(
          "\(elsewhere.count.counted("picture", grouped: true)) of the \(part.rawValue) split "
            + "\(elsewhere.count.verb("is", "are")) in another split, too, so that it measures what was learned by "
            + "heart: \(elsewhere.text)")
      }
      if again.count > 0 {
        account.warn(
          "\(again.count.counted("picture", grouped: true)) of the \(part.rawValue) split "
            + "\(again.count.verb("is", "are")) listed more than once: \(again.text)")
      }
      if relabeled.count > 0 {
        account.warn(
          "\(relabeled.count.counted("picture", grouped: true)) of the \(part.rawValue) split "
            + "\(relabeled.count.verb("has", "have")) two labels, of which training sees both: \(relabeled.text)")
      }
    }
  }

  /// A number of pictures with the first few names.
  private struct Examples {
    private(set) var count = 0
    private var names: [String] = []

    mutating func add(_ name: String) {
      count += 1
      if names.count < 3 { names.append(name) }
    }

    var text: String { names.joined(separator: ", ") + (count > names.count ? ", …" : "") }
  }

  /// Returns a folder's path without links; of a folder in an archive, that of the archive and what follows.
  private static func resolved(_ folder: String) -> String {
    var (start, rest) = (FilePath(folder).lexicallyNormalized(), FilePath())
    while !start.isEmpty {
      if let real = realpath(start.string, nil) {
        defer { free(real) }
        return FilePath(String(cString: real)).pushing(rest).string
      }
      guard let last = start.lastComponent else { break }
      rest = FilePath(root: nil, [last] + rest.components)
      start.removeLastComponent()
    }
    return FilePath(folder).lexicallyNormalized().string
  }

  /// Returns the bytes of the path of a name in a folder.
  private static func path(_ name: String, in folder: [UInt8]) -> [UInt8] {
    let path = name.hasPrefix("/") ? Array(name.utf8) : folder + [UInt8(ascii: "/")] + Array(name.utf8)
    let isPlain = !name.contains("./") && !name.contains("//")
    return isPlain ? path : Array(FilePath(String(decoding: path, as: UTF8.self)).lexicallyNormalized().string.utf8)
  }
}
