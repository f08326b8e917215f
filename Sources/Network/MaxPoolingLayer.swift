import Kernels

/// Max pooling of blocked maps.
public struct MaxPoolingLayer: TowerLayer {
  public let name: String
  private let pooling: MaxPooling

  init(_ description: LayerDescription.MaxPooling, input: MapShape) {
    name = description.name
    pooling = MaxPooling(
      input: BlockedExtents(channels: input.channels, height: input.height, width: input.width),
      size: description.size, stride: description.stride)
  }

  public var inputCount: Int { pooling.input.count }
  public var outputCount: Int { pooling.output.count }
  public var parameterRange: Range<Int> { 0..<0 }
  public var preparedCount: Int { 0 }
  public func scratchCount(images: Int) -> Int { 0 }
  public var keptCount: Int { 0 }

  public func prepare(_ parameters: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {}

  public func pendingSlopes(_ prepared: UnsafePointer<Float>) -> UnsafePointer<Float>? { nil }

  public func forward(
    images: Int, input: PendingMap, prepared: UnsafePointer<Float>, filters: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, kept: UnsafeMutablePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) {
    for image in 0..<images {
      pooling.forward(input.values + image * inputCount, slopes: input.slopes, into: output + image * outputCount)
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
        input.values + image * inputCount, slopes: input.slopes, output: output + image * outputCount,
        dOutput: dOutput + image * outputCount, dInput: dInput + image * inputCount)
    }
  }
}
