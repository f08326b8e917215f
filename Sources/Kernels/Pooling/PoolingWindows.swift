/// The size×size windows of one image's blocked map, `stride` apart, over which a layer pools.
///
/// Windows overlap if stride < size; rows and columns that no whole window covers are left out.
public struct PoolingWindows: Equatable, Sendable {
  public let input: BlockedExtents
  public let size: Int
  public let stride: Int

  public init(input: BlockedExtents, size: Int, stride: Int) {
    precondition(
      size >= 1 && stride >= 1 && input.height >= size && input.width >= size,
      "\(size)×\(size) windows, \(stride) apart, on a map of \(input.planar.plane)")
    self.input = input
    self.size = size
    self.stride = stride
  }

  /// The map of a value for each window.
  public var output: BlockedExtents {
    BlockedExtents(
      channels: input.channels, height: (input.height - size) / stride + 1, width: (input.width - size) / stride + 1)
  }
}

/// A kernel that makes one value of each window of a map.
public protocol WindowedPooling: Equatable, Sendable {
  var windows: PoolingWindows { get }

  init(_ windows: PoolingWindows)
}

extension WindowedPooling {
  public init(input: BlockedExtents, size: Int, stride: Int) {
    self.init(PoolingWindows(input: input, size: size, stride: stride))
  }

  public var input: BlockedExtents { windows.input }
  public var output: BlockedExtents { windows.output }
  var size: Int { windows.size }
  var stride: Int { windows.stride }

  /// The cost of moving the values of all windows of some images, in multiply-adds.
  func costOfWindows(images: Int) -> Double { realProduct(images, output.count, size, size) * costOfMovedValue }
}
