/// Memory for a picture's pixels that grows when it must and is kept for the next one.
///
/// Not to be used by two threads at once.
package final class PixelMemory {
  private var bytes: UnsafeMutableBufferPointer<UInt8>

  package init() { bytes = .allocate(capacity: 0) }

  deinit { bytes.deallocate() }

  /// Room for `count` bytes at least; what was there is lost.
  func reserve(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
    if bytes.count < count {
      bytes.deallocate()
      // Half more than needed, so that slowly growing pictures do not allocate each time.
      bytes = .allocate(capacity: count + count / 2)
    }
    return bytes
  }
}

/// A rectangle of a picture in somebody's memory, four bytes a pixel: red, green, blue and one without meaning.
package struct PixelRegion {
  /// (rows, columns, 4)
  package let pixels: UnsafePointer<UInt8>
  package let left: Int
  package let top: Int
  package let columns: Int
  package let rows: Int
}
