import Glibc
import System

/// Copies one block of a blocked map into the middle of zeros and applies f(y) of Eqn 1 on the way.
///
/// The target is [blocks][padded height][padded width][16]; rows and columns of the source that lie outside it are left
/// out, as with outputs that a stride never reaches.
public func padActivated(
  _ source: PendingMap, _ extents: BlockedExtents, block: Int, padding: Int,
  into target: UnsafeMutablePointer<Float>, _ padded: PlaneExtents
) {
  let target = target + block * padded.count * blockWidth
  memset(target, 0, padded.count * blockWidth * MemoryLayout<Float>.stride)
  let rows = min(extents.height, padded.height - padding)
  let columns = min(extents.width, padded.width - padding)
  guard rows > 0, columns > 0 else { return }
  for row in 0..<rows {
    let from = source.values + block &* extents.planeCount + row &* extents.width &* blockWidth
    let to = target + ((row &+ padding) &* padded.width &+ padding) &* blockWidth
    if let slopes = source.slopes {
      let a = load(slopes + block &* blockWidth)
      var column = 0
      while column < columns {
        store(activated(load(from + column &* blockWidth), slope: a), to + column &* blockWidth)
        column &+= 1
      }
    } else {
      memcpy(to, from, columns * blockWidth * MemoryLayout<Float>.stride)
    }
  }
}

/// The places that the pixels of a strided convolution's output gradient take between zeros. With them in these places
/// the input gradient is a convolution of stride 1 with the turned filters.
public struct GradientSpread: Equatable, Sendable {
  /// The distance of two neighboring pixels.
  public var stride: Int
  /// The row and the column of the first pixel, kernel − 1 − padding. It is negative if the padding exceeds the filter.
  public var before: Int

  public init(stride: Int, before: Int) {
    self.stride = stride
    self.before = before
  }

  public init(_ shape: ConvolutionShape) {
    self.init(stride: shape.stride, before: shape.kernel - 1 - shape.padding)
  }
}

/// Copies one block of the gradient of a convolution's output into zeros, [blocks][padded height][padded width][16], as
/// `spread` says; pixels that fall outside reach no input.
public func spreadGradient(
  _ source: UnsafePointer<Float>, _ extents: BlockedExtents, block: Int, _ spread: GradientSpread,
  into target: UnsafeMutablePointer<Float>, _ padded: PlaneExtents
) {
  let target = target + block * padded.count * blockWidth
  memset(target, 0, padded.count * blockWidth * MemoryLayout<Float>.stride)
  for row in 0..<extents.height {
    let targetRow = spread.before + row * spread.stride
    guard targetRow >= 0, targetRow < padded.height else { continue }
    let from = source + block * extents.planeCount + row * extents.width * blockWidth
    let to = target + targetRow * padded.width * blockWidth
    for column in 0..<extents.width {
      let targetColumn = spread.before + column * spread.stride
      guard targetColumn >= 0, targetColumn < padded.width else { continue }
      store(load(from + column * blockWidth), to + targetColumn * blockWidth)
    }
  }
}
