import Foundation
import Images
import System

/// The folder in which Tests/Golden/photos.py puts its pictures.
let photoFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Golden/photos").path

/// Pictures in separate files, labeled by their place.
struct FileImages: EncodedImages {
  let paths: [String]
  let contents: [[UInt8]]
  let sizes: [PlaneExtents]
  /// The labels. `announce` does nothing, because files in memory need no reading ahead.
  let labels: [Int32]

  init(_ pictures: [(name: String, height: Int, width: Int)]) throws {
    paths = pictures.map { "\(photoFolder)/\($0.name)" }
    contents = try paths.map { Array(try Data(contentsOf: URL(filePath: $0))) }
    sizes = pictures.map { PlaneExtents(height: $0.height, width: $0.width) }
    labels = (0..<Int32(pictures.count)).map { $0 }
  }

  var classCount: Int { labels.count }
  func name(of index: Int) -> String { paths[index] }
  func extents(of index: Int) -> PlaneExtents { sizes[index] }
  func byteCount(of index: Int) -> Int { contents[index].count }
  func announce(_ indices: [Int]) {}

  func read(_ index: Int, into bytes: UnsafeMutablePointer<UInt8>) throws(DataError) {
    for (place, byte) in contents[index].enumerated() { bytes[place] = byte }
  }
}
