import Images
import System
import SystemPackage

/// The pictures of one part of a pack, over all its shards.
public final class PackImages: EncodedImages {
  public let part: PackPart
  public let classCount: Int
  public let labels: [Int32]
  private let shards: [PackShard]
  /// The number of each shard's first picture, and of all pictures.
  private let firsts: [Int]

  init(_ part: PackPart, _ shards: [PackShard], classCount: Int) {
    self.part = part
    self.classCount = classCount
    self.shards = shards
    let indices = shards.compactMap { $0.contents.parts[part]?.index }
    firsts = indices.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    labels = indices.count == 1 ? indices[0].labels : indices.flatMap(\.labels)
  }

  /// The place of a picture.
  private struct Location {
    let shard: PackShard
    let part: PackShard.Part
    /// The picture's number in the shard's part.
    let number: Int

    /// The picture's bytes in the file.
    var range: Range<Int> {
      let (start, end) = (part.index.offsets[number], part.index.offsets[number + 1])
      return part.bytes.offset + Int(start)..<part.bytes.offset + Int(end)
    }
  }

  private func location(_ index: Int) -> Location {
    precondition((0..<firsts[firsts.count - 1]).contains(index), "picture \(index) of \(firsts[firsts.count - 1])")
    // A binary search finds the last shard that begins at or before the index: a pack may have thousands.
    var (shard, end) = (0, shards.count)
    while end - shard > 1 {
      let middle = (shard + end) / 2
      if firsts[middle] <= index { shard = middle } else { end = middle }
    }
    guard let part = shards[shard].contents.parts[part] else { preconditionFailure("a shard without part \(part)") }
    return Location(shard: shards[shard], part: part, number: index - firsts[shard])
  }

  /// Returns the picture's path when it was packed, after the pack's file and the part.
  public func name(of index: Int) -> String {
    let place = location(index)
    return "\(place.shard.path): /\(part.rawValue), picture \(place.number) (\(fileName(of: index)))"
  }

  /// Returns the picture's path when it was packed.
  public func fileName(of index: Int) -> String {
    let place = location(index)
    let names = place.part.names
    var bytes = [UInt8](repeating: 0, count: names.size)
    guard
      bytes.withUnsafeMutableBytes({ place.shard.file.fills($0, at: names.offset + place.number * names.size) })
    else { return "of unknown name" }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  public func extents(of index: Int) -> PlaneExtents {
    let place = location(index)
    let sizes = place.part.index.sizes
    return PlaneExtents(height: Int(sizes[2 * place.number]), width: Int(sizes[2 * place.number + 1]))
  }

  public func byteCount(of index: Int) -> Int { location(index).range.count }

  /// Reads the picture in one piece, and compares it with its checksum.
  public func read(_ index: Int, into bytes: UnsafeMutablePointer<UInt8>) throws(DataError) {
    let place = location(index)
    let range = place.range
    let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: range.count)
    let count: Int
    do throws(Errno) {
      count = try place.shard.file.read(into: buffer, at: range.lowerBound)
    } catch {
      throw DataError(
        .missing, path: name(of: index), expected: "\(range.count.counted("byte")) of a picture",
        found: "that they cannot be read (\(error))")
    }
    guard count == range.count else {
      throw DataError(
        .invalid, path: name(of: index), expected: "\(range.count.counted("byte")) of a picture",
        found: "the end of the file",
        advice: "The pack is truncated: copy it again.")
    }
    guard xxHash64(UnsafeRawBufferPointer(buffer), seed: 0) == place.part.index.checksums[place.number] else {
      throw DataError(
        .invalid, path: name(of: index), expected: "the bytes that were packed", found: "bytes of another checksum",
        advice: "The pack is damaged: copy it again.")
    }
  }

  public func announce(_ indices: [Int]) {
    for index in indices {
      let place = location(index)
      place.shard.file.announce(place.range)
    }
  }
}
