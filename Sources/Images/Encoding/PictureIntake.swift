import System

/// Takes picture files in for a pack: checks that they are whole, and converts them to what is stored. Each thread has
/// its own.
package final class PictureIntake {
  /// The settings of the conversion.
  package struct Settings: Codable, Equatable, Sendable {
    /// The length in pixels to which a longer shorter side is reduced before a picture is stored; nil stores every file
    /// as it is.
    package var shorterSide: Int?
    /// The quality of JPEG files that are encoded anew, 1 ... 100.
    package var quality: Int
    /// Whether pictures are turned by the orientation that the camera recorded.
    package var appliesOrientation: Bool
    /// The shorter side to which a picture is resized for the mean and the colors.
    package var meanSide: Int
    /// The side of the central square of the resized picture that they are computed from.
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

  /// A picture as it is stored.
  package struct Picture {
    package let bytes: [UInt8]
    package let height: Int
    package let width: Int
    /// The square for mean and colors as bytes, (3, meanCrop, meanCrop); the array is empty if it was not requested.
    package let crop: [UInt8]
  }

  /// The largest size of a picture's file in bytes.
  package static let largestFile = 1 << 30

  private let settings: Settings
  private let renderer = PhotoRenderer()
  private let turned = PixelMemory()
  private let resampling = CropResampling()

  package init(_ settings: Settings) {
    self.settings = settings
  }

  /// - Throws: An error if the file cannot be read, is not a picture of a format that is read, or is not whole.
  package func take(path: String, wantsCrop: Bool) throws(DataError) -> Picture {
    let bytes = try readWhole(path: path, limit: Self.largestFile, expected: PictureFile.expected)
    return try take(bytes, path: path, wantsCrop: wantsCrop)
  }

  /// Refuses a picture of too many bytes before memory is allocated for them.
  package static func checkSize(_ count: Int, path: String) throws(DataError) {
    guard count > largestFile else { return }
    throw DataError(
      .invalid, path: path, expected: "\(PictureFile.expected) of at most \(largestFile) bytes",
      found: count.counted("byte"))
  }

  /// - Parameters:
  ///   - bytes: The content of the picture's file.
  ///   - path: The file's name for messages.
  /// - Throws: An error if the bytes are not a picture of a format that is read, or not a whole one.
  package func take(_ bytes: [UInt8], path: String, wantsCrop: Bool) throws(DataError) -> Picture {
    let result = bytes.withUnsafeBufferPointer { pointer in
      Result { () throws(DataError) in try take(PictureFile(path: path, bytes: pointer), bytes, wantsCrop: wantsCrop) }
    }
    return try result.get()
  }

  private func take(_ file: PictureFile, _ bytes: [UInt8], wantsCrop: Bool) throws(DataError) -> Picture {
    let extents = try PhotoRenderer.extents(of: file)
    var orientation = Orientation.upright
    if settings.appliesOrientation, file.format == .jpeg { orientation = Orientation(ofJPEG: file.bytes) }
    let seen = orientation.turns ? PlaneExtents(height: extents.width, width: extents.height) : extents
    let (rows, columns) = (seen.height, seen.width)
    let square =
      wantsCrop
      ? PhotoView(
        of: seen, shorterSide: settings.meanSide,
        crop: PlaneExtents(height: settings.meanCrop, width: settings.meanCrop))
      : nil
    let whole = try storedView(file, seen, isUpright: orientation == .upright)
    var denominator = 1
    if file.format == .jpeg {
      // The picture is decoded as in training: if it has at least twice the pixels that are wanted, at half its size.
      let needed = [square, whole].compactMap { $0 }
        .map { PhotoRenderer.denominator(seen, view: $0) }
      denominator = needed.min() ?? 8
      // The last row and column, which may be less than whole, would become the first ones.
      if orientation != .upright, rows % denominator != 0 || columns % denominator != 0 { denominator = 1 }
    }
    var region = try renderer.wholePicture(file, of: extents, denominator: denominator)
    if orientation != .upright {
      region = orientation.apply(to: region, output: turned.reserve(4 * region.rows * region.columns).baseAddress!)
    }
    let lengths = (rows: Double(rows) / Double(denominator), columns: Double(columns) / Double(denominator))
    let crop = square.map { resampled(region, lengths, $0).map(roundedByte) } ?? []
    var stored = (bytes, rows, columns)
    if let whole {
      let (rows, columns) = (whole.resizedHeight, whole.resizedWidth)
      let planes = resampled(region, lengths, whole)
      stored = (JPEGEncoder.encode(planes, height: rows, width: columns, quality: settings.quality), rows, columns)
    }
    return Picture(bytes: stored.0, height: stored.1, width: stored.2, crop: crop)
  }

  /// Returns the view in which a picture of the extents `seen` is stored, or nil for the file's own bytes.
  private func storedView(
    _ file: PictureFile, _ seen: PlaneExtents, isUpright: Bool
  ) throws(DataError) -> PhotoView? {
    let side = settings.shorterSide ?? .max
    guard min(seen.height, seen.width) > side || !isUpright else { return nil }
    let stored = PhotoView.resized(seen, shorterSide: min(side, seen.height, seen.width))
    guard max(stored.height, stored.width) <= JPEGEncoder.longestSide else {
      throw DataError(
        .invalid, path: file.path,
        expected: "a picture whose sides are \(JPEGEncoder.longestSide) pixels at most once it is made smaller",
        found: "one of \(seen.width)×\(seen.height) that becomes \(stored.width)×\(stored.height)",
        advice: "Cut it into pieces, or store every file as it is (--keep).")
    }
    return PhotoView(wholeAs: stored)
  }

  /// Returns (3, crop height, crop width), values 0 ... 255. `lengths` are the picture's at the region's scale, at
  /// which the last row and column may be less than whole.
  private func resampled(
    _ region: PixelRegion, _ lengths: (rows: Double, columns: Double), _ view: PhotoView
  ) -> [Float] {
    let count = 3 * view.cropHeight * view.cropWidth
    let rows = TriangleFilter(
      length: lengths.rows, available: region.rows, to: view.resizedHeight,
      part: view.top..<view.top + view.cropHeight)
    let columns = TriangleFilter(
      length: lengths.columns, available: region.columns, to: view.resizedWidth,
      part: view.left..<view.left + view.cropWidth)
    return [Float](unsafeUninitializedCapacity: count) { output, written in
      resampling.run(
        region, rows: rows, columns: columns, finish: CropResampling.Finish(mean: nil, scale: 1, mirrored: false),
        output: output.baseAddress!)
      written = count
    }
  }
}
