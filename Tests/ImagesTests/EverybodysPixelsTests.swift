import CJPEG
import CZlib
import Foundation
import Images
import System
import TestSupport
import Testing

/// Pixels are those that Pillow, OpenCV and torchvision read, whatever a file states of gamma and profiles.
@Suite struct EverybodysPixelsTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func decode(_ bytes: [UInt8], channels: Int = 3) throws -> DecodedImage {
    try ImageDecoder.decode(path: folder.write(bytes, to: "picture"), channels: channels)
  }

  private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) } }
    let body = Array(type.utf8) + data
    return big(UInt32(data.count)) + body + big(UInt32(crc32(0, body, UInt32(body.count))))
  }

  /// Returns a gray PNG file of the values, with chunks before them.
  private func png(_ values: [UInt8], _ chunks: [UInt8]) -> [UInt8] {
    let header: [UInt8] = [0, 0, 0, UInt8(values.count), 0, 0, 0, 1, 8, 0, 0, 0, 0]
    var size = uLong(64)
    var packed = [UInt8](repeating: 0, count: 64)
    compress(&packed, &size, [0] + values, uLong(values.count + 1))
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunks
      + chunk("IDAT", Array(packed.prefix(Int(size)))) + chunk("IEND", [])
  }

  @Test func gammaAndProfilesOfPNGChangeNothing() throws {
    let values: [UInt8] = [0, 1, 64, 128, 200, 255]
    let gammas: [UInt32] = [100_000, 55_556, 45_455, 22_000]
    let chunks =
      [[], chunk("sRGB", [0]), chunk("gAMA", [0, 1, 0x86, 0xA0]) + chunk("cHRM", [UInt8](repeating: 1, count: 32))]
      + gammas.map { gamma in chunk("gAMA", [24, 16, 8, 0].map { UInt8(gamma >> $0 & 0xFF) }) }
      + [chunk("iCCP", Array("x".utf8) + [0, 0, 1, 2, 3]), chunk("tEXt", Array("a".utf8) + [0, 65])]
    for extra in chunks {
      #expect(try decode(png(values, extra), channels: 1).bytes == values, "\(extra)")
      #expect(try EncodedPicture(path: folder.file("picture")).width == 6)
    }
  }

  /// Pillow 9.4 with libwebp 1.2.4 wrote the files and the planes (3, 12, 17).
  @Test(arguments: [
    (
      "UklGRi4AAABXRUJQVlA4TCIAAAAvEMACAJkyRPQ/NlH/6H+ASNumIu7f7tjxOExATACcB/NT",
      Array(0..<612).map { index in
        let (y, x) = (index / 17 % 12, index % 17)
        return UInt8([x * 14, y * 20, x * y % 256][index / 204])
      }
    ),
    (
      """
      UklGRm4AAABXRUJQVlA4IGIAAAAQBACdASoRAAwAPm0ukkWkIqGYBABABsS2AE6ZQjgb0AAwgvvkuxSHYAD+/SCXyabJt8J3jNw/rsTr+SCr\
      XxkNnjhKzEkxJQX8PLzvXsDz8oM/SBb07LA+hmXu/AmQ4BJAAA==
      """,
      Array(Data(base64Encoded: Self.lossyPlanes)!)
    ),
  ])
  func webPIsPillows(file: String, planes: [UInt8]) throws {
    let image = try decode(Array(Data(base64Encoded: file)!))
    #expect(image.extents == Extents(channels: 3, height: 12, width: 17))
    #expect(image.bytes == planes)
  }

  private static let lossyPlanes = """
    AQkWJTVDUV5seYeWprTCztUHDhwpOkdXZHJ+jZqruMjS2gsSIC0+S1todoGRnq+8ytbiBw8cKzpJV2Ryf42cq7rI0t8DCxgmNkVTYXB+jJurucfR\
    3AAHFSI0QVBdbHqKl6i1w8/dBAsZJjhFU2FwfoybrLnH0+EEChkmN0RSX258ipeot8XP3gMKFiY5R1VhbnqImKm5xtDaAgkWJThGVGFreIaWp7XD\
    ztkGDhsrPExaZnF8i5msusjS3QsTITFCUV9sdoKPn7DAztjkBQcHBQQCAwQGBggGBQMEBAMTFRUTEhARERMUFRQSEBESEikrKykoJygnKCgpKCcl\
    JycqPT4+PDs5Ozo6OTs5ODY4OT1SU1RSUU5QUFFRU1FQTU9PUWVnZ2VjYmJjZGRlY2FfYWBle319e3l4eXl6eXt4dnR2dXqNj4+Ni4mLi4uLjIqI\
    hYeHjaCioqCfnp+goqKjoqGfoKCisrS0srCvsLGzs7WzsrGysbTIyMjHxsTFxcjJycjGxcbGzNTU1tTT0dLS1dbX1dTS09PcAAAAAAAABQAAAAAA\
    AAMJCwYAAAAAAgULCAEAAgYKDhQVEQAAAwYJDBAQEBATFxodIyQmAAAFBwsPEhQXGh4fJCgtLzQAAgcKDxIYGyElKy8zNzxAQwACBw0RFR0hJywx\
    NzxBR0pTCAsQFBoeJioyNz9ES05WWmIIDBAWHSIqMTk/R01TWWFmbwUIERojKjI5QElRWGJqcniABQsTHCgxOD9JUFdgbHV9hIwSGB4nMzxDTFRd\
    ZW95goyTnRofJzA7RExVXGVveISMlp6q
    """

  @Test func damagedWebPIsRefused() throws {
    let whole = Array(Data(base64Encoded: "UklGRi4AAABXRUJQVlA4TCIAAAAvEMACAJkyRPQ/NlH/6H+ASNumIu7f7tjxOExATACcB/NT")!)
    for length in 16..<whole.count - 1 {
      let path = try folder.write(Array(whole.prefix(length)), to: "cut.webp")
      let words = message { try ImageDecoder.decode(path: path, channels: 3) }
      #expect(words.hasPrefix("\(path): expected a whole WebP picture, found damage (libwebp"), "\(length): \(words)")
    }
  }

  /// Arithmetic coding stores a picture of one color in fewer bits than it has blocks.
  @Test(arguments: [false, true])
  func blankAndArithmeticallyCodedJPEG(isProgressive: Bool) throws {
    let (height, width) = (600, 800)
    let bytes = JPEGEncoder.encode(
      [UInt8](repeating: 180, count: height * width), colors: JCS_GRAYSCALE, height: height, width: width, quality: 90
    ) { picture in
      picture.pointee.arith_code = 1
      if isProgressive { jpeg_simple_progression(picture) }
    }
    #expect(isProgressive || 512 * bytes.count < height * width, "\(bytes.count)")
    let image = try decode(bytes, channels: 1)
    #expect(image.extents == Extents(channels: 1, height: height, width: width))
    #expect(image.bytes.allSatisfy { $0 == 180 })
  }

  @Test func huffmanCodedAndBlank() throws {
    let bytes = jpegFile(
      [UInt8](repeating: 77, count: 3 * 512 * 512), height: 512, width: 512, quality: 75,
      JPEGForm(isGray: true, isProgressive: true))
    #expect(try decode(bytes, channels: 1).bytes.allSatisfy { $0 == 77 })
  }
}
