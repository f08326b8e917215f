import HDF5
import Images
import System

/// One file of a pack. The index is in memory; the pictures' bytes stay in the file.
final class PackShard: Sendable {
  /// One part's pictures in this file.
  struct Part: Sendable {
    let index: PackIndex
    /// The beginning of the bytes in the file; `names` is that of the names.
    let bytes: HDF5Reader.Place
    let names: HDF5Reader.Place
    /// The digest of the names that the file declares; nil in packs of the first version.
    let namesDigest: String?
  }

  let path: String
  let file: RegularFile
  let contents: Contents

  /// - Throws: `.missing`, `.cannotRead`, `.wrongKind` or `.damaged`.
  init(_ path: String) throws(FileError) {
    contents = try HDF5Library.exclusively { () throws(FileError) in
      let file = try HDF5Reader.open(path, as: PackLayout.content)
      return try Contents(file)
    }
    do throws(RegularFileError) {
      file = try RegularFile(path)
    } catch {
      throw FileError(error, path: path, expected: "a pack")
    }
    self.path = path
    for (part, content) in contents.parts {
      guard let digest = content.namesDigest else { continue }
      guard Self.digest(of: content.names, in: file) == digest else {
        throw PackLayout.content.damaged(path, "the names of /\(part.rawValue) do not have the digest that was written")
      }
    }
  }

