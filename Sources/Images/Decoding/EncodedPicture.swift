import System

/// A picture's file in memory: JPEG, PNG, WebP, binary PGM or PPM. Its extents are known, its pixels are not yet
/// decoded.
public struct EncodedPicture: Sendable {
  public let path: String
  /// The height of the picture as it is seen, after any rotation, not as it is stored.
  public let height: Int
  public let width: Int
  private let bytes: [UInt8]
  private let orientation: Orientation

  /// - Parameter appliesOrientation: Whether JPEG pictures are turned by the orientation that the camera recorded.
  /// - Throws: An error if the file is missing, too large or not such a picture.
  public init(path: String, appliesOrientation: Bool = false) throws(DataError) {
    let bytes = try readWhole(path: path, limit: 1 << 30, expected: PictureFile.expected)
    (height, width, orientation) = try bytes.withUnsafeBufferPointer { pointer throws(DataError) in
      let file = PictureFile(path: path, bytes: pointer)
      let extents = try PhotoRenderer.extents(of: file)
      let (height, width) = (extents.height, extents.width)
      guard appliesOrientation, file.format == .jpeg else { return (height, width, Orientation.upright) }
      let orientation = Orientation(ofJPEG: pointer)
      return orientation.turns ? (width, height, orientation) : (height, width, orientation)
    }
    self.path = path
    self.bytes = bytes
  }

  /// Decodes all pixels, as gray (1 channel) or red, green and blue (3 channels).
  public func decoded(channels: Int) throws(DataError) -> DecodedImage {
    try bytes.withUnsafeBufferPointer { pointer throws(DataError) in
      let file = PictureFile(path: path, bytes: pointer)
      guard orientation != .upright else { return try ImageDecoder.decode(file, channels: channels) }
      let turned = PixelMemory()
      return try DecodedImage(turnedPixels(file, PhotoRenderer(), into: turned), channels: channels)
    }
  }

  /// The size of the input that `PhotoRenderer` takes: the file, or a PPM file of the turned picture.
  var byteCount: Int { orientation == .upright ? bytes.count : header.count + 3 * height * width }

  /// Writes `byteCount` bytes.
  func write(to target: UnsafeMutablePointer<UInt8>) throws(DataError) {
    guard orientation != .upright else {
      target.update(from: bytes, count: bytes.count)
      return
    }
    let (renderer, turned) = (PhotoRenderer(), PixelMemory())
    try bytes.withUnsafeBufferPointer { pointer throws(DataError) in
      let region = try turnedPixels(PictureFile(path: path, bytes: pointer), renderer, into: turned)
      target.update(from: header, count: header.count)
      let pixels = target + header.count
      for index in 0..<height * width { (pixels + 3 * index).update(from: region.pixels + 4 * index, count: 3) }
    }
  }

  private var header: [UInt8] { Array("P6 \(width) \(height) 255\n".utf8) }

  /// Returns the turned pixels, which are valid until `memory` is used again.
  private func turnedPixels(
    _ file: PictureFile, _ renderer: PhotoRenderer, into memory: PixelMemory
  ) throws(DataError) -> PixelRegion {
    let (storedHeight, storedWidth) = orientation.turns ? (width, height) : (height, width)
    let region = try renderer.wholePicture(file, of: PlaneExtents(height: storedHeight, width: storedWidth))
    return orientation.apply(to: region, output: memory.reserve(4 * height * width).baseAddress!)
  }
}
