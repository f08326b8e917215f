import Foundation
import HDF5
import Images
import System

/// A pack's file, whole unless something of it is altered: two pictures of four bytes each, of two classes.
struct ForgedPack {
  var conventions: String? = "prelu-dist-pack-1"
  var version: Int32 = 1
  var shard: Int32 = 0
  var shards: Int32 = 1
  var classNames = ["ant", "bee"]
  var classFolders = ["ant", "bee"]
  var fingerprint = "0123456789abcdef"
  var mean = [Float](repeating: 100, count: 12)
  var meanShape = [3, 2, 2]
  var covariance = [Double](repeating: 0.5, count: 9)

  var part = "training"
  var offsets: [UInt64] = [0, 4, 8]
  var labels: [Int32] = [0, 1]
  var sizes: [Int32] = [2, 2, 3, 1]
  var names = ["ant/1.jpg", "bee/2.jpg"]
  /// The digests that the file declares, from version 2 on those of the whole and of the names as well; nil for the
  /// right ones.
  var indexDigest: String?
  var digest: String?
  var namesDigest: String?

  static let bytes: [UInt8] = [11, 12, 13, 14, 21, 22, 23, 24]

  /// Returns the place in the file where the pictures' bytes begin.
  @discardableResult
  func write(to path: String) throws -> Int {
    let place = try HDF5File.create(at: path) { file throws(HDF5Error) in
      if let conventions { try file.writeAttribute("Conventions", conventions) }
      try file.writeAttribute("format_version", version)
      try file.writeAttribute("shard", shard)
      try file.writeAttribute("shards", shards)
      try file.write(classNames, "class_names")
      try file.write(classFolders, "class_folders")
      try file.write(fingerprint, "fingerprint")
      try file.write([String](), "skipped")
      if version > 1 {
        try file.write("{}", "settings")
        try file.write(digest ?? wholeDigest, "digest")
      }
      try file.inGroup("statistics") { group throws(HDF5Error) in
        try group.write(mean, shape: meanShape, "mean_image")
        try group.writeArray([1, 2, 3] as [Double], shape: [3], "color_mean")
        try group.writeArray(covariance, shape: [3, 3], "color_covariance")
        try group.writeArray([3, 2, 1] as [Double], shape: [3], "color_eigenvalues")
        try group.writeArray([Double](repeating: 0.1, count: 9), shape: [3, 3], "color_eigenvectors")
      }
      var place = 0
      try file.inGroup(part) { group throws(HDF5Error) in
        try group.writeArray(offsets, shape: [offsets.count], "offsets")
        try group.writeArray(labels, shape: [labels.count], "labels")
        try group.writeArray(sizes, shape: [sizes.count / 2, 2], "sizes")
        try group.writeArray(checksums, shape: [2], "checksums")
        try group.writeTextArray(names, "names")
        try group.write(indexDigest ?? ownIndexDigest, "index_digest")
        if version > 1 { try group.write(namesDigest ?? ownNamesDigest, "names_digest") }
        place = try group.reserveBytes(Self.bytes.count, "bytes")
      }
      return place
    }
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    try handle.seek(toOffset: UInt64(place))
    try handle.write(contentsOf: Self.bytes)
    try handle.close()
    return place
  }

  private var checksums: [UInt64] { [hash(Array(Self.bytes[..<4]), 0), hash(Array(Self.bytes[4...]), 0)] }

  private var ownIndexDigest: String { hexadecimal(hash(checksums, hash(sizes, hash(labels, hash(offsets, 0))))) }

  /// XXH64 of the shard's number, the number of shards, each list of texts with its length, each text with its length,
  /// and the statistics.
  private var wholeDigest: String {
    var digest = hash([UInt64(shard), UInt64(shards)], 0)
    for list in [classNames, classFolders, ["{}", fingerprint], []] {
      digest = hash([UInt64(list.count)], digest)
      for text in list { digest = hash(Array(text.utf8), hash([UInt64(text.utf8.count)], digest)) }
    }
    digest = hash(mean, hash([UInt64(meanShape[1]), UInt64(meanShape[2])], digest))
    let colors = [1, 2, 3] + covariance + [3, 2, 1] + [Double](repeating: 0.1, count: 9)
    return hexadecimal(hash(colors, digest))
  }

  /// XXH64 of the names, each filled up with zeros to one byte more than the longest.
  private var ownNamesDigest: String {
    let width = (names.map(\.utf8.count).max() ?? 0) + 1
    return hexadecimal(
      names.reduce(0) { digest, name in
        hash(Array(name.utf8) + [UInt8](repeating: 0, count: width - name.utf8.count), digest)
      })
  }

  private func hash<Value>(_ values: [Value], _ seed: UInt64) -> UInt64 {
    values.withUnsafeBytes { xxHash64($0, seed: seed) }
  }
}
