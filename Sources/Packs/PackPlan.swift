import Communication
import Foundation
import Images
import System

/// The work of a packing, decided on rank 0 and sent to all ranks: the pictures, divided into blocks.
///
/// A block is a run of consecutive pictures of a part. It is the unit of work and of resumption. Blocks, and thus the
/// pack's bytes, do not depend on the number of ranks and threads.
struct PackPlan {
  var listing: PackListing
  var intake: PictureIntake.Settings
  var shards: Int
  var skips: Bool
  /// The digest of everything that determines the blocks, which identifies the blocks that an earlier start of this
  /// packing left. It does not cover folders, which may have moved, nor the contents of files.
  let digest: UInt64

  init(_ settings: PackSettings) throws {
    var listing = try settings.input.listing()
    try listing.putAside(settings.aside)
    intake = settings.intake
    shards = settings.shards
    skips = settings.onError == .skip
    self.listing = listing
    digest = try Self.digest(listing, intake)
  }

  private static func digest(_ listing: PackListing, _ intake: PictureIntake.Settings) throws -> UInt64 {
    struct Settings: Encodable {
      var names: [String]
      var folders: [String]
      var intake: PictureIntake.Settings
    }
    let settings = Settings(names: listing.classNames, folders: listing.classFolders, intake: intake)
    var digest = xxHash64(Array(try json(settings).utf8))
    for part in PackPart.allCases {
      digest = listing.parts[part]?.entries.digest(seed: digest) ?? xxHash64([], seed: digest)
    }
    return digest
  }

  /// The largest number of pictures in a block. A thousand large photographs make enough blocks to keep every thread
  /// busy and to report progress regularly, and millions do not make too many files. Sums of 256 bytes fit 16 bits.
  var blockSize: Int { max(8, min(256, listing.count / 256)) }

  struct Block: Hashable {
    let part: PackPart
    /// The block's entries in the part.
    let entries: Range<Int>
    /// The block's number, from 0 over all parts.
    let number: Int
  }

  var blocks: [Block] {
    var blocks: [Block] = []
    let blockSize = blockSize
    for part in PackPart.allCases {
      let count = listing.parts[part]?.entries.count ?? 0
      for start in stride(from: 0, to: count, by: blockSize) {
        blocks.append(
          Block(part: part, entries: start..<min(start + blockSize, count), number: blocks.count))
      }
    }
    return blocks
  }

  /// Returns the shard that a block belongs to. Shards have nearly equal numbers of a part's blocks, in order.
  func shard(of block: Block) -> Int {
    let count = listing.parts[block.part]?.entries.count ?? 0
    let blockSize = blockSize
    let blocks = count.dividedUp(by: blockSize)
    return block.entries.lowerBound / blockSize * shards / max(blocks, 1)
  }

  // MARK: - To all ranks

  /// The plan without its entries' names and labels, which are too many for JSON.
  struct Head: Codable {
    fileprivate struct Part: Codable {
      var folder: String
      var entries: PackListing.Entries.Extent
    }

    fileprivate var classNames: [String]
    fileprivate var classFolders: [String]
    fileprivate var parts: [PackPart: Part]
    fileprivate var intake: PictureIntake.Settings
    fileprivate var shards: Int
    fileprivate var skips: Bool
    fileprivate var digest: UInt64
  }

  var head: Head {
    Head(
      classNames: listing.classNames, classFolders: listing.classFolders,
      parts: listing.parts.mapValues { Head.Part(folder: $0.folder, entries: $0.entries.extent) }, intake: intake,
      shards: shards, skips: skips, digest: digest)
  }

  /// Makes a plan whose entries are still to come.
  init(head: Head) {
    listing = PackListing(
      classNames: head.classNames, classFolders: head.classFolders,
      parts: head.parts.mapValues {
        PackListing.Part(folder: $0.folder, entries: PackListing.Entries(room: $0.entries))
      })
    (intake, shards, skips, digest) = (head.intake, head.shards, head.skips, head.digest)
  }

  /// Gives every rank the entries of rank 0's plan.
  mutating func broadcastEntries(_ world: World) throws(MPIError) {
    for part in PackPart.allCases { try listing.parts[part]?.entries.broadcast(world) }
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
