import Archives
import Images
import Synchronization

/// Hands a rank's blocks out in their order, to whichever thread asks next, with the bytes of those pictures that have
/// to be read in the order of an archive.
final class BlockQueue: Sendable {
  private struct State {
    var next = 0
    var stream: (number: Int, archive: ArchiveStream)?
  }

  private let plan: PackPlan
  private let blocks: [PackPlan.Block]
  private let state = Mutex(State())

  /// A block with its number in the queue.
  struct Item {
    let number: Int
    let block: PackPlan.Block
    /// The bytes of its pictures, or the reasons why they cannot be had; nil if whoever makes the block reads them.
    let contents: [Result<[UInt8], DataError>]?
  }

  init(_ plan: PackPlan, _ blocks: [PackPlan.Block]) {
    self.plan = plan
    self.blocks = blocks
  }

  var count: Int { blocks.count }

  /// Returns the next block.
  func take() -> Item {
    state.withLock { state in
      let number = state.next
      state.next += 1
      let block = blocks[number]
      guard plan.isStreamed(block) else { return Item(number: number, block: block, contents: nil) }
      let contents = plan.entries(of: block).map { entry in
        Result { () throws(DataError) in try read(entry, block.part, &state) }
      }
      return Item(number: number, block: block, contents: contents)
    }
  }

  private func read(_ entry: Int, _ part: PackPart, _ state: inout State) throws(DataError) -> [UInt8] {
    guard let place = plan.place(entry, part) else { preconditionFailure("no place of entry \(entry)") }
    let archive = plan.listing.archives[place.archive]
    guard archive.isStream else { return try ArchiveFile(archive.identity).contents(at: place) }
    if state.stream?.number != place.archive {
      let file = try ArchiveFile(archive.identity)
      state.stream = (place.archive, ArchiveStream(file, opensInner: archive.opensInner))
    }
    return try state.stream!.archive.contents(
      number: place.position, limit: PictureIntake.largestFile, name: plan.path(entry, part))
  }
}
