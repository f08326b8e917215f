import Kernels

/// Spatial pyramid pooling of blocked maps into plain features: the tower's last layer.
public struct PyramidPoolingLayer: TowerLayer {
  public let name: String
  private let pooling: PyramidPooling

  init(_ description: LayerDescription.SpatialPyramidPooling, input: MapShape) {
    name = description.name
    pooling = PyramidPooling(
      input: BlockedExtents(channels: input.channels, height: input.height, width: input.width),
      levels: description.levels)
  }

  public var inputCount: Int { pooling.input.count }
  public var outputCount: Int { pooling.featureCount }
  public var parameterRange: Range<Int> { 0..<0 }
  public var preparedCount: Int { 0 }
  public func scratchCount(images: Int) -> Int { 0 }
  /// Each feature's place in the map.
  public var keptCount: Int { pooling.featureCount }

  public func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {}

  public func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>? { nil }

  public func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) {
    for image in 0..<images {
      pooling.forward(
        input.values + image * inputCount, slopes: input.slopes, features: output + image * outputCount,
        chosen: kept + image * keptCount)
    }
  }

  public func backward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafePointer<Float>, kept: UnsafePointer<Int32>, dOutput: UnsafeMutablePointer<Float>,
    dInput: UnsafeMutablePointer<Float>?, dParameters: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    guard let dInput else { return }
    for image in 0..<images {
      pooling.backward(
        dFeatures: dOutput + image * outputCount, chosen: kept + image * keptCount,
        dInput: dInput + image * inputCount)
    }
  }
}
