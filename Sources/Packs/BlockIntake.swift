import Images
import System

/// Makes blocks of the files that they list. Each thread has an instance of its own.
final class BlockIntake {
  private let plan: PackPlan
  private let intake: PictureIntake

  init(_ plan: PackPlan) {
    self.plan = plan
    intake = PictureIntake(plan.intake)
  }

  /// Returns whether a finished block was made of all its files as they are now.
  static func isCurrent(_ header: PackBlock.Header, _ block: PackPlan.Block, _ plan: PackPlan) -> Bool {
    guard let part = plan.listing.parts[block.part] else { preconditionFailure("no part \(block.part)") }
    var marks = PackBlock.Marks()
    for entry in block.entries { marks.append(part.path(part.entries[entry].name)) }
    return marks == header.marks
  }

  private static let advice = "Damaged pictures are skipped; files that are missing or cannot be read are not."

  /// - Parameter keepGoing: A closure that is asked before each picture.
  /// - Returns: The block, or nil if the closure said to stop.
  /// - Throws: The first file's error, unless the plan skips files whose contents are damaged. A file that cannot be
  ///   read is never skipped: another machine, or another hour, might read it, and the pack would have other bytes.
  func make(_ block: PackPlan.Block, keepGoing: () -> Bool) throws(DataError) -> PackBlock? {
    guard let part = plan.listing.parts[block.part] else { preconditionFailure("no part \(block.part)") }
    var marks = PackBlock.Marks()
    let isTraining = block.part == .training
    var statistics = PhotoStatistics(side: plan.intake.meanCrop)
    var header = PackBlock.Header(
      plan: plan.digest, number: block.number, pictures: [], skipped: [], squares: 0, products: [])
    var bytes: [UInt8] = []
    for entry in block.entries {
      guard keepGoing() else { return nil }
      let name = part.entries[entry].name
      let path = part.path(name)
      marks.append(path)
      let picture: PictureIntake.Picture
      do throws(DataError) {
        picture = try intake.take(path: path, wantsCrop: isTraining)
      } catch {
        guard plan.skips, error.kind == .invalid else { throw plan.skips ? error.advising(Self.advice) : error }
        header.skipped.append(PackBlock.Skipped(name: "\(block.part.rawValue)/\(name)", reason: error.problem))
        continue
      }
      header.pictures.append(
        PackBlock.Picture(
          entry: entry, byteCount: picture.bytes.count, height: picture.height, width: picture.width,
          checksum: xxHash64(picture.bytes)))
      bytes += picture.bytes
      if isTraining { statistics.add(picture.crop) }
    }
    header.marks = marks
    if statistics.count > 0 {
      header.squares = statistics.count
      header.products = statistics.products
    }
    // Each sum has at most 256 bytes.
    let sums = statistics.count > 0 ? statistics.sums.map { UInt16($0) } : []
    return PackBlock(header: header, sums: sums, bytes: bytes)
  }
}
