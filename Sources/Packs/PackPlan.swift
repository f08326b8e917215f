import Foundation
import Images

/// What a packing does, decided on rank 0 and told to all: the pictures, cut into blocks.
///
/// A block is some neighbouring pictures of a part: the unit of work and of resumption. Blocks, and with them the pack's
/// bytes, do not depend on the number of ranks and threads.
struct PackPlan: Codable {
  /// Pictures of a block at most. Sums of as many bytes fit 16 bits.
  static let blockSize = 256

  var listing: PackListing
  var intake: PictureIntake.Settings
  var shards: Int
  var skips: Bool

  init(_ settings: PackSettings) throws(DataError) {
    listing = try settings.input.listing()
    if settings.holdOut > 0 { try listing.holdOut(settings.holdOut) }
    intake = settings.intake
    shards = settings.shards
    skips = settings.onError == .skip
  }

  struct Block: Hashable {
    let part: PackPart
    /// Entries of the part.
    let entries: Range<Int>
    /// From 0 over all parts.
    let number: Int
  }

  var blocks: [Block] {
    var blocks: [Block] = []
    for part in PackPart.allCases {
      let count = listing.parts[part]?.entries.count ?? 0
      for start in stride(from: 0, to: count, by: Self.blockSize) {
        blocks.append(
          Block(part: part, entries: start..<min(start + Self.blockSize, count), number: blocks.count))
      }
    }
    return blocks
  }

  /// The shard that a block belongs to: each has nearly as many blocks of a part as the others, in order.
  func shard(of block: Block) -> Int {
    let count = listing.parts[block.part]?.entries.count ?? 0
    let blocks = (count + Self.blockSize - 1) / Self.blockSize
    return block.entries.lowerBound / Self.blockSize * shards / max(blocks, 1)
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  init(json: String) throws {
    self = try JSONDecoder().decode(PackPlan.self, from: Data(json.utf8))
  }

  /// XXH64 of what decides over blocks, by which those of an earlier start are known to belong to this one. It does not
  /// know folders, which may have moved, nor what is in the files.
  func digest() throws -> UInt64 {
    var plan = self
    (plan.shards, plan.skips) = (1, false)
    for part in plan.listing.parts.keys { plan.listing.parts[part]?.folder = "" }
    return Array(try plan.json().utf8).withUnsafeBytes { xxHash64($0, seed: 0) }
  }
}
