import Archives
import Glibc
import HDF5
import Images
import System

/// Labeled pictures in one HDF5 file or several shards, made by `prelu-dist pack`.
///
/// Opening a pack reads its index. Pictures are then read one by one at their places in the file, by any thread,
/// without HDF5 and without locks.
public struct Pack: Sendable {
  /// The path of the first shard.
  public let path: String
  public let classNames: [String]
  /// The classes' folders or identifiers.
  public let classFolders: [String]
  /// The mean image of the training split: (3, height, width), values 0 ... 255.
  public let mean: MeanImage
  /// The color statistics of the training split.
  public let colors: ColorStatistics
  /// The 16 hexadecimal digits that distinguish classes, labels and pictures from others.
  public let fingerprint: String
  /// The files that were left out, each with the reason.
  public let skipped: [String]
  private let parts: [PackPart: PackImages]

  /// Opens a pack by its file, by the name of any of its shards, or by their common name without numbers.
  /// - Throws: `.missing`, `.cannotRead`, `.wrongKind`, `.damaged`, or `.mismatch` if shards do not belong together.
  public init(_ path: String) throws(FileError) {
    let first = try Self.firstShard(Self.existing(path))
    let contents = first.contents
    var shards = [first]
    if contents.shards > 1 {
      let common = try Self.commonName(first)
      Self.allowFiles(contents.shards)
      shards = []
      for number in 0..<contents.shards {
        let shard =
          number == contents.shard
          ? first : try PackShard(PackLayout.path(common, shard: number, of: contents.shards))
        guard shard.contents.isOf(contents.fingerprint, shard: number, of: contents.shards) else {
          throw FileError(
            .mismatch, path: shard.path, problem: "the shard belongs to another pack than \(first.path)",
            advice: "Copy all shards of one packing, or pack again")
        }
        shards.append(shard)
      }
    }
    self.path = shards[0].path
    (classNames, classFolders) = (contents.classNames, contents.classFolders)
    (mean, colors) = (contents.mean, contents.colors)
    (fingerprint, skipped) = (contents.fingerprint, contents.skipped)
    var parts: [PackPart: PackImages] = [:]
    for part in PackPart.allCases {
      let images = PackImages(part, shards.filter { $0.contents.parts[part] != nil }, classCount: classNames.count)
      if images.count > 0 { parts[part] = images }
    }
    self.parts = parts
    guard parts[.training] != nil else {
      throw PackLayout.content.damaged(path, "it has no pictures to train on")
    }
  }

  /// Opens the first file. What is none of a pack is perhaps what one is made of.
  private static func firstShard(_ path: String) throws(FileError) -> PackShard {
    do throws(FileError) {
      return try PackShard(path)
    } catch {
      switch error.kind {
      case .missing: throw error.advising("`prelu-dist pack FOLDER -o \(path)` makes one of a folder of pictures")
      case .wrongKind: throw advice(on: path).map { error.advising($0) } ?? error
      default: throw error
      }
    }
  }

  /// Returns the advice on a file that is no pack but holds pictures or names them; nil where it is something else.
  private static func advice(on path: String) -> String? {
    let name = FileSystem.name(of: path)
    if FileSystem.isFolder(path) || ArchiveKind.isArchive(path) {
      return "Pictures become a pack by `prelu-dist pack \(path) -o \(ArchiveKind.stem(name) ?? name).h5`"
    }
    let kind = (try? FileSystem.beginning(of: path, limit: 64)).map { FileKind($0) }
    if kind?.isPicture == true {
      return "A folder of pictures becomes a pack by `prelu-dist pack FOLDER -o photos.h5`"
    }
    guard kind == .text else { return nil }
    return "If it is a list of pictures, they become a pack by `prelu-dist pack \(path) -o photos.h5`"
  }

  /// Raises the limit on open files. All shards stay open, and they may be more than a process may open by default.
  private static func allowFiles(_ count: Int) {
    var limit = rlimit()
    let wanted = rlim_t(count + 256)
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < wanted else { return }
    limit.rlim_cur = min(wanted, limit.rlim_max)
    // If the system refuses, opening a shard reports it.
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// Returns whether a file declares itself to be a pack, whole or not.
  public static func isPack(_ path: String) -> Bool {
    let conventions = try? HDF5Library.exclusively {
      try HDF5Reader.open(path, as: PackLayout.content).attribute(PackLayout.conventionsName)
    }
    return conventions == PackLayout.conventions
  }

  /// Returns the pictures of a part, or nil if the pack has none.
  public func images(_ part: PackPart) -> PackImages? { parts[part] }

  /// Returns `path`, or the first shard of the pack whose common name it is.
  private static func existing(_ path: String) throws(FileError) -> String {
    if try FileSystem.status(path) != nil { return path }
    let folder = FileSystem.folder(of: path)
    guard let names = try? FileSystem.names(in: folder) else { return path }
    let prefix = PackLayout.path(FileSystem.name(of: path), shard: 0, of: 2).components(before: "2")
    guard let name = names.sorted().first(where: { $0.hasPrefix(prefix) && !$0.hasSuffix(".tmp") }) else { return path }
    return path.contains("/") ? "\(folder)/\(name)" : name
  }

  /// Returns the common name from which a shard's name was made.
  private static func commonName(_ shard: PackShard) throws(FileError) -> String {
    let (number, count) = (shard.contents.shard + 1, shard.contents.shards)
    let mark = "-\(number)-of-\(count)"
    guard let place = shard.path.range(ofLast: mark) else {
      throw FileError(
        .mismatch, path: shard.path,
        problem: "it is shard \(number) of \(count), so its name must contain \(mark)",
        advice: "Give all shards the names that they had")
    }
    return String(shard.path[..<place.lowerBound] + shard.path[place.upperBound...])
  }
}

extension String {
  /// Returns the text before the last occurrence of `text`, or all of it if there is none.
  fileprivate func components(before text: String) -> String {
    range(ofLast: text).map { String(self[..<$0.lowerBound]) } ?? self
  }

  fileprivate func range(ofLast text: String) -> Range<String.Index>? {
    var place = endIndex
    while place > startIndex {
      place = index(before: place)
      if self[place...].hasPrefix(text) { return place..<index(place, offsetBy: text.count) }
    }
    return nil
  }
}
