import Foundation
import Images
import System
import TestSupport
import Testing

/// The messages about files and pictures that are too large or have no pixels.
@Suite struct LimitMessageTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test(arguments: [
    (
      "P5 0 5 255\nx",
      "a whole PGM picture, found damage (it declares 0×5 pixels). "
        + "The file is truncated or damaged: copy or save it again"
    ),
    (
      "P6 16385 16384 255\nx",
      "a PPM picture of at most 2^28 pixels, found one that declares 16385×16384. Make it smaller"
    ),
  ])
  func pixels(text: String, problem: String) throws {
    let path = try folder.write(Array(text.utf8), to: "a.ppm")
    #expect(message { try ImageDecoder.decode(path: path, channels: 3) } == "\(path): expected \(problem).")
  }

  @Test func bytes() throws {
    // The file is a hole, which takes no room on the disk.
    func hole(_ name: String, _ bytes: Int) throws -> String {
      let path = try folder.write([], to: name)
      #expect(truncate(path, bytes) == 0)
      return path
    }
    let names = try hole("class-names.txt", 1 << 22 | 1)
    #expect(
      message { try IDXFolder.load(directory: folder.path) }
        == "\(names): expected one class name a line in UTF-8 of at most 4194304 bytes, found 4194305 bytes.")
    let picture = try hole("a.jpg", 1 << 30 | 1)
    #expect(
      message { try EncodedPicture(path: picture) } == """
        \(picture): expected a JPEG, PNG, WebP, PGM or PPM picture of at most 1073741824 bytes, found 1073741825 bytes.
        """)
  }

  @Test func aSheetThatCannotBeWritten() {
    let path = folder.path + "/none/a.png"
    let words = message(kind: .unwritable) {
      try ContactSheet.write([[1, 2, 3, 4]], extents: Extents(channels: 1, height: 2, width: 2), to: path)
    }
    #expect(
      words.hasPrefix("\(path): expected to write a PNG picture, found that it cannot be written (libpng: "), "\(words)"
    )
  }
}
