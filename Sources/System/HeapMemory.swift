import CLinux

/// The memory that the C library has for this process's allocations.
package enum HeapMemory {
  /// Keeps what is freed for later allocations, for the rest of the process.
  ///
  /// The C library otherwise gives a large piece back to the system as soon as it is free. A program that makes one for
  /// each picture then pays for new pages every time, or does not, as the pieces happen to lie.
  package static func keepFreed() { linux_keep_freed_memory() }
}
