import HDF5
import System

/// The names in a pack's file.
///
/// A pack is one file or several shards, each with some pictures of every part. All of them repeat what belongs to the
/// whole: classes, statistics, fingerprint.
enum PackLayout {
  static let formatVersion = 1
  static let conventions = "prelu-dist-pack-1"

  static let content = HDF5Content(
    noun: "pack", adviceOnDamage: "Make it anew with `prelu-dist pack`", locks: false)

  // Attributes of the file.
  static let conventionsName = "Conventions"
  static let title = "title"
  static let version = "format_version"
  /// From 0, and how many shards there are.
  static let shard = "shard"
  static let shards = "shards"

  // Of the whole pack.
  static let classNames = "class_names"
  static let classFolders = "class_folders"
  static let settings = "settings"
  static let fingerprint = "fingerprint"
  static let skipped = "skipped"
  static let statistics = "statistics"
  /// (3, height, width) float32 of values 0 ... 255
  static let meanImage = "mean_image"
  /// (3) of values 0 ... 255
  static let colorMean = "color_mean"
  /// (3, 3) of values 0 ... 1
  static let covariance = "color_covariance"
  static let eigenvalues = "color_eigenvalues"
  /// (3, 3): a row for each eigenvalue.
  static let eigenvectors = "color_eigenvectors"

  // A group for each part, with n pictures in this shard.
  /// All files' bytes, one after the other: uint8.
  static let bytes = "bytes"
  /// Where each file begins in `bytes`, and where the last one ends: (n + 1) uint64.
  static let offsets = "offsets"
  /// (n) int32
  static let labels = "labels"
  /// Height and width: (n, 2) int32.
  static let sizes = "sizes"
  /// XXH64 of each file's bytes: (n) uint64.
  static let checksums = "checksums"
  /// (n) texts
  static let names = "names"
  /// XXH64 of offsets, labels, sizes and checksums, 16 hexadecimal digits.
  static let indexDigest = "index_digest"

  /// The path of a shard: the pack's own where there is one, else `name-1-of-4.h5`.
  static func path(_ pack: String, shard: Int, of shards: Int) -> String {
    guard shards > 1 else { return pack }
    let name = FileSystem.name(of: pack)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "\(pack)-\(shard + 1)-of-\(shards)" }
    return "\(pack.dropLast(name.distance(from: dot, to: name.endIndex)))-\(shard + 1)-of-\(shards)\(name[dot...])"
  }
}
