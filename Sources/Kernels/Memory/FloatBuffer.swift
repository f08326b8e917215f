import Glibc
import Synchronization
import System

/// Memory for floats, aligned to 64 bytes (a cache line and a 16-lane vector), zero at first.
///
/// Large buffers come straight from the system on huge pages: maps of hundreds of megabytes would otherwise spend time
/// in address translation, and pages that nobody touches cost nothing.
///
/// It is Sendable although it is mutable: kernels that run at once write disjoint ranges, which is their callers'
/// contract.
public final class FloatBuffer: @unchecked Sendable {
  /// The first value.
  public let base: UnsafeMutablePointer<Float>
  /// The number of values.
  public let count: Int
  /// The memory as the system gave it, if the buffer is large.
  private let mapping: UnsafeMutableRawBufferPointer?

  private static let hugePage = 2 << 20

  public init(_ count: Int) {
    precondition(count >= 0, "a buffer of \(count) floats")
    self.count = count
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    if Self.isLarge(count) {
      let length = bytes + Self.hugePage
      guard
        let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
        memory != MAP_FAILED
      else { MemoryFailure.end(bytes: length, reason: String(cString: strerror(errno))) }
      mappedBytes.wrappingAdd(bytes, ordering: .relaxed)
      let aligned = memory.alignedUp(toMultipleOf: Self.hugePage)
      madvise(aligned, bytes, MADV_HUGEPAGE)
      mapping = UnsafeMutableRawBufferPointer(start: memory, count: length)
      base = aligned.assumingMemoryBound(to: Float.self)
    } else {
      let rounded = (bytes + 63) / 64 * 64
      guard let memory = aligned_alloc(64, rounded) else {
        MemoryFailure.end(bytes: rounded, reason: String(cString: strerror(ENOMEM)))
      }
      memset(memory, 0, rounded)
      mapping = nil
      base = memory.assumingMemoryBound(to: Float.self)
    }
  }

  deinit {
    if let mapping {
      munmap(mapping.baseAddress, mapping.count)
      mappedBytes.wrappingSubtract(count * MemoryLayout<Float>.stride, ordering: .relaxed)
    } else {
      free(base)
    }
  }

  /// All values.
  public var values: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}

extension FloatBuffer {
  /// The bytes of all large buffers of this process. The system gives their memory where it is touched for the first
  /// time.
  public static var largeBytes: Int { mappedBytes.load(ordering: .relaxed) }

  /// Whether a buffer of so many floats is large: the memory of smaller ones is touched when they are made.
  public static func isLarge(_ count: Int) -> Bool { count * MemoryLayout<Float>.stride >= 4 * hugePage }
}

private let mappedBytes = Atomic(0)
