import Archives
import Communication
import Foundation
import Images
import System

/// The work of a packing, decided on rank 0 and sent to all ranks: the pictures, divided into blocks.
///
/// A block is a run of pictures of a part that are taken in one after the other: in the order of the listing, or, from
/// a compressed archive, in that of the archive. It is the unit of work and of resumption. Blocks do not depend on the
/// number of ranks and threads, and the pack's bytes do not depend on the blocks.
struct PackPlan {
  var listing: PackListing
  var intake: PictureIntake.Settings
  var shards: Int
  var skips: Bool
  /// The digest of everything that determines the blocks, which identifies the blocks that an earlier start of this
  /// packing left. It does not cover folders, which may have moved, nor the contents of files.
  let digest: UInt64
  /// The order in which the entries of a part are taken in, where it is not that of the listing.
  private let orders: [PackPart: [Int32]]

  init(_ settings: PackSettings) throws {
    var listing = try settings.input.listing()
    try listing.putAside(settings.aside)
    try listing.examineRepetition()
    intake = settings.intake
    shards = settings.shards
    skips = settings.onError == .skip
    self.listing = listing
    orders = Self.orders(listing)
    digest = try Self.digest(listing, intake, orders)
  }

  private static func digest(
    _ listing: PackListing, _ intake: PictureIntake.Settings, _ orders: [PackPart: [Int32]]
  ) throws -> UInt64 {
    struct Settings: Encodable {
      var names: [String]
      var folders: [String]
      var intake: PictureIntake.Settings
    }
    let settings = Settings(names: listing.classNames, folders: listing.classFolders, intake: intake)
    var digest = xxHash64(Array(try json(settings).utf8))
    for part in PackPart.allCases {
      digest = listing.parts[part]?.entries.digest(seed: digest) ?? xxHash64([], seed: digest)
      if let order = orders[part] { digest = order.withUnsafeBytes { xxHash64($0, seed: digest) } }
    }
    return digest
  }

  /// The largest number of pictures in a block. A thousand large photographs make enough blocks to keep every thread
  /// busy and to report progress regularly, and millions do not make too many files. Sums of 256 bytes fit 16 bits.
  var blockSize: Int { max(8, min(256, listing.count / 256)) }

  /// The largest number of bytes that the pictures of a block have in a compressed archive: a block of them is read
  /// before any is decoded.
  private static let largestStreamedBlock = 1 << 28

  struct Block: Hashable {
    let part: PackPart
    /// The block's places in the order in which the part's entries are taken in.
    let places: Range<Int>
    /// The block's number, from 0 over all parts.
    let number: Int
  }

  var blocks: [Block] {
    var blocks: [Block] = []
    let blockSize = blockSize
    for part in PackPart.allCases {
      let entries = listing.parts[part]?.entries
      let count = entries?.count ?? 0
      var start = 0
      while start < count {
        var end = min(start + blockSize, count)
        if let order = orders[part], let entries {
          var bytes = 0
          end =
            (start..<end).first { place in
              bytes += max(entries.places[Int(order[place])].size, 0)
              return bytes > Self.largestStreamedBlock && place > start
            } ?? end
        }
        blocks.append(Block(part: part, places: start..<end, number: blocks.count))
        start = end
      }
    }
    return blocks
  }

  /// Returns the entries of a block, in the order in which they are taken in.
  func entries(of block: Block) -> [Int] {
    guard let order = orders[block.part] else { return Array(block.places) }
    return order[block.places].map { Int($0) }
  }

  /// Returns the path of an entry for messages, which also leads to it if it is a file on the disk.
  func path(_ entry: Int, _ part: PackPart) -> String { self[part].path(name(entry, part)) }

  func name(_ entry: Int, _ part: PackPart) -> String { self[part].entries[entry].name }

  /// Returns an entry's place in an archive, or nil for a file on the disk.
  func place(_ entry: Int, _ part: PackPart) -> MemberPlace? {
    let places = self[part].entries.places
    return places.isEmpty ? nil : places[entry]
  }

  /// Adds what shows whether an entry was changed.
  func mark(_ entry: Int, _ part: PackPart, in marks: inout PackBlock.Marks) {
    guard let place = place(entry, part) else { return marks.append(path(entry, part)) }
    marks.append(size: place.size, time: listing.archives[place.archive].identity.time)
  }

  private subscript(part: PackPart) -> PackListing.Part {
    guard let part = listing.parts[part] else { preconditionFailure("no part \(part)") }
    return part
  }

  /// Returns whether a block's pictures have to be read in their order in an archive.
  func isStreamed(_ block: Block) -> Bool { orders[block.part] != nil }

  /// Returns the shard that an entry belongs to. Shards have nearly equal numbers of runs of `blockSize` entries, in
  /// the order of the listing.
  func shard(of entry: Int, _ part: PackPart) -> Int {
    let runs = (listing.parts[part]?.entries.count ?? 0).dividedUp(by: blockSize)
    return entry / blockSize * shards / max(runs, 1)
  }

  /// Returns the orders of the parts that have pictures in archives that are read from their beginning on.
  private static func orders(_ listing: PackListing) -> [PackPart: [Int32]] {
    listing.parts.compactMapValues { part in
      let places = part.entries.places
      guard places.contains(where: { listing.archives[$0.archive].isStream }) else { return nil }
      return (0..<Int32(places.count)).sorted { a, b in
        let (a, b) = (places[Int(a)], places[Int(b)])
        return (a.archive, a.position) < (b.archive, b.position)
      }
    }
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
    fileprivate var archives: [PackedArchive]
    fileprivate var orders: [PackPart: [Int32]]
    fileprivate var intake: PictureIntake.Settings
    fileprivate var shards: Int
    fileprivate var skips: Bool
    fileprivate var digest: UInt64
  }

  var head: Head {
    Head(
      classNames: listing.classNames, classFolders: listing.classFolders,
      parts: listing.parts.mapValues { Head.Part(folder: $0.folder, entries: $0.entries.extent) },
      archives: listing.archives, orders: orders, intake: intake, shards: shards, skips: skips, digest: digest)
  }

  /// Makes a plan whose entries are still to come.
  init(head: Head) {
    listing = PackListing(
      classNames: head.classNames, classFolders: head.classFolders,
      parts: head.parts.mapValues {
        PackListing.Part(folder: $0.folder, entries: PackListing.Entries(room: $0.entries))
      })
    listing.archives = head.archives
    (intake, shards, skips, digest, orders) = (head.intake, head.shards, head.skips, head.digest, head.orders)
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
