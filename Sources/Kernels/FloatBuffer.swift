#if canImport(Glibc)
  import Glibc
#endif

/// Memory for floats, aligned to 64 bytes (a cache line and a 16-lane vector), zero at first.
///
/// Large buffers ask for huge pages: maps of hundreds of megabytes otherwise spend time in address translation.
/// Sendable although mutable: kernels that run at once write disjoint ranges, which is their callers' contract.
public final class FloatBuffer: @unchecked Sendable {
  /// The first value.
  public let base: UnsafeMutablePointer<Float>
  /// The values it holds.
  public let count: Int

  public init(_ count: Int) {
    precondition(count >= 0, "a buffer of \(count) floats")
    let hugePage = 2 << 20
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    let alignment = bytes >= 4 * hugePage ? hugePage : 64
    let rounded = (bytes + alignment - 1) / alignment * alignment
    guard let memory = aligned_alloc(alignment, rounded) else {
      preconditionFailure("no memory for \(rounded) bytes")
    }
    if alignment == hugePage { madvise(memory, rounded, MADV_HUGEPAGE) }
    memset(memory, 0, rounded)
    base = memory.assumingMemoryBound(to: Float.self)
    self.count = count
  }

  deinit { free(base) }

  /// All values.
  public var values: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}
