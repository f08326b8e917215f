import CPNG
import Foundation
import Images
import TestSupport
import Testing

/// The content of a file that is stored in a pack.
@Suite struct PictureIntakeTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// Returns a gray PNG without anything on it.
  private func emptyPNG(height: Int, width: Int) -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    (image.height, image.width) = (UInt32(height), UInt32(width))
    image.format = UInt32(PNG_FORMAT_GRAY)
    let pixels = [UInt8](repeating: 90, count: height * width)
    var file = [UInt8](repeating: 0, count: 1 << 20)
    var size = file.count
    #expect(png_image_write_to_memory(&image, &file, &size, 0, pixels, 0, nil) != 0)
    return Array(file.prefix(size))
  }

  /// Returns a JPEG file of gradients with waves on them.
  private func jpeg(height: Int, width: Int) -> [UInt8] {
    let pixels = (0..<height * width * 3).map { index in
      let (x, y) = (Double(index / 3 % width), Double(index / 3 / width))
      let wave = 50 * (sin(x / 37 + Double(index % 3)) + cos(y / 29))
      return UInt8(min(255, max(0, 60 + 100 * x / Double(width) + wave + Double((index &* 7919) % 11))))
    }
    return jpegFile(pixels, height: height, width: width, quality: 90)
  }

  private func meanDifference(_ a: [UInt8], _ b: [UInt8]) -> Double {
    guard a.count == b.count, !a.isEmpty else { return .infinity }
    return zip(a, b).map { Double(abs(Int($0) - Int($1))) }.reduce(0, +) / Double(a.count)
  }

  /// A picture that is scaled down by 8 while it is decoded is nearly the same as the exact result, that of its PNG,
  /// which is never scaled. No scale divides the sides; if the last row and column were misplaced, gradients would be
  /// shifted.
  @Test func largePicturesAreDecodedAtASmallerScale() throws {
    let (height, width) = (803, 1101)
    let path = try folder.write(jpeg(height: height, width: width), to: "a.jpg")
    let pixels = try ImageDecoder.decode(path: path, channels: 3)
    let rows = (0..<height * width * 3).map { pixels.bytes[$0 % 3 * height * width + $0 / 3] }
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    (image.height, image.width, image.format) = (UInt32(height), UInt32(width), UInt32(PNG_FORMAT_RGB))
    var file = [UInt8](repeating: 0, count: 1 << 23)
    var size = file.count
    #expect(png_image_write_to_memory(&image, &file, &size, 0, rows, 0, nil) != 0)
    let exact = try folder.write(Array(file.prefix(size)), to: "a.png")
    for side in [96, 200, 400, 500] {
      let intake = PictureIntake(
        PictureIntake.Settings(shorterSide: side, quality: 98, meanSide: 96, meanCrop: 90))
      let (scaled, whole) = (
        try intake.take(path: path, wantsCrop: true), try intake.take(path: exact, wantsCrop: true)
      )
      #expect((scaled.height, scaled.width) == (side, side * width / height))
      #expect(meanDifference(scaled.crop, whole.crop) < 0.8, "\(side)")
      let (a, b) = (try folder.write(scaled.bytes, to: "b.jpg"), try folder.write(whole.bytes, to: "c.jpg"))
      let difference = meanDifference(
        try ImageDecoder.decode(path: a, channels: 3).bytes, try ImageDecoder.decode(path: b, channels: 3).bytes)
      #expect(difference < 1.2, "\(side): \(difference)")
      // Nothing is scaled above half of the side.
      if side > 401 { #expect(scaled.crop == whole.crop) }
    }
  }

  /// The lengths of turned pictures are swapped.
  @Test(arguments: [(800, 1104), (803, 1101)])
  func turnedPicturesAreDecodedAtASmallerScale(height: Int, width: Int) throws {
    let upright = jpeg(height: height, width: width)
    // In EXIF's orientation 6, the picture's first row belongs on the right.
    let tiff: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]
    let exif = Array("Exif\0\0".utf8) + tiff
    let turned = [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(exif.count + 2)] + exif + upright.dropFirst(2)
    let settings = PictureIntake.Settings(
      shorterSide: 96, quality: 98, appliesOrientation: true, meanSide: 96, meanCrop: 96)
    let intake = PictureIntake(settings)
    let a = try intake.take(path: folder.write(upright, to: "a.jpg"), wantsCrop: true)
    let b = try intake.take(path: folder.write(turned, to: "b.jpg"), wantsCrop: true)
    #expect((b.height, b.width) == (a.width, a.height))
    let side = 96
    let back = (0..<3 * side * side).map { index in
      let (plane, y, x) = (index / (side * side), index / side % side, index % side)
      return b.crop[plane * side * side + x * side + side - 1 - y]
    }
    #expect(meanDifference(a.crop, back) < 0.8, "\(meanDifference(a.crop, back))")
  }

  /// Damage is in the codes, which are read at any scale.
  @Test func theSameDamageIsFoundAtAnyScale() throws {
    let whole = jpeg(height: 203, width: 301)
    let full = PictureIntake(PictureIntake.Settings(shorterSide: nil, meanSide: 203, meanCrop: 100))
    let scaled = PictureIntake(PictureIntake.Settings(shorterSide: 24, meanSide: 24, meanCrop: 24))
    var damaged = 0
    for place in stride(from: 700, to: whole.count - 2, by: 97) {
      var bytes = whole
      bytes[place] = 0xFF
      bytes[place + 1] = UInt8(truncatingIfNeeded: place)
      let path = try folder.write(bytes, to: "a.jpg")
      let problems = [full, scaled].map { intake in
        do throws(DataError) {
          _ = try intake.take(path: path, wantsCrop: true)
          return ""
        } catch {
          return error.problem
        }
      }
      #expect(problems[0] == problems[1], "byte \(place)")
      if !problems[0].isEmpty { damaged += 1 }
    }
    #expect(damaged > 20)
    for length in stride(from: 800, to: whole.count - 2, by: 501) {
      let path = try folder.write(Array(whole.prefix(length)), to: "a.jpg")
      #expect(throws: DataError.self) { try scaled.take(path: path, wantsCrop: true) }
    }
  }

  /// A side of a JPEG picture has at most 65535 pixels; PNG has no such limit.
  @Test func aPictureTooLongForJPEGIsRefusedWithAdvice() throws {
    let path = try folder.write(emptyPNG(height: 131_002, width: 64), to: "long.png")
    let intake = PictureIntake(PictureIntake.Settings(shorterSide: 32, meanSide: 32, meanCrop: 24))
    #expect(
      message { try intake.take(path: path, wantsCrop: true) } == """
        \(path): expected a picture whose sides are 65500 pixels at most once it is made smaller, found one of \
        64×131002 that becomes 32×65501. Cut it into pieces, or store every file as it is (--keep).
        """)
    try folder.write(emptyPNG(height: 131_000, width: 64), to: "long.png")
    let picture = try intake.take(path: path, wantsCrop: true)
    #expect((picture.height, picture.width) == (65_500, 32))
    try folder.write(emptyPNG(height: 131_002, width: 64), to: "long.png")
    let keeping = PictureIntake(PictureIntake.Settings(shorterSide: nil, meanSide: 32, meanCrop: 24))
    #expect(try keeping.take(path: path, wantsCrop: true).height == 131_002)
  }
}
