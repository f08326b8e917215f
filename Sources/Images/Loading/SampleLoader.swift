import System

/// Makes network inputs of labeled images in memory: (pixel − mean) · scale, resized, cropped and mirrored at random if
/// the augmentation says so.
public struct SampleLoader: SampleSource {
  public let images: LabeledImages
  public let mean: MeanImage
  public let augmentation: Augmentation
  public let seed: UInt64
  public let scale: Float
  private let resizing: SampleResizing

  public init(images: LabeledImages, mean: MeanImage, augmentation: Augmentation, seed: UInt64, scale: Float) {
    precondition(
      images.extents == mean.extents, "images of \(images.extents) do not go with a mean of \(mean.extents)")
    self.images = images
    self.mean = mean
    self.augmentation = augmentation
    self.seed = seed
    self.scale = scale
    resizing = SampleResizing(images.extents, to: augmentation.shorterSide)
  }

  public var extents: Extents { images.extents }
  public var classCount: Int { images.classCount }
  public var labels: [Int32] { images.labels }

  public func load(sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>) {
    let draw = augmentation.draw(seed: seed, epoch: epoch, sample: sample, of: extents)
    guard draw.extents == extents else {
      return withPointers(sample) { resizing.load($0, $1, scale: scale, draw, into: output) }
    }
    let (height, width) = (extents.height, extents.width)
    // The output shows these columns of the input.
    let shown = max(0, draw.columns)..<max(max(0, draw.columns), min(width, width + draw.columns))
    withPointers(sample) { pixels, mean in
      for channel in 0..<extents.channels {
        for y in 0..<height {
          let row = output + (channel * height + y) * width
          let inputY = y + draw.rows
          guard 0 <= inputY, inputY < height, !shown.isEmpty else {
            row.update(repeating: 0, count: width)
            continue
          }
          let start = (channel * height + inputY) * width + shown.lowerBound
          let left = shown.lowerBound - draw.columns
          let right = width - left - shown.count
          if draw.mirrored {
            row.update(repeating: 0, count: right)
            subtractReversed(pixels + start, mean + start, scale, shown.count, row + right)
            (row + right + shown.count).update(repeating: 0, count: left)
          } else {
            row.update(repeating: 0, count: left)
            subtract(pixels + start, mean + start, scale, shown.count, row + left)
            (row + left + shown.count).update(repeating: 0, count: right)
          }
        }
      }
    }
  }

  private func withPointers(_ sample: Int, _ body: (UnsafePointer<UInt8>, UnsafePointer<Float>) -> Void) {
    images.withPixels(of: sample) { pixels in
      mean.values.withUnsafeBufferPointer { mean in
        guard let pixels = pixels.baseAddress, let mean = mean.baseAddress else { return }
        body(pixels, mean)
      }
    }
  }
}

private func subtract(
  _ pixels: UnsafePointer<UInt8>, _ mean: UnsafePointer<Float>, _ scale: Float, _ count: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  var index = 0
  while index < count {
    output[index] = (Float(pixels[index]) - mean[index]) * scale
    index &+= 1
  }
}

private func subtractReversed(
  _ pixels: UnsafePointer<UInt8>, _ mean: UnsafePointer<Float>, _ scale: Float, _ count: Int,
  _ output: UnsafeMutablePointer<Float>
) {
  let last = output + (count - 1)
  var index = 0
  while index < count {
    last[0 &- index] = (Float(pixels[index]) - mean[index]) * scale
    index &+= 1
  }
}
