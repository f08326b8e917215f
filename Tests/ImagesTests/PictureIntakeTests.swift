import CPNG
import Images
import Testing

/// What of a file comes into a pack.
@Suite struct PictureIntakeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// A grey PNG without anything on it.
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

  /// JPEG's sides end at 65535 pixels, PNG's do not.
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
