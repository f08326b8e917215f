/// Memory whose every float is a NaN at first, with guards on both sides: a kernel that leaves an output out, trusts
/// its scratch memory or reads beside its operand yields a NaN, and one that writes beside it damages a guard.
///
/// To be held in a constant while its memory is used: `GuardedBuffer(…).base` alone is gone before the call.
final class GuardedBuffer {
  /// A NaN that no arithmetic makes, of 0xA5 bytes as far as it can.
  private static let poison: UInt32 = 0x7FA5_A5A5
  private static let guardCount = 64

  private let memory: UnsafeMutableRawPointer
  private let total: Int
  private let start: Int
  let count: Int

  /// `offset`: how many floats behind a 64-byte boundary the memory starts.
  init(_ count: Int, offset: Int = 0) {
    self.count = count
    start = Self.guardCount + offset
    total = start + count + Self.guardCount
    memory = .allocate(byteCount: total * 4, alignment: 64)
    for index in 0..<total { memory.storeBytes(of: Self.poison, toByteOffset: 4 * index, as: UInt32.self) }
  }

  convenience init(_ values: [Float], offset: Int = 0) {
    self.init(values.count, offset: offset)
    for (index, value) in values.enumerated() { base[index] = value }
  }

  deinit { memory.deallocate() }

  var base: UnsafeMutablePointer<Float> { memory.assumingMemoryBound(to: Float.self) + start }

  var values: [Float] { (0..<count).map { base[$0] } }

  var bits: [UInt32] { values.map(\.bitPattern) }

  /// Whether nothing was written in front of or behind the memory.
  var isIntactAround: Bool {
    ((0..<start).map { $0 } + (start + count..<total)).allSatisfy {
      memory.load(fromByteOffset: 4 * $0, as: UInt32.self) == Self.poison
    }
  }
}
