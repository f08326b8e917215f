import Foundation
import Images
import Packs
import System
import TestSupport
import Testing

/// Everything that training reads of a pack is covered by a digest that is compared when the pack is opened, or when
/// the picture is read.
@Suite struct PackDigestTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// The content of a pack as a reader sees it, with all pictures.
  private struct Seen: Equatable {
    var texts: [String]
    var numbers: [Double]
    var mean: [Float]
    var labels: [Int32]
    var names: [String]
    var bytes: [[UInt8]]

    init(_ path: String) throws {
      let pack = try Pack(path)
      texts = pack.classNames + pack.classFolders + [pack.fingerprint] + pack.skipped
      let colors = pack.colors
      numbers = colors.mean + colors.covariance + colors.eigenvalues + colors.eigenvectors
      mean = pack.mean.values
      (labels, names, bytes) = ([], [], [])
      for part in PackPart.allCases {
        guard let images = pack.images(part) else { continue }
        labels += images.labels
        for index in 0..<images.count {
          names.append("\(images.fileName(of: index)) \(images.extents(of: index))")
          var own = [UInt8](repeating: 0, count: images.byteCount(of: index))
          try own.withUnsafeMutableBufferPointer { try images.read(index, into: $0.baseAddress!) }
          bytes.append(own)
        }
      }
    }
  }

  /// Bytes of a small pack are changed one by one: the pack is refused, or what is read of it is what was written. All
  /// bytes take minutes; these have no pattern in common with the file's tables.
  @Test func bytesOfASmallPack() throws {
    var forged = ForgedPack()
    forged.version = 2
    let path = folder.file("a.h5")
    try forged.write(to: path)
    let (whole, seen) = (try folder.bytes("a.h5"), try Seen(path))
    var accepted: [Int] = []
    for place in stride(from: 0, to: whole.count, by: 13) {
      var damaged = whole
      damaged[place] ^= 1 << UInt8(place / 13 % 8)
      try Data(damaged).write(to: URL(filePath: path))
      guard let now = try? Seen(path) else { continue }
      accepted.append(place)
      #expect(now == seen, "byte \(place)")
    }
    // Free space, texts of the file's description, and HDF5's own tables that are not used.
    #expect(accepted.count < whole.count / 13)
  }

  @Test func statisticsAndNamesAreCompared() throws {
    var path = folder.file("a.h5")
    var forged = ForgedPack()
    forged.version = 2
    forged.digest = "0123456789abcdef"
    try forged.write(to: path)
    var error = #expect(throws: FileError.self) { try Pack(path) }
    #expect(
      error?.problem
        == "the pack is damaged: its classes, settings and statistics do not have the digest that was written",
      "\(error as Any)")
    forged.digest = nil
    forged.namesDigest = "0123456789abcdef"
    path = folder.file("b.h5")
    try forged.write(to: path)
    error = #expect(throws: FileError.self) { try Pack(path) }
    #expect(error?.problem == "the pack is damaged: the names of /training do not have the digest that was written")
  }
}
