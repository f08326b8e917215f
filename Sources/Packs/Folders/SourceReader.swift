import Archives
import Images
import System

/// Walks over the folders of a source, and keeps account of what it leaves out.
final class SourceReader {
  typealias Place = FolderContent.Place

  let exclusion: Exclusion
  let files: SourceFiles
  var account = PackAccount()

  init(_ exclusion: Exclusion, _ files: SourceFiles = SourceFiles()) {
    self.exclusion = exclusion
    self.files = files
  }

  /// Lists a folder without keeping account.
  func peek(_ place: Place, expected: String = "a folder of pictures") throws(DataError) -> FolderContent {
    try FolderContent(place, exclusion, files, expected: expected)
  }

  /// Lists a folder, and keeps account of what is left out.
  func list(_ place: Place, expected: String = "a folder of pictures") throws(DataError) -> FolderContent {
    let content = try peek(place, expected: expected)
    for (path, reason) in content.leftOut { account.leaveOut(path, reason) }
    return content
  }

  /// Returns whether there is a picture in a folder or below. The search ends at the first one.
  func holdsPictures(_ place: Place, depth: Int = 0) throws(DataError) -> Bool {
    try checkDepth(depth, place)
    let content = try peek(place)
    if content.files.contains(where: FileEnding.isPicture) { return true }
    for folder in content.folders where try holdsPictures(place.appending(folder), depth: depth + 1) { return true }
    return false
  }

  /// Calls `take` for each file in a folder and below: its path below the source, and how deep it lies.
  func walk(_ place: Place, depth: Int = 0, _ take: (_ path: String, _ depth: Int) -> Void) throws(DataError) {
    try checkDepth(depth, place)
    let content = try list(place)
    for file in content.files { take(place.name(of: file), depth) }
    for folder in content.folders { try walk(place.appending(folder), depth: depth + 1, take) }
  }

  private func checkDepth(_ depth: Int, _ place: Place) throws(DataError) {
    guard depth < 32 else {
      throw DataError(
        .invalid, path: place.path, expected: "folders not deeper than 32", found: "deeper ones",
        advice: "A link may lead back to a folder above.")
    }
  }

  /// Lists a folder whose folders alone count, and keeps account of the files in it.
  func leaveOutFiles(of place: Place) throws(DataError) {
    for file in try list(place).files {
      if FileEnding.isPicture(file) {
        account.leaveOut(place.name(of: file), .withoutClass)
      } else {
        leaveOut(file: place.name(of: file))
      }
    }
  }

  /// Keeps account of a folder that holds no pictures, and of the files in it: they may be pictures of other formats.
  func leaveOut(emptyFolder place: Place) throws(DataError) {
    account.leaveOut(place.below, .emptyFolder)
    try walk(place) { path, _ in leaveOut(file: path) }
  }

  /// Keeps account of a file that is not taken for a picture.
  func leaveOut(file path: String) {
    let isArchive = ArchiveKind.stem(path) != nil && FileSystem.name(of: path) != DevelopmentKit.archiveName
    let isOtherFormat = FileEnding.isOtherFormat(FileEnding.of(path))
    account.leaveOut(path, isArchive ? .archive : isOtherFormat ? .otherFormat : .otherFile)
  }
}
