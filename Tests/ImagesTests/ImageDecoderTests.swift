import CJPEG
import CPNG
import CZlib
import Foundation
import Images
import System
import TestSupport
import Testing

@Suite struct ImageDecoderTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func decode(_ bytes: [UInt8], channels: Int, name: String = "picture") throws -> DecodedImage {
    try ImageDecoder.decode(path: folder.write(bytes, to: name), channels: channels)
  }

  private func decode(base64: String, channels: Int) throws -> DecodedImage {
    try decode(Array(Data(base64Encoded: base64)!), channels: channels)
  }

  // MARK: - JPEG

  /// A 9×6 picture with subsampled chroma, written by Pillow 9.4; the golden planes are what Pillow reads from it.
  /// libjpeg's versions differ by at most one in the chroma's upsampling.
  private static let colorJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDREN\
    Dg8QEBEQCgwSExIQEw8QEBD/2wBDAQMDAwQDBAgEBAgQCwkLEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ\
    EBAQEBAQEBAQEBAQEBD/wAARCAAGAAkDASIAAhEB\
    AxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAIH/8QAIRAAAQMBCQAAAAAAAAAAAAAAAAEDBdEGCBghI0FCUpL/xAAVAQEBAAAA\
    AAAAAAAAAAAAAAAEB//EAB4RAAAFBQEAAAAAAAAAAAAAAAACBQYVAQcjJEGx/9oADAMBAAIRAxEAPwC7C3dYDTzZ24rQ0zDp\
    AdmfK0AJm/XYtStdk3Q+0zlVoEuc3PB//9k=
    """

  private static let colorPlanes: [UInt8] = [
    19, 36, 63, 87, 110, 134, 161, 185, 205, 29, 45, 71, 95, 120, 143, 169, 194, 214, 28, 44, 71, 96, 118, 142, 169,
    193,
    212, 28, 45, 72, 96, 118, 143, 170, 195, 215, 28, 46, 72, 96, 120, 144, 171, 195, 215, 40, 57, 84, 108, 131, 155,
    183,
    207, 227,
    34, 38, 36, 36, 38, 38, 36, 38, 39, 61, 65, 64, 64, 66, 65, 64, 65, 66, 97, 101, 100, 100, 102, 102, 100, 101, 102,
    133, 137, 135, 135, 137, 137, 135, 136, 138, 166, 169, 168, 168, 170, 169, 167, 169, 170, 194, 197, 196, 196, 198,
    198, 195, 197, 198,
    177, 175, 165, 154, 146, 136, 127, 119, 111, 182, 180, 168, 158, 150, 140, 131, 122, 116, 172, 170, 158, 148, 139,
    129, 121, 112, 105, 162, 160, 150, 140, 131, 121, 113, 104, 96, 153, 151, 141, 130, 121, 111, 103, 95, 87, 160, 158,
    148, 136, 129, 119, 109, 102, 94,
  ]

  /// The same picture, converted to gray before it was written.
  private static let grayJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDREN\
    Dg8QEBEQCgwSExIQEw8QEBD/wAALCAAGAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAgf/xAAhEAAABAUFAAAAAAAAAAAA\
    AAAAAQMFBggYIdEjQUJSkv/aAAgBAQAAPwBwLLqw\
    ad0duJ4FMp0YOyPk8D//2Q==
    """

  private static let grayPlane: [UInt8] = [
    46, 53, 59, 65, 72, 78, 84, 91, 97, 65, 72, 78, 84, 92, 97, 103, 110, 116, 85, 92, 98, 104, 111, 117, 123, 130, 135,
    105, 112, 118, 124, 131, 137, 143, 150, 156, 123, 130, 136, 142, 149, 155, 161, 168, 174, 144, 151, 157, 163, 170,
    176, 182, 189, 195,
  ]

  private func expectClose(_ bytes: [UInt8], _ golden: [UInt8]) {
    #expect(bytes.count == golden.count)
    for (position, (byte, expected)) in zip(bytes, golden).enumerated() {
      #expect(abs(Int(byte) - Int(expected)) <= 1, "at \(position)")
    }
  }

  @Test func decodesJPEG() throws {
    let color = try decode(base64: Self.colorJPEG, channels: 3)
    #expect(color.extents == Extents(channels: 3, height: 6, width: 9))
    expectClose(color.bytes, Self.colorPlanes)
    let gray = try decode(base64: Self.grayJPEG, channels: 1)
    #expect(gray.extents == Extents(channels: 1, height: 6, width: 9))
    expectClose(gray.bytes, Self.grayPlane)
  }

  @Test func convertsJPEGBetweenGrayAndColor() throws {
    expectClose(try decode(base64: Self.colorJPEG, channels: 1).bytes, Self.grayPlane)
    let color = try decode(base64: Self.grayJPEG, channels: 3)
    expectClose(color.bytes, Self.grayPlane + Self.grayPlane + Self.grayPlane)
  }

  @Test func decodesJPEGInInkColors() throws {
    // The picture has 16×16 pixels of one ink, as Adobe's programs write them: 255 is no ink.
    let ink = [UInt8](repeating: 0, count: 256).flatMap { _ in [200, 100, 50, 128] as [UInt8] }
    let bytes = JPEGEncoder.encode(ink, colors: JCS_CMYK, height: 16, width: 16, quality: 100) { picture in
      jpeg_set_colorspace(picture, JCS_YCCK)
      for component in [0, 3] {
        picture.pointee.comp_info[component].h_samp_factor = 1
        picture.pointee.comp_info[component].v_samp_factor = 1
      }
    }
    let color = try decode(bytes, channels: 3)
    for (plane, value) in [100, 50, 25].enumerated() {
      #expect(color.bytes[plane * 256..<(plane + 1) * 256].allSatisfy { abs(Int($0) - value) <= 2 })
    }
    #expect(try decode(bytes, channels: 1).bytes.allSatisfy { abs(Int($0) - 62) <= 2 })
  }

  @Test func refusesTruncatedJPEG() throws {
    let whole = Array(Data(base64Encoded: Self.grayJPEG)!)
    for length in 3..<whole.count - 2 {
      let path = try folder.write(Array(whole.prefix(length)), to: "cut.jpg")
      let words = message { try ImageDecoder.decode(path: path, channels: 1) }
      #expect(words.hasPrefix("\(path): expected a whole JPEG picture, found damage ("), "\(length)")
      // If a file ends before its frame's header, libjpeg-turbo finds only tables and reports no fault.
      #expect(words.contains("(libjpeg-turbo: ") || words.contains("(it declares 0×0 pixels)"), "\(length)")
      #expect(words.hasSuffix("). The file is truncated or damaged: copy or save it again."), "\(length)")
    }
    let path = try folder.write(Array(whole.dropLast(12)), to: "cut.jpg")
    #expect(
      message { try ImageDecoder.decode(path: path, channels: 1) }.contains(
        "(libjpeg-turbo: Premature end of JPEG file)")
    )
  }

  @Test func refusesPicturesLargerThanTheirFile() throws {
    var jpeg = Array(Data(base64Encoded: Self.grayJPEG)!)
    let frame = jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 }!
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x0F, 0xFF, 0xFF, 0xDC])
    let path = try folder.write(jpeg, to: "picture.jpg")
    let advice = "The file is truncated or damaged: copy or save it again."
    #expect(
      message { try ImageDecoder.decode(path: path, channels: 1) } == """
        \(path): expected a whole JPEG picture, found \(jpeg.count) bytes that declare 65500×4095 pixels. \(advice)
        """)
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    try folder.write(jpeg, to: "picture.jpg")
    #expect(
      message { try ImageDecoder.decode(path: path, channels: 1) } == """
        \(path): expected a JPEG picture of at most 2^28 pixels, found one that declares 65500×65500. Make it smaller.
        """)
  }

  // MARK: - PNG

  /// A picture of 3×2 pixels in red, green and blue, written by Pillow 9.4.
  private static let colorPNG = """
    iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAHElEQVR4nGMUkTshyfBNkuEbC4PyNwaGbwwM3wA4qwYjrRTMYgAAAABJRU5ErkJggg==
    """

  @Test func decodesPNG() throws {
    let color = try decode(base64: Self.colorPNG, channels: 3)
    #expect(color.extents == Extents(channels: 3, height: 2, width: 3))
    #expect(
      color.bytes == [20, 45, 70, 20, 45, 70, 30, 30, 30, 65, 65, 65, 200, 190, 180, 190, 180, 170])
    let gray = try decode(base64: Self.colorPNG, channels: 1)
    #expect(gray.extents == Extents(channels: 1, height: 2, width: 3))
    // The values are those of Pillow's `convert('L')`.
    #expect(gray.bytes == [46, 53, 59, 66, 72, 78])
  }

  @Test func decodesPNGWithAPalette() throws {
    let palette = """
      iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAADFBMVEX/AAAA/wAAAP8KFB4iiCkEAAAADElEQVR4nGOQYH\
      gCAAEwAP1WzRxzAAAAAElFTkSuQmCC
      """
    // The pixels are red, green, blue / (10, 20, 30), blue, green.
    #expect(
      try decode(base64: palette, channels: 3).bytes
        == [255, 0, 0, 10, 0, 0, 0, 255, 0, 20, 0, 255, 0, 0, 255, 30, 255, 0])
  }

  @Test func decodesPNGOfOneAndSixteenBits() throws {
    let oneBit = """
      iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwOAAAAIkAOFz6zvyAAAAAElFTkSuQmCC
      """
    #expect(try decode(base64: oneBit, channels: 1).bytes == [255, 0, 255, 0, 255, 0])
    // The values v·257 become v: 0, 1, 255 / 128, 2, 3.
    let sixteenBits = """
      iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAAFklEQVR4nGNgYGBk/P+foaGBiYmZGQAWqQMLqDpqEwAAAABJRU5ErkJggg==
      """
    #expect(try decode(base64: sixteenBits, channels: 1).bytes == [0, 1, 255, 128, 2, 3])
  }

  /// Pillow's convert("RGB"), OpenCV and torchvision take the colors, too.
  @Test func takesColorsHoweverTransparent() throws {
    // The pixels are (10, 20, 30) invisible, the same visible, and black half visible.
    let transparent = """
      iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAYAAAAb4BS0AAAAFUlEQVR4nGPkEpFjYGBg+P/tzaNGABB2BIL0dcdgAAAAAElFTkSuQmCC
      """
    let bytes = try decode(base64: transparent, channels: 3).bytes
    #expect(bytes == [10, 10, 0, 20, 20, 0, 30, 30, 0])
  }

  @Test func refusesDamagedPNG() throws {
    let whole = Array(Data(base64Encoded: Self.colorPNG)!)
    // The last 12 bytes only end the file; libpng has the picture before.
    for length in 8..<whole.count - 16 {
      let path = try folder.write(Array(whole.prefix(length)), to: "cut.png")
      let words = message { try ImageDecoder.decode(path: path, channels: 3) }
      #expect(words.hasPrefix("\(path): expected a whole PNG picture, found damage (libpng: "), "\(length)")
    }
    let path = try folder.write(Array(whole.prefix(50)), to: "cut.png")
    #expect(
      message { try ImageDecoder.decode(path: path, channels: 3) } == """
        \(path): expected a whole PNG picture, found damage (libpng: read beyond end of data). The file is truncated \
        or damaged: copy or save it again.
        """)
    for position in 8..<whole.count - 12 {
      var flipped = whole
      flipped[position] ^= 0x10
      let path = try folder.write(flipped, to: "flipped.png")
      #expect(message { try ImageDecoder.decode(path: path, channels: 3) }.hasPrefix("\(path): "), "\(position)")
    }
  }

  @Test func refusesPNGLargerThanItsFile() throws {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = 1
    image.height = 1
    image.format = UInt32(PNG_FORMAT_GRAY)
    var file = [UInt8](repeating: 0, count: 1000)
    var size = file.count
    #expect(png_image_write_to_memory(&image, &file, &size, 0, [7] as [UInt8], 0, nil) != 0)
    file.removeLast(file.count - size)
    #expect(try decode(file, channels: 1).bytes == [7])

    file.replaceSubrange(16..<24, with: [0, 0, 0x40, 0, 0, 0, 0x40, 0])
    let header = crc32(0, Array(file[12..<29]), 17)
    file.replaceSubrange(29..<33, with: [24, 16, 8, 0].map { UInt8(header >> $0 & 0xFF) })
    let path = try folder.write(file, to: "picture.png")
    #expect(
      message { try ImageDecoder.decode(path: path, channels: 1) } == """
        \(path): expected a whole PNG picture, found \(file.count) bytes that declare 16384×16384 pixels. The file is \
        truncated or damaged: copy or save it again.
        """)
  }

  // MARK: - PGM and PPM

  @Test func decodesPGMAndPPM() throws {
    let gray = try decode(Array("P5\n# a comment\n3 2\n255\n".utf8) + [1, 2, 3, 4, 5, 35], channels: 1)
    #expect(gray.extents == Extents(channels: 1, height: 2, width: 3))
    #expect(gray.bytes == [1, 2, 3, 4, 5, 35])
    let color = try decode(Array("P6 2 1 255\n".utf8) + [1, 2, 3, 4, 5, 6], channels: 3)
    #expect(color.bytes == [1, 4, 2, 5, 3, 6])
    #expect(try decode(Array("P5 2 1 15\n".utf8) + [15, 3], channels: 3).bytes == [255, 51, 255, 51, 255, 51])
    #expect(try decode(Array("P5 2 1 65535\n".utf8) + [255, 255, 1, 1], channels: 1).bytes == [255, 1])
  }

  @Test(arguments: [
    ("P5", "damage (the header is not width, height and a maximum of 1 to 65535)"),
    ("P5 2 2 0\nabcd", "damage (the header is not width, height and a maximum of 1 to 65535)"),
    ("P5 2 2 99999999999999999999\nabcd", "damage (the header is not width, height and a maximum of 1 to 65535)"),
    ("P5 2 2 255\nabc", "damage (3 bytes of pixels instead of 4)"),
    ("P5 2000 200 255\nabc", "19 bytes that declare 2000×200 pixels"),
  ])
  func refusesDamagedPGM(text: String, found: String) throws {
    let path = try folder.write(Array(text.utf8), to: "picture.pgm")
    #expect(
      message { try ImageDecoder.decode(path: path, channels: 1) } == """
        \(path): expected a whole PGM picture, found \(found). The file is truncated or damaged: copy or save it again.
        """)
  }

  // MARK: - Files that are not pictures

  @Test func toldApartByContentNotByName() throws {
    let path = try folder.write(base64: Self.colorPNG, to: "picture.jpg")
    #expect(try ImageDecoder.decode(path: path, channels: 3).extents.width == 3)
  }

  @Test func namesWhatIsNoPicture() throws {
    let expected = "expected a JPEG, PNG, WebP, PGM or PPM picture"
    let empty = try folder.write([], to: "empty.jpg")
    #expect(
      message { try ImageDecoder.decode(path: empty, channels: 3) } == "\(empty): \(expected), found an empty file.")
    let text = try folder.write(Array("not a picture\n".utf8), to: "text.jpg")
    #expect(
      message { try ImageDecoder.decode(path: text, channels: 3) }
        == "\(text): \(expected), found text that begins with \"not a picture\". Convert it to one of these.")
    let gif = try folder.write(Array("GIF89a\u{1}\0\u{1}\0".utf8), to: "picture.jpg")
    #expect(
      message { try ImageDecoder.decode(path: gif, channels: 3) }
        == "\(gif): \(expected), found a GIF picture. Convert it to one of these.")
    #expect(
      message { try ImageDecoder.decode(path: folder.path, channels: 3) }
        == "\(folder.path): \(expected), found a folder.")
    let absent = folder.path + "/absent.jpg"
    #expect(
      message(kind: .missing) { try ImageDecoder.decode(path: absent, channels: 3) }
        == "\(absent): \(expected), found that it cannot be read (No such file or directory).")
  }
}
