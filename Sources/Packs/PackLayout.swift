import HDF5
import System

/// The names of the attributes, groups and data sets in a pack's file.
///
/// A pack is one file or several shards, each with some pictures of every part. All shards repeat what belongs to the
/// whole: classes, statistics, fingerprint.
enum PackLayout {
  static let formatVersion = 2
  /// The versions that are read. Packs of the first one have no digests of what is not in an index.
  static let readVersions = 1...2
  static let conventions = "prelu-dist-pack-1"

  static let content = HDF5Content(
    noun: "pack", adviceOnDamage: "Make it again with `prelu-dist pack`", locks: false)

  // Attributes of the file.
  static let conventionsName = "Conventions"
  static let title = "title"
  static let version = "format_version"
  /// The shard's number from 0. The next attribute is the number of shards.
  static let shard = "shard"
  static let shards = "shards"

  // Attributes and data sets of the whole pack.
  static let classNames = "class_names"
  static let classFolders = "class_folders"
  static let settings = "settings"
  static let fingerprint = "fingerprint"
  static let skipped = "skipped"
  /// XXH64 of all of these and of the statistics, 16 hexadecimal digits.
  static let digest = "digest"
  static let statistics = "statistics"
  /// The mean image: (3, height, width) float32 of values 0 ... 255.
  static let meanImage = "mean_image"
  /// The mean color: (3) of values 0 ... 255.
  static let colorMean = "color_mean"
  /// The colors' covariance: (3, 3) of values 0 ... 1.
  static let covariance = "color_covariance"
  static let eigenvalues = "color_eigenvalues"
  /// The eigenvectors: (3, 3), one row for each eigenvalue.
  static let eigenvectors = "color_eigenvectors"

  // Each part has a group, with n pictures in this shard.
  /// The bytes of all files, one after the other: uint8.
  static let bytes = "bytes"
  /// The beginning of each file in `bytes`, and the end of the last one: (n + 1) uint64.
  static let offsets = "offsets"
  /// The labels: (n) int32.
  static let labels = "labels"
  /// Height and width: (n, 2) int32.
  static let sizes = "sizes"
  /// XXH64 of each file's bytes: (n) uint64.
  static let checksums = "checksums"
  /// The pictures' names: (n) texts.
  static let names = "names"
  /// XXH64 of the names, 16 hexadecimal digits.
  static let namesDigest = "names_digest"
  /// XXH64 of offsets, labels, sizes and checksums, 16 hexadecimal digits.
  static let indexDigest = "index_digest"

  /// Returns the path of a shard: the pack's own path if there is only one shard, otherwise `name-1-of-4.h5`.
  static func path(_ pack: String, shard: Int, of shards: Int) -> String {
    guard shards > 1 else { return pack }
    let name = FileSystem.name(of: pack)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "\(pack)-\(shard + 1)-of-\(shards)" }
    return "\(pack.dropLast(name.distance(from: dot, to: name.endIndex)))-\(shard + 1)-of-\(shards)\(name[dot...])"
  }
}
