import Images
import System

/// The index of one part in one shard: the place of each picture's bytes, and what is known of the picture.
struct PackIndex: Equatable {
  /// The beginning of each file and the end of the last one: count + 1 offsets, from 0.
  var offsets: [UInt64] = [0]
  var labels: [Int32] = []
  /// The height and width of each picture.
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

  /// Returns XXH64 of the whole index.
  var digest: UInt64 {
    func hash<Number>(_ numbers: [Number], _ seed: UInt64) -> UInt64 {
      numbers.withUnsafeBytes { xxHash64($0, seed: seed) }
    }
    return hash(checksums, hash(sizes, hash(labels, hash(offsets, 0))))
  }

  /// Returns a description of what is wrong with an index whose lists have matching lengths, or nil if nothing is.
  func flaw(bytes: Int, classes: Int) -> String? {
    guard offsets.first == 0, offsets.last == UInt64(bytes) else {
      return "its offsets do not reach from 0 to \(bytes)"
    }
    for index in 0..<count {
      guard offsets[index] < offsets[index + 1], offsets[index + 1] - offsets[index] <= 1 << 30 else {
        return "picture \(index) has no bytes or too many"
      }
      guard 0 <= labels[index], labels[index] < classes else {
        return "picture \(index) has the label \(labels[index]), of \(classes.counted("class"))"
      }
      guard sizes[2 * index] > 0, sizes[2 * index + 1] > 0 else { return "picture \(index) has no pixels" }
    }
    return nil
  }
}
