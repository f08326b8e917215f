/// Takes picture files in for a pack: checks that they are whole, and makes of them what is stored. One for each thread.
package final class PictureIntake {
  /// What becomes of a file.
  package struct Settings: Codable, Equatable, Sendable {
    /// Pictures whose shorter side has more pixels are stored with that many; nil stores every file as it is.
    package var shorterSide: Int?
    /// Of what is encoded anew, 1 ... 100.
    package var quality: Int
    /// Turns pictures as the camera notes that it was held.
    package var appliesOrientation: Bool
    /// Mean and colours are taken of the picture at this shorter side,
    package var meanSide: Int
    /// of a square in its middle.
    package var meanCrop: Int

    package init(
      shorterSide: Int? = 512, quality: Int = 90, appliesOrientation: Bool = false, meanSide: Int = 256,
      meanCrop: Int = 224
    ) {
      self.shorterSide = shorterSide
      self.quality = quality
      self.appliesOrientation = appliesOrientation
      self.meanSide = meanSide
      self.meanCrop = meanCrop
    }
  }

  /// What is stored of a file.
  package struct Picture {
    package let bytes: [UInt8]
    package let height: Int
    package let width: Int
    /// The square for mean and colours as bytes, (3, meanCrop, meanCrop); empty where it was not asked for.
    package let crop: [UInt8]
  }

  /// The largest file that is taken for a picture.
  private static let largestFile = 1 << 30

  private let settings: Settings
  private let renderer = PhotoRenderer()
  private let turned = PixelMemory()
  private let resampling = CropResampling()

  package init(_ settings: Settings) {
    self.settings = settings
  }

  /// - Throws: what is wrong with the file: it cannot be read, is no JPEG or PNG picture, or is not whole.
  package func take(path: String, wantsCrop: Bool) throws(DataError) -> Picture {
    let bytes = try readWhole(path: path, limit: Self.largestFile, expected: "a JPEG or PNG picture")
    let result = bytes.withUnsafeBufferPointer { pointer in
      Result { () throws(DataError) in try take(PictureFile(path: path, bytes: pointer), bytes, wantsCrop: wantsCrop) }
    }
    return try result.get()
  }

  private func take(_ file: PictureFile, _ bytes: [UInt8], wantsCrop: Bool) throws(DataError) -> Picture {
    let (height, width) = try PhotoRenderer.extents(of: file)
    var region = try renderer.wholePicture(file, height: height, width: width)
    var orientation = Orientation.upright
    if settings.appliesOrientation, file.format == .jpeg { orientation = Orientation(ofJPEG: file.bytes) }
    if orientation != .upright {
      region = orientation.apply(to: region, output: turned.reserve(4 * height * width).baseAddress!)
    }
    var crop: [UInt8] = []
    if wantsCrop {
      let view = PhotoView(
        height: region.rows, width: region.columns, shorterSide: settings.meanSide,
        crop: (settings.meanCrop, settings.meanCrop))
      crop = resampled(region, view).map(roundedByte)
    }
    var stored = (bytes, region.rows, region.columns)
    let side = settings.shorterSide ?? .max
    if min(region.rows, region.columns) > side || orientation != .upright {
      let view = PhotoView(
        height: region.rows, width: region.columns, shorterSide: min(side, region.rows, region.columns),
        crop: (1, 1))
      let whole = PhotoView(wholeAsHeight: view.resizedHeight, width: view.resizedWidth)
      let (rows, columns) = (whole.resizedHeight, whole.resizedWidth)
      guard max(rows, columns) <= JPEGEncoder.longestSide else {
        throw DataError(
          .invalid, path: file.path,
          expected: "a picture whose sides are \(JPEGEncoder.longestSide) pixels at most once it is made smaller",
          found: "one of \(region.columns)×\(region.rows) that becomes \(columns)×\(rows)",
          advice: "Cut it into pieces, or store every file as it is (--keep).")
      }
      stored = (
        JPEGEncoder.encode(resampled(region, whole), height: rows, width: columns, quality: settings.quality), rows,
        columns
      )
    }
    return Picture(bytes: stored.0, height: stored.1, width: stored.2, crop: crop)
  }

  /// (3, crop height, crop width), values 0 ... 255.
  private func resampled(_ region: PixelRegion, _ view: PhotoView) -> [Float] {
    let count = 3 * view.cropHeight * view.cropWidth
    let rows = TriangleFilter(
      length: Double(region.rows), available: region.rows, to: view.resizedHeight,
      part: view.top..<view.top + view.cropHeight)
    let columns = TriangleFilter(
      length: Double(region.columns), available: region.columns, to: view.resizedWidth,
      part: view.left..<view.left + view.cropWidth)
    return [Float](unsafeUninitializedCapacity: count) { output, written in
      resampling.run(
        region, rows: rows, columns: columns, finish: CropResampling.Finish(mean: nil, scale: 1, mirrored: false),
        output: output.baseAddress!)
      written = count
    }
  }
}
