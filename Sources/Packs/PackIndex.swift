import Images
import System

/// The index of one part in one shard: where each picture's bytes are, and what is known of them.
struct PackIndex: Equatable {
  /// Where each file begins, and where the last one ends: count + 1, from 0.
  var offsets: [UInt64] = [0]
  var labels: [Int32] = []
  /// Height and width of each.
  var sizes: [Int32] = []
  /// XXH64 of each file's bytes.
  var checksums: [UInt64] = []

  var count: Int { labels.count }

  mutating func append(byteCount: Int, label: Int32, height: Int, width: Int, checksum: UInt64) {
    offsets.append(offsets[offsets.count - 1] + UInt64(byteCount))
    labels.append(label)
    sizes.append(Int32(height))
    sizes.append(Int32(width))
    checksums.append(checksum)
  }

  /// XXH64 of all of it.
  var digest: UInt64 {
    func hash<Number>(_ numbers: [Number], _ seed: UInt64) -> UInt64 {
      numbers.withUnsafeBytes { xxHash64($0, seed: seed) }
    }
    return hash(checksums, hash(sizes, hash(labels, hash(offsets, 0))))
  }

  /// What is wrong with an index that was read, whose lists go together in their lengths; nil for nothing.
  func flaw(bytes: Int, classes: Int) -> String? {
    guard offsets.first == 0, offsets.last == UInt64(bytes) else {
      return "its offsets do not reach from 0 to \(bytes)"
    }
    for index in 0..<count {
      guard offsets[index] < offsets[index + 1], offsets[index + 1] - offsets[index] <= 1 << 30 else {
        return "picture \(index) has no bytes or too many"
      }
      guard 0 <= labels[index], labels[index] < classes else {
        return "picture \(index) has the label \(labels[index]) of \(classes) classes"
      }
      guard sizes[2 * index] > 0, sizes[2 * index + 1] > 0 else { return "picture \(index) has no pixels" }
    }
    return nil
  }
}
