import Kernels

/// Turns planar images into blocked maps, for networks whose first layer is no convolution.
struct ImageBlockingLayer: TowerLayer {
  let name = "image"
  private let extents: BlockedExtents

  init(_ input: MapShape) {
    extents = BlockedExtents(channels: input.channels, height: input.height, width: input.width)
  }

  var inputCount: Int { extents.channels * extents.height * extents.width }
  var outputCount: Int { extents.count }
  var parameterRange: Range<Int> { 0..<0 }
  var preparedCount: Int { 0 }
  func scratchCount(images: Int) -> Int { 0 }
  var keptCount: Int { 0 }

  func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {}

  func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>? { nil }

  func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) {
    for image in 0..<images {
      extents.fromPlanar(input.values + image * inputCount, output + image * outputCount)
    }
  }

  /// Images have no gradient.
  func backward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafePointer<Float>, kept: UnsafePointer<Int32>, dOutput: UnsafeMutablePointer<Float>,
    dInput: UnsafeMutablePointer<Float>?, dParameters: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {}
}
