import Archives
import Images
import System

/// An archive that pictures of a pack lie in, as all ranks know it.
struct PackedArchive: Codable, Equatable {
  var identity: ArchiveFile.Identity
  /// Whether the archive is read from its beginning on.
  var isStream: Bool
  var opensInner: Bool
}

extension PackListing {
  /// Notes where the pictures lie that are members of archives.
  mutating func place(in files: SourceFiles) throws(DataError) {
    archives = files.archives.map {
      PackedArchive(identity: $0.file.identity, isStream: $0.isStream, opensInner: $0.opensInner)
    }
    for index in files.archives where index.replaced > 0 {
      account.note(
        "\(index.replaced.counted("member", grouped: true)) of \(index.file.path) \(index.replaced.verb("is", "are")) "
          + "replaced by later members of the same names, as in unpacking")
    }
    for (name, part) in parts {
      var places: [MemberPlace] = []
      for entry in part.entries {
        guard let place = files.place(part.path(entry.name)) else { continue }
        places.append(place)
      }
      guard !places.isEmpty else { continue }
      guard places.count == part.entries.count else {
        throw DataError(
          .invalid, path: part.folder, expected: "pictures that all lie in archives, or all on the disk",
          found: "\(places.count.grouped) of \(part.entries.count.grouped) in archives",
          advice: "Make a list, and thus a pack, of each kind.")
      }
      parts[name]?.entries.place(places)
    }
  }
}