  /// Returns the digest of names in a file, read in pieces; nil if they cannot be read.
  private static func digest(of names: HDF5Reader.Place, in file: borrowing RegularFile) -> String? {
    var hash: UInt64 = 0
    let piece = max(1, (1 << 20) / max(1, names.size))
    var bytes = [UInt8](repeating: 0, count: min(piece, max(1, names.count)) * names.size)
    for start in stride(from: 0, to: names.count, by: piece) {
      let count = min(piece, names.count - start)
      let isThere = bytes.withUnsafeMutableBytes { buffer in
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(count * names.size)])
        return file.fills(part, at: names.offset + start * names.size)
      }
      guard isThere else { return nil }
      for index in 0..<count {
        hash = bytes.withUnsafeBytes {
          xxHash64(UnsafeRawBufferPointer(rebasing: $0[(index * names.size)..<((index + 1) * names.size)]), seed: hash)
        }
      }
    }
    return hexadecimal(hash)
  }

  /// Everything in the file but the pictures' bytes and names.
  struct Contents {
    let shard: Int
    let shards: Int
    let classNames: [String]
    let classFolders: [String]
    let fingerprint: String
    let skipped: [String]
    let mean: MeanImage
    let colors: ColorStatistics
    private(set) var parts: [PackPart: Part] = [:]

    init(_ file: borrowing HDF5Reader) throws(FileError) {
      typealias Layout = PackLayout
      guard try file.attribute(Layout.conventionsName) == Layout.conventions,
        let version = try file.numberAttribute(Layout.version)
      else {
        throw FileError(
          .wrongKind, path: file.path, problem: "this is an HDF5 file, but not a pack of this program",
          advice:
            "Make one with `prelu-dist pack`; a checkpoint is evaluated and resumed by its own name, not by --data")
      }
      guard Layout.readVersions.contains(Int(version)) else {
        throw FileError(
          .wrongKind, path: file.path,
          problem: "the pack has format version \(version), this program reads \(Layout.readVersions.lowerBound) to "
            + "\(Layout.readVersions.upperBound)",
          advice: "Make it again with `prelu-dist pack`")
      }
      let shards = Int(try file.numberAttribute(Layout.shards) ?? 0)
      let shard = Int(try file.numberAttribute(Layout.shard) ?? -1)
      guard (1...100_000).contains(shards), (0..<shards).contains(shard) else {
        throw file.damaged(
          "expected a shard from 0 on, below a number of shards of 1 to 100000, found \(shard) of \(shards)")
      }
      (self.shard, self.shards) = (shard, shards)
      classNames = try file.list(Layout.classNames)
      classFolders = try file.list(Layout.classFolders)
      guard !classNames.isEmpty, classFolders.count == classNames.count else {
        throw file.damaged(
          "it has \(classNames.count.counted("class name")) and \(classFolders.count.counted("class folder"))")
      }
      fingerprint = try file.text(Layout.fingerprint)
      skipped = try file.list(Layout.skipped)
      mean = try Self.mean(file)
      let group = Layout.statistics
      colors = ColorStatistics(
        mean: try file.readArray(group, Layout.colorMean, as: Double.self, shape: [3]),
        covariance: try file.readArray(group, Layout.covariance, as: Double.self, shape: [3, 3]),
        eigenvalues: try file.readArray(group, Layout.eigenvalues, as: Double.self, shape: [3]),
        eigenvectors: try file.readArray(group, Layout.eigenvectors, as: Double.self, shape: [3, 3]))
      let numbers = colors.mean + colors.covariance + colors.eigenvalues + colors.eigenvectors
      guard numbers.allSatisfy(\.isFinite) else {
        throw file.damaged("expected its colors' statistics to be finite numbers, found others")
      }
      let hasDigests = version > 1
      if hasDigests { try checkDigest(file) }
      for part in PackPart.allCases where try file.exists(part.rawValue) {
        parts[part] = try Self.part(part, file, classes: classNames.count, hasDigests: hasDigests)
      }
    }

    private func checkDigest(_ file: borrowing HDF5Reader) throws(FileError) {
      let digest = PackDigest(
        shard: (shard, shards),
        texts: [classNames, classFolders, [try file.text(PackLayout.settings), fingerprint], skipped], mean: mean,
        colors: colors)
      guard try file.text(PackLayout.digest) == digest.text else {
        throw file.damaged("its classes, settings and statistics do not have the digest that was written")
      }
    }

    /// Returns whether this is that shard of the pack with the fingerprint.
    func isOf(_ fingerprint: String, shard: Int, of shards: Int) -> Bool {
      self.fingerprint == fingerprint && self.shard == shard && self.shards == shards
    }

    private static func mean(_ file: borrowing HDF5Reader) throws(FileError) -> MeanImage {
      let group = PackLayout.statistics
      let shape = try file.tensorShape(group, PackLayout.meanImage)
      guard shape.count == 3, shape[0] == 3, shape.allSatisfy({ $0 <= 1 << 14 }) else {
        throw file.damaged("expected a mean image of 3 planes of at most 16384×16384, found the extents \(shape)")
      }
      let values = try file.values(group, PackLayout.meanImage)
      guard values.allSatisfy({ (0...255).contains($0) }) else {
        throw file.damaged("expected a mean image of values from 0 to 255, found others")
      }
      return MeanImage(
        values: values, extents: Extents(channels: 3, height: shape[1], width: shape[2]))
    }

    private static func part(
      _ part: PackPart, _ file: borrowing HDF5Reader, classes: Int, hasDigests: Bool
    ) throws(FileError) -> Part {
      typealias Layout = PackLayout
      let name = part.rawValue
      let labels = try file.readArray(name, Layout.labels, as: Int32.self, shape: [nil])
      let index = PackIndex(
        offsets: try file.readArray(name, Layout.offsets, as: UInt64.self, shape: [labels.count + 1]), labels: labels,
        sizes: try file.readArray(name, Layout.sizes, as: Int32.self, shape: [labels.count, 2]),
        checksums: try file.readArray(name, Layout.checksums, as: UInt64.self, shape: [labels.count]))
      let bytes = try file.place(name, Layout.bytes)
      let names = try file.place(name, Layout.names)
      guard names.count == labels.count, bytes.size == 1 else {
        throw file.damaged("/\(name) has \(labels.count.counted("label")) and \(names.count.counted("name"))")
      }
      if let flaw = index.flaw(bytes: bytes.count, classes: classes) { throw file.damaged("/\(name): \(flaw)") }
      guard try file.text(name, Layout.indexDigest) == hexadecimal(index.digest) else {
        throw file.damaged("the index of /\(name) does not have the digest that was written")
      }
      return Part(
        index: index, bytes: bytes, names: names,
        namesDigest: hasDigests ? try file.text(name, Layout.namesDigest) : nil)
    }
  }
}
