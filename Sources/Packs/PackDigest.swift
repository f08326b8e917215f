import Images
import System

/// A digest of what a pack's file says of the whole pack: classes, settings, statistics, everything but the parts.
struct PackDigest {
  private var hash: UInt64 = 0

  /// - Parameter shard: the file's number among the pack's shards, and the number of these.
  init(
    shard: (number: Int, count: Int), texts: [[String]], mean: MeanImage, colors: ColorStatistics
  ) {
    add([UInt64(shard.number), UInt64(shard.count)])
    for list in texts {
      add([UInt64(list.count)])
      for text in list {
        // The length keeps "ab", "c" apart from "a", "bc".
        add([UInt64(text.utf8.count)])
        add(Array(text.utf8))
      }
    }
    add([UInt64(mean.extents.height), UInt64(mean.extents.width)])
    add(mean.values)
    add(colors.mean + colors.covariance + colors.eigenvalues + colors.eigenvectors)
  }

  /// 16 hexadecimal digits.
  var text: String { hexadecimal(hash) }

  private mutating func add<Value: BitwiseCopyable>(_ values: [Value]) {
    hash = values.withUnsafeBytes { xxHash64($0, seed: hash) }
  }
}

/// Returns XXH64 of names as a pack stores them, each filled up with zeros to the length of the longest, 16 hexadecimal
/// digits.
func namesDigest(_ names: [String]) -> String {
  let width = (names.map(\.utf8.count).max() ?? 0) + 1
  var hash: UInt64 = 0
  for name in names {
    let bytes = Array(name.utf8) + [UInt8](repeating: 0, count: width - name.utf8.count)
    hash = xxHash64(bytes, seed: hash)
  }
  return hexadecimal(hash)
}
