import Archives
import Images
import System

/// Makes blocks of the pictures that they list. Each thread has an instance of its own.
final class BlockIntake {
  private let plan: PackPlan
  private let intake: PictureIntake
  /// The archive that the last picture was read from. Pictures of one archive mostly follow one another, and there may
  /// be more archives than a process may have open files.
  private var open: (number: Int, file: ArchiveFile)?

  init(_ plan: PackPlan) {
    self.plan = plan
    intake = PictureIntake(plan.intake)
  }

  /// Returns whether a finished block was made of all its files as they are now.
  static func isCurrent(_ header: PackBlock.Header, _ block: PackPlan.Block, _ plan: PackPlan) -> Bool {
    var marks = PackBlock.Marks()
    for entry in plan.entries(of: block) { plan.mark(entry, block.part, in: &marks) }
    return marks == header.marks
  }

  private static let advice = "Damaged pictures are skipped; files that are missing or cannot be read are not."

  /// - Parameters:
  ///   - contents: The pictures' bytes, if they were read ahead.
  ///   - keepGoing: A closure that is asked before each picture.
  /// - Returns: The block, or nil if the closure said to stop.
  /// - Throws: The first file's error, unless the plan skips files whose contents are damaged. A file that cannot be
  ///   read is never skipped: another machine, or another hour, might read it, and the pack would have other bytes.
  func make(
    _ block: PackPlan.Block, _ contents: [Result<[UInt8], DataError>]?, keepGoing: () -> Bool
  ) throws(DataError) -> PackBlock? {
    var marks = PackBlock.Marks()
    var statistics = PhotoStatistics(side: plan.intake.meanCrop)
    var header = PackBlock.Header(
      plan: plan.digest, number: block.number, pictures: [], skipped: [], squares: 0, products: [])
    var bytes: [UInt8] = []
    for (place, entry) in plan.entries(of: block).enumerated() {
      guard keepGoing() else { return nil }
      plan.mark(entry, block.part, in: &marks)
      let picture: PictureIntake.Picture
      do throws(DataError) {
        picture = try take(entry, of: block.part, contents?[place])
      } catch {
        guard plan.skips, error.kind == .invalid else { throw plan.skips ? error.advising(Self.advice) : error }
        let name = "\(block.part.rawValue)/\(plan.name(entry, block.part))"
        header.skipped.append(PackBlock.Skipped(entry: entry, name: name, reason: error.problem))
        continue
      }
      header.pictures.append(
        PackBlock.Picture(
          entry: entry, byteCount: picture.bytes.count, height: picture.height, width: picture.width,
          checksum: xxHash64(picture.bytes)))
      bytes += picture.bytes
      if block.part == .training { statistics.add(picture.crop) }
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

  /// Takes a picture in: from the bytes that were read ahead, from its place in an archive or from its file.
  private func take(
    _ entry: Int, of part: PackPart, _ contents: Result<[UInt8], DataError>?
  ) throws(DataError) -> PictureIntake.Picture {
    let path = plan.path(entry, part)
    let wantsCrop = part == .training
    if let contents { return try intake.take(contents.get(), path: path, wantsCrop: wantsCrop) }
    guard let place = plan.place(entry, part) else { return try intake.take(path: path, wantsCrop: wantsCrop) }
    try PictureIntake.checkSize(place.size, path: path)
    if open?.number != place.archive {
      open = (place.archive, try ArchiveFile(plan.listing.archives[place.archive].identity))
    }
    return try intake.take(open!.file.contents(at: place), path: path, wantsCrop: wantsCrop)
  }
}
