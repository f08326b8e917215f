import Images
import System

/// Pictures found in folders.
package enum FolderListing {
  /// The pictures of a folder and of those below it, and what else lies there.
  package struct Found {
    /// The paths of the pictures, in the order of their bytes.
    package var pictures: [String] = []
    /// The number of other files for each extension of their names, in lowercase.
    package var others: [String: Int] = [:]
  }

  /// Returns the pictures in a folder and below, however deep. What systems leave there, and what this program wrote,
  /// is passed over.
  package static func allPictures(_ folder: String) throws(DataError) -> Found {
    let (place, reader) = (FolderContent.Place(folder), SourceReader(Exclusion([])))
    var found = Found()
    try reader.walk(place) { path, _ in
      let ending = FileEnding.of(path)
      if FileEnding.pictures.contains(ending) {
        found.pictures.append(path)
      } else {
        found.others[ending, default: 0] += 1
      }
    }
    found.pictures.sort(by: precedes)
    found.pictures = found.pictures.map { FileSystem.path($0, in: place.path) }
    return found
  }
}
