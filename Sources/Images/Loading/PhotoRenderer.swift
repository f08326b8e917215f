import System

/// Makes network inputs of encoded pictures. It reuses its memory from one picture to the next, so each thread has its
/// own.
///
/// A JPEG picture is decoded only as far as the view needs: the rows and columns of the crop, scaled down by 2, 4 or 8
/// if the picture has that many more pixels than the view.
final class PhotoRenderer {
  private let pixels = PixelMemory()
  private let file = PixelMemory()
  private let resampling = CropResampling()

  /// Returns room for a file's bytes.
  func fileMemory(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    file.reserve(max(count, 1)).baseAddress!
  }

  /// Returns the extents of a picture. Only its header needs to be whole.
  static func extents(of file: PictureFile) throws(DataError) -> PlaneExtents {
    switch file.format {
    case .jpeg: return try JPEGDecoder.extents(of: file)
    case .png: return try PNGDecoder.extents(of: file)
    case .webP: return try WebPDecoder.extents(of: file)
    case .netpbm: return try PNMHeader(file).extents
    case nil: throw file.unknownFormat()
    }
  }

  /// Writes `view` of the picture, whose extents are `extents`, to `output`, (3, crop height, crop width).
  func render(
    _ file: PictureFile, of extents: PlaneExtents, view: PhotoView, finish: CropResampling.Finish,
    output: UnsafeMutablePointer<Float>
  ) throws(DataError) {
    let isJPEG = file.format == .jpeg
    let denominator = isJPEG ? Self.denominator(extents, view: view) : 1
    func filter(_ length: Int, _ target: Int, _ start: Int, _ count: Int) -> TriangleFilter {
      TriangleFilter(
        length: Double(length) / Double(denominator), available: length.dividedUp(by: denominator), to: target,
        part: start..<start + count)
    }
    let rows = filter(extents.height, view.resizedHeight, view.top, view.cropHeight)
    let columns = filter(extents.width, view.resizedWidth, view.left, view.cropWidth)
    let region: PixelRegion
    if isJPEG {
      // Colors between two columns are interpolated, except at the border of a part.
      let margin = 2
      let span = columns.span
      let available = extents.width.dividedUp(by: denominator)
      region = try JPEGDecoder.decode(
        file, of: extents, denominator: denominator, rows: rows.span,
        columns: max(0, span.lowerBound - margin)..<min(available, span.upperBound + margin), memory: pixels)
    } else {
      region = try wholePicture(file, of: extents)
    }
    resampling.run(region, rows: rows, columns: columns, finish: finish, output: output)
  }

  /// Decodes all pixels of a picture, whose extents are `extents`, a JPEG picture scaled down by `denominator`. The
  /// result is valid until the next call. All damage that can be found is found, because it is in the file's codes,
  /// which are all read at any scale.
  func wholePicture(
    _ file: PictureFile, of extents: PlaneExtents, denominator: Int = 1
  ) throws(DataError) -> PixelRegion {
    let (height, width) = (extents.height, extents.width)
    switch file.format {
    case .jpeg:
      return try JPEGDecoder.decode(
        file, of: extents, denominator: denominator,
        rows: 0..<height.dividedUp(by: denominator), columns: 0..<width.dividedUp(by: denominator),
        memory: pixels)
    case .png: return try checked(try PNGDecoder.decode(file, memory: pixels), of: extents, file, format: "PNG")
    case .webP: return try checked(try WebPDecoder.decode(file, memory: pixels), of: extents, file, format: "WebP")
    case .netpbm:
      let image = try decodePNM(file, channels: 3)
      guard image.extents.plane == extents else {
        throw file.damaged(format: "Netpbm", words: "\(image.extents) pixels instead of \(width)×\(height)")
      }
      let count = height * width
      let output = pixels.reserve(4 * count).baseAddress!
      for index in 0..<count {
        for color in 0..<3 { output[4 * index + color] = image.bytes[color * count + index] }
        output[4 * index + 3] = 0
      }
      return PixelRegion(pixels: UnsafePointer(output), left: 0, top: 0, columns: width, rows: height)
    case nil: throw file.unknownFormat()
    }
  }

  /// Refuses a picture of other extents than its file had before.
  private func checked(
    _ region: PixelRegion, of extents: PlaneExtents, _ file: PictureFile, format: String
  ) throws(DataError) -> PixelRegion {
    guard region.rows == extents.height, region.columns == extents.width else {
      throw file.damaged(
        format: format,
        words: "\(region.columns)×\(region.rows) pixels instead of \(extents.width)×\(extents.height)")
    }
    return region
  }

  /// Returns the largest denominator at which the scaled picture still has a pixel for each of the view's.
  static func denominator(_ picture: PlaneExtents, view: PhotoView) -> Int {
    [8, 4, 2].first { picture.height / $0 >= view.resizedHeight && picture.width / $0 >= view.resizedWidth } ?? 1
  }
}
