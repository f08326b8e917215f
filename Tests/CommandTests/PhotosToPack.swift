import Foundation
import TestSupport

/// A folder of pictures of every kind, and the commands that pack them.
struct PhotosToPack {
  let folder: ScratchFolder
  var directory: String { folder.path }

  /// A file that nobody may read, not even the superuser: the kernel only takes what is written to it.
  static let unreadable = "/sys/bus/platform/uevent"

  init() throws { folder = try ScratchFolder() }

  /// Makes `count` pictures of each of four classes, of every kind, in files of their own.
  func makePhotos(_ count: Int = 6, to root: String = "photos") throws {
    let kinds = [
      "rgb-420.jpg", "rgb-422.jpg", "rgb-444.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "rgb.png", "rgba.png",
      "palette.png", "grey-16.png", "one-pixel.png", "large.jpg",
    ]
    for number in 0..<4 * count {
      let kind = kinds[number % kinds.count]
      try folder.copy("\(goldenPhotos)/\(kind)", to: "\(root)/class \(number % 4)/\(number)\(kind.suffix(4))")
    }
  }

  /// Makes a pack in which one byte of each copy of one picture is changed.
  func damagingPictures(_ pack: [UInt8]) throws -> [UInt8] {
    let picture = try Data(contentsOf: URL(filePath: "\(goldenPhotos)/rgb-420.jpg"))
    var damaged = Data(pack)
    var start = 0
    while let range = damaged.range(of: picture, in: start..<damaged.count) {
      damaged[range.lowerBound + 700] ^= 0x20
      start = range.upperBound
    }
    precondition(start > 0, "the pack does not hold the picture")
    return Array(damaged)
  }

  func pack(_ arguments: [String], ranks: Int? = nil) throws -> Program.Outcome {
    try Program.run(["pack", "--threads", "2"] + arguments, ranks: ranks, in: directory)
  }

  /// A small network for these pictures.
  static let recipe = """
    model:
      activation: prelu
      input: { channels: 3, height: 32, width: 32 }
      layers:
        - convolution: { name: conv1, filters: 8, kernel: 3, padding: 1, stride: 2 }
        - maxPooling: { name: pool1, size: 2, stride: 2 }
        - spatialPyramidPooling: { name: spp, levels: [2, 1] }
        - fullyConnected: { name: fc1, outputs: 4 }
    data: { kind: pack, directory: photos.h5, shorterSide: 40, validation: 8, scale: 0.015625 }
    augmentation: { padding: 0, mirror: true, shorterSide: [32, 80], color: 0.1 }
    training: { batch: 16, epochs: 3 }
    """
}
