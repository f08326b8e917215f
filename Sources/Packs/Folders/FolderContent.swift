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

  /// Lists a folder. An error of the listing ends it: what the system does not tell may be pictures.
  /// - Parameter expected: what the folder should be.
  init(_ place: Place, _ exclusion: Exclusion, expected: String) throws(DataError) {
    let entries = try Self.entries(place.path, expected: expected)
    let names = entries.map(\.name)
    let isRun = OwnFiles.isRun(names)
    for (name, isFolder, isUTF8) in entries.sorted(by: { precedes($0.name, $1.name) }) {
      let path = place.name(of: name)
      func reason() throws(DataError) -> PackAccount.Reason? {
        if exclusion.excludes(name: name, path: path) { return .excluded }
        if name.hasPrefix(".") { return .hidden }
        if isRun { return .own }
        if isFolder {
          if Leftovers.isFolder(name) { return .leftover }
          guard name.hasSuffix(".work") else { return nil }
          let inside = try Self.entries("\(place.path)/\(name)", expected: expected).map(\.name)
          return OwnFiles.isWork(name, inside) ? .own : nil
        }
        if Leftovers.isFile(name) { return .leftover }
        return OwnFiles.isSheet(name, in: place.below, names) ? .own : nil
      }
      if let reason = try reason() {
        leftOut.append((path, reason))
        continue
      }
      guard isUTF8 else {
        throw DataError(
          .invalid, path: "\(place.path)/\(name)", expected: "names in UTF-8", found: "one in another encoding",
          advice: "Rename it, for instance with convmv -f latin1 -t utf8 --notest.")
      }
      if isFolder { folders.append(name) } else { files.append(name) }
    }
  }

  /// Returns all entries of a folder, in no particular order.
  private static func entries(
    _ folder: String, expected: String
  ) throws(DataError) -> [(name: String, isFolder: Bool, isUTF8: Bool)] {
    func refused(_ what: String, _ code: Errno, _ path: String) -> DataError {
      let isRefusal = [.noSuchFileOrDirectory, .notDirectory, .permissionDenied, .notPermitted].contains(code)
      return DataError(
        isRefusal ? .missing : .failed, path: path, expected: expected, found: "that it cannot be \(what) (\(code))",
        advice: isRefusal ? "" : "Nothing was packed: what the system did not tell may be pictures.")
    }
    let stream: FolderStream
    do throws(Errno) {
      stream = try FolderStream(folder)
    } catch {
      throw refused("opened", error, folder)
    }
    var entries: [(name: String, isFolder: Bool, isUTF8: Bool)] = []
    while true {
      let next: FolderStream.Entry?
      do throws(Errno) {
        next = try stream.next()
      } catch {
        throw refused("read to its end", error, folder)
      }
      guard let entry = next else { return entries }
      let path = "\(folder)/\(entry.name)"
      var isFolder = entry.isFolder
      if isFolder == nil {
        do throws(Errno) {
          isFolder = try Stat(path).type == .directory
        } catch {
          // A link to nothing counts as a file: opening it says more.
          let isDangling = [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error)
          guard isDangling || !entry.isUTF8 else { throw refused("examined", error, path) }
        }
      }
      entries.append((entry.name, isFolder ?? false, entry.isUTF8))
    }
  }
}

/// Compares names by their bytes, which gives the same order on any machine.
func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
