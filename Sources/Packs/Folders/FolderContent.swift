import Images
import System
import SystemPackage

/// The names in a folder of a source, in the order of their bytes, without what is left out.
struct FolderContent {
  private(set) var folders: [String] = []
  private(set) var files: [String] = []
  /// The paths below the source that were left out, with the reasons.
  private(set) var leftOut: [(path: String, reason: PackAccount.Reason)] = []

  /// A folder of a source: `path` leads to it, `below` is its path below the source, empty for the source itself.
  struct Place {
    var path: String
    var below: String

    init(_ source: String) { (path, below) = (FilePath(source).string, "") }

    private init(path: String, below: String) { (self.path, self.below) = (path, below) }

    /// Returns the folder of that name inside.
    func appending(_ name: String) -> Place {
      Place(path: FileSystem.path(name, in: path), below: self.name(of: name))
    }

    /// Returns the path below the source of a file or folder inside.
    func name(of name: String) -> String { below.isEmpty ? name : "\(below)/\(name)" }
  }

  /// Lists a folder.
  /// - Parameter expected: what the folder should be.
  init(_ place: Place, _ exclusion: Exclusion, _ source: SourceFiles, expected: String) throws(DataError) {
    let entries = try source.entries(of: place.path, expected: expected)
    let names = entries.map(\.name)
    let isRun = OwnFiles.isRun(names)
    for entry in entries.sorted(by: { precedes($0.name, $1.name) }) {
      let (name, isFolder) = (entry.name, entry.isFolder)
      let path = place.name(of: name)
      func reason() throws(DataError) -> PackAccount.Reason? {
        if exclusion.excludes(name: name, path: path) { return .excluded }
        if name.hasPrefix(".") { return .hidden }
        if isRun { return .own }
        if isFolder {
          if Leftovers.isFolder(name) { return .leftover }
          guard name.hasSuffix(".work") else { return nil }
          let inside = try source.entries(of: "\(place.path)/\(name)", expected: expected).map(\.name)
          return OwnFiles.isWork(name, inside) ? .own : nil
        }
        if Leftovers.isFile(name) { return .leftover }
        return OwnFiles.isSheet(name, in: place.below, names) ? .own : nil
      }
      if let reason = try reason() {
        leftOut.append((path, reason))
        continue
      }
      guard entry.isUTF8 else {
        throw DataError(
          .invalid, path: "\(place.path)/\(name)", expected: "names in UTF-8", found: "one in another encoding",
          advice: source.inside(place.path) == nil
            ? "Rename it, for instance with convmv -f latin1 -t utf8 --notest."
            : "Unpack the archive, and rename it, for instance with convmv -f latin1 -t utf8 --notest.")
      }
      if let other = entry.other {
        let isOnDisk = source.inside(place.path) == nil
        throw DataError(
          .invalid, path: "\(place.path)/\(name)", expected: "files and folders\(isOnDisk ? "" : " in an archive")",
          found: other,
          advice: (isOnDisk
            ? "It may be a class or a picture: mount what it leads to or remove the link, "
            : "Make the archive with the files themselves (tar --dereference --hard-dereference), ")
            + "or leave it out: --exclude '\(name)'.")
      }
      if isFolder { folders.append(name) } else { files.append(name) }
    }
  }
}

/// Compares names by their bytes, which gives the same order on any machine.
func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
