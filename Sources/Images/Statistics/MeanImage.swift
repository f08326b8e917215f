import System

/// The mean of images, per pixel, which is subtracted from every input.
public struct MeanImage: Equatable, Sendable {
  public let extents: Extents
  /// (channels, height, width)
  public let values: [Float]

  /// Restores a mean that was stored.
  public init(values: [Float], extents: Extents) {
    precondition(values.count == extents.count, "\(extents) are \(extents.count) values, not \(values.count)")
    self.values = values
    self.extents = extents
  }

  /// Makes a mean that is the same for all pixels of a channel.
  public init(ofChannels means: [Double], extents: Extents) {
    precondition(means.count == extents.channels, "\(means.count) means for \(extents.channels) channels")
    self.init(
      values: means.flatMap { [Float](repeating: Float($0), count: extents.plane.count) }, extents: extents)
  }

  /// Computes the mean of `images`. Integer sums give the same bits in any order of the images.
  public init(of images: LabeledImages) {
    precondition(images.count > 0, "the mean of no image is not defined")
    let count = images.extents.count
    var sums = [UInt64](repeating: 0, count: count)
    var partial = [UInt32](repeating: 0, count: count)
    // A 32-bit sum holds 2^24 bytes.
    let group = 1 << 24
    for start in stride(from: 0, to: images.count, by: group) {
      for index in start..<min(start + group, images.count) {
        images.withPixels(of: index) { pixels in
          partial.withUnsafeMutableBufferPointer { partial in
            for position in 0..<count { partial[position] &+= UInt32(pixels[position]) }
          }
        }
      }
      for position in 0..<count {
        sums[position] += UInt64(partial[position])
        partial[position] = 0
      }
    }
    self.init(values: sums.map { Float(Double($0) / Double(images.count)) }, extents: images.extents)
  }

  /// Returns a part of the mean for inputs of another size, (channels, rows, columns). It has the same bits as in the
  /// whole, without the memory that the whole takes.
  public func resized(to target: Extents, rows: Range<Int>, columns: Range<Int>) -> [Float] {
    precondition(target.channels == extents.channels, "a mean of \(extents) cannot become one of \(target)")
    return resample(extents, to: target.plane, rows: rows, columns: columns) { values[$0] }
  }

  /// Returns the mean for inputs of another size, resampled as pictures are.
  public func resized(to target: Extents) -> MeanImage {
    precondition(target.channels == extents.channels, "a mean of \(extents) cannot become one of \(target)")
    let resized = resample(extents, to: target.plane) { values[$0] }
    return MeanImage(values: resized, extents: target)
  }
}
