import CPNG
import System

/// Many small pictures on one sheet, as a PNG file, so that a person sees what a network sees.
public enum ContactSheet {
  /// Writes `tiles`, each (channels, height, width) of values 0 ... 255, row by row in nearly a square, on gray.
  /// - Throws: An error if the file cannot be written.
  public static func write(_ tiles: [[Float]], extents: Extents, to path: String) throws(DataError) {
    let gap = 4
    let perRow = max(1, Int(Double(tiles.count).squareRoot().rounded(.up)))
    let rows = tiles.count.dividedUp(by: perRow)
    let width = perRow * (extents.width + gap) + gap
    let height = max(1, rows) * (extents.height + gap) + gap
    var pixels = [UInt8](repeating: 128, count: 3 * width * height)
    let plane = extents.height * extents.width
    for (number, tile) in tiles.enumerated() {
      let top = gap + number / perRow * (extents.height + gap)
      let left = gap + number % perRow * (extents.width + gap)
      for y in 0..<extents.height {
        for x in 0..<extents.width {
          for color in 0..<3 {
            let value = tile[min(color, extents.channels - 1) * plane + y * extents.width + x]
            pixels[3 * ((top + y) * width + left + x) + color] = roundedByte(value)
          }
        }
      }
    }
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    image.format = UInt32(PNG_FORMAT_RGB)
    guard png_image_write_to_file(&image, path, 0, pixels, 0, nil) != 0 else {
      throw DataError(
        .unwritable, path: path, expected: "to write a PNG picture",
        found: "that it cannot be written (libpng: \(String(cString: png_image_words(&image))))")
    }
  }

  /// Writes `count` samples of a source, spread evenly over it, as training sees them in its first epoch, with mean and
  /// scale undone.
  public static func write(_ source: any SampleSource, count: Int, to path: String) throws(DataError) {
    let extents = source.extents
    let count = min(count, source.count)
    let samples = (0..<count).map { $0 * source.count / count }
    var tiles: [[Float]] = []
    for sample in samples {
      var values = [Float](repeating: 0, count: extents.count)
      let result = values.withUnsafeMutableBufferPointer { values in
        Result { () throws(DataError) in try source.load(sample: sample, epoch: 0, into: values.baseAddress!) }
      }
      try result.get()
      // The mean was subtracted from mirrored pictures before they were mirrored. It is added back without mirroring,
      // which is not visible, since means of many pictures are nearly symmetric.
      tiles.append(zip(values, source.mean.values).map { $0 / source.scale + $1 })
    }
    try write(tiles, extents: extents, to: path)
  }
}
