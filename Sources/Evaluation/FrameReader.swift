import Images
import Network
import System

/// Makes inputs from images: reads a part of an image, subtracts the mean, scales, pads and mirrors. Each thread has a
/// reader of its own.
final class FrameReader {
  private let member: EnsembleMember
  private let shorterSide: Int?
  /// Whether the mean is aligned with the crop rather than with the image.
  private let meanIsCrop: Bool
  // The part of the image that was read last.
  private var values: [Float] = []
  private var sample = -1
  private var rows = 0..<0
  private var columns = 0..<0
  // The part of the image's mean that was made last.
  private var mean: [Float] = []
  private var meanImage: PlaneExtents?
  private var meanRows = 0..<0
  private var meanColumns = 0..<0

  init(_ member: EnsembleMember, shorterSide: Int?, views: TestProtocol.Views) {
    self.member = member
    self.shorterSide = shorterSide
    meanIsCrop = member.meanPlace == .crop && views != .dense
    if meanIsCrop { mean = member.mean.values }
  }

  /// Writes a frame of `sample`, whose extents are those of `image`, as (channels, height, width).
  func load(
    _ sample: Int, image: PlaneExtents, _ frame: Frame, into target: UnsafeMutablePointer<Float>
  ) throws(DataError) {
    if sample != self.sample || frame.sourceRows != rows || frame.sourceColumns != columns {
      try read(sample, frame.sourceRows, frame.sourceColumns)
    }
    if !meanIsCrop { makeMean(of: image) }
    let (height, width) = (frame.rows.count, frame.columns.count)
    // These are the columns of the image that the frame shows.
    let shown = frame.columns.clamped(to: 0..<image.width)
    let left = shown.lowerBound - frame.columns.lowerBound
    for channel in 0..<member.images.channels {
      for y in 0..<height {
        let row = target + (channel * height + y) * width
        let imageRow = frame.rows.lowerBound + y
        guard (0..<image.height).contains(imageRow), !shown.isEmpty else {
          row.update(repeating: 0, count: width)
          continue
        }
        if shown.count < width { row.update(repeating: 0, count: width) }
        let start = (channel * rows.count + imageRow - rows.lowerBound) * columns.count + shown.lowerBound
        // The mean was made for the part of the image that was read.
        let meanStart = meanIsCrop ? (channel * height + y) * width + left : start - columns.lowerBound
        values.withUnsafeBufferPointer { values in
          mean.withUnsafeBufferPointer { mean in
            subtract(
              values.baseAddress! + start - columns.lowerBound, mean.baseAddress! + meanStart, member.scale,
              shown.count, row + left)
          }
        }
        if frame.mirrored { reverse(row, width) }
      }
    }
  }

  /// Makes the mean of the part of an image that was read: the mean of a whole image could take gigabytes.
  private func makeMean(of image: PlaneExtents) {
    guard meanImage != image || meanRows != rows || meanColumns != columns else { return }
    (meanImage, meanRows, meanColumns) = (image, rows, columns)
    mean = member.mean.resized(
      to: Extents(channels: member.mean.extents.channels, image), rows: rows, columns: columns)
  }

  private func read(_ sample: Int, _ rows: Range<Int>, _ columns: Range<Int>) throws(DataError) {
    self.sample = -1
    let count = member.images.channels * rows.count * columns.count
    if values.count < count { values = [Float](repeating: 0, count: count) }
    // The closure cannot throw a typed error, hence the result.
    let result = values.withUnsafeMutableBufferPointer { values in
      Result { () throws(DataError) in
        try member.images.read(
          sample, shorterSide: shorterSide, rows: rows, columns: columns, into: values.baseAddress!)
      }
    }
    try result.get()
    (self.sample, self.rows, self.columns) = (sample, rows, columns)
  }
}

private func reverse(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
  var values = UnsafeMutableBufferPointer(start: row, count: count)
  values.reverse()
}

private func subtract(
  _ values: UnsafePointer<Float>, _ mean: UnsafePointer<Float>, _ scale: Float, _ count: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  var index = 0
  while index < count {
    output[index] = (values[index] - mean[index]) * scale
    index &+= 1
  }
}
