/// Memory for a picture's pixels that grows if it must and is kept for the next one.
///
/// Two threads must not use it at once.
package final class PixelMemory {
  private var bytes: UnsafeMutableBufferPointer<UInt8>

  package init() { bytes = .allocate(capacity: 0) }

  deinit { bytes.deallocate() }

  /// Returns room for at least `count` bytes; the previous content is lost.
  func reserve(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
    if bytes.count < count {
      bytes.deallocate()
      // The capacity is half more than needed, so that slowly growing pictures do not allocate each time.
      bytes = .allocate(capacity: count + count / 2)
    }
    return bytes
  }
}

/// A rectangle of a picture in memory that it does not own. A pixel has four bytes: red, green, blue, and one without
/// meaning.
package struct PixelRegion {
  /// The pixels: (rows, columns, 4).
  package let pixels: UnsafePointer<UInt8>
  package let left: Int
  package let top: Int
  package let columns: Int
  package let rows: Int
}
