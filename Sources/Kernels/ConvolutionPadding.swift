import Glibc

/// Copies one blocked map into the middle of zeros and applies f(y) of Eqn 1 on the way.
///
/// `slopes` holds a for 16 channels a block. The target is [blocks][paddedHeight][paddedWidth][16]; rows and columns of
/// the source that lie outside it are left out, as with outputs that a stride never reaches.
public func padActivated(
  _ source: UnsafePointer<Float>, _ extents: BlockedExtents, slopes: UnsafePointer<Float>?, padding: Int,
  into target: UnsafeMutablePointer<Float>, paddedHeight: Int, paddedWidth: Int
) {
  memset(target, 0, extents.blocks * paddedHeight * paddedWidth * blockWidth * MemoryLayout<Float>.stride)
  let rows = min(extents.height, paddedHeight - padding)
  let columns = min(extents.width, paddedWidth - padding)
  guard rows > 0, columns > 0 else { return }
  for block in 0..<extents.blocks {
    for row in 0..<rows {
      let from = source + block &* extents.planeCount + row &* extents.width &* blockWidth
      let to = target + ((block &* paddedHeight &+ row &+ padding) &* paddedWidth &+ padding) &* blockWidth
      if let slopes {
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
}

/// Copies the gradient of a strided convolution's output into zeros, `stride` apart: with it the input gradient is a
/// convolution of stride 1 with the turned filters.
///
/// `before` is kernel − 1 − padding: where the first gradient pixel lies. It is negative where the padding exceeds the
/// filter; pixels that fall outside reach no input.
public func spreadGradient(
  _ source: UnsafePointer<Float>, _ extents: BlockedExtents, stride: Int, before: Int,
  into target: UnsafeMutablePointer<Float>, paddedHeight: Int, paddedWidth: Int
) {
  memset(target, 0, extents.blocks * paddedHeight * paddedWidth * blockWidth * MemoryLayout<Float>.stride)
  for block in 0..<extents.blocks {
    for row in 0..<extents.height {
      let targetRow = before + row * stride
      guard targetRow >= 0, targetRow < paddedHeight else { continue }
      let from = source + block * extents.planeCount + row * extents.width * blockWidth
      let to = target + (block * paddedHeight + targetRow) * paddedWidth * blockWidth
      for column in 0..<extents.width {
        let targetColumn = before + column * stride
        guard targetColumn >= 0, targetColumn < paddedWidth else { continue }
        store(load(from + column * blockWidth), to + targetColumn * blockWidth)
      }
    }
  }
}
