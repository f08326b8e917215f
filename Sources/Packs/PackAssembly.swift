import Foundation
import HDF5
import Images
import System

/// Assembles finished blocks into the pack's files, on rank 0.
final class PackAssembly {
  /// The places that all ranks must know to copy their blocks' bytes.
  struct Layout: Codable {
    /// The place of each block's bytes in its shard's file.
    var starts: [Int]
    /// The shards' temporary files.
    var files: [String]
  }

  private let plan: PackPlan
  private let settings: PackSettings
  private let blocks: [PackPlan.Block]
  /// The header of each block.
  private var headers: [PackBlock.Header] = []
  private var statistics: PhotoStatistics
  private let fingerprint: String
  private let temporaries: [String]

  /// Reads all blocks' headers.
  init(_ plan: PackPlan, _ settings: PackSettings) throws {
    self.plan = plan
    self.settings = settings
    blocks = plan.blocks
    statistics = PhotoStatistics(side: plan.intake.meanCrop)
    temporaries = settings.paths.map { $0 + ".tmp" }
    for block in blocks {
      guard let stored = PackBlock.stored(settings.workFolder, number: block.number, plan: plan.digest) else {
        throw FileError(
          .damaged, path: PackBlock.path(settings.workFolder, block.number),
          problem: "expected a block that was finished, found none, or one that is not whole",
          advice: "All ranks must see the same work folder. Run the same command again: it makes the block again")
      }
      headers.append(stored.header)
      if stored.header.squares > 0 {
        statistics.add(
          PhotoStatistics(
            side: plan.intake.meanCrop, count: stored.header.squares, sums: stored.sums.map { UInt64($0) },
            products: stored.header.products))
      }
    }
    guard statistics.count > 0 else {
      throw DataError(
        .invalid, path: settings.input.source, expected: "pictures to train on",
        found: "none that is whole, of \(plan.listing.parts[.training]?.entries.count ?? 0)",
        advice: "Leave out --on-error skip: the message then says what is wrong with the first one.")
    }
    fingerprint = Self.fingerprint(plan, blocks, headers)
    try checkOutput()
  }

  /// Refuses to replace files of another pack. Files with this pack's names may be left by a start that was killed
  /// while it was renaming them.
  private func checkOutput() throws(FileError) {
    for (number, path) in settings.paths.enumerated() where try FileSystem.status(path) != nil {
      let contents = try? PackShard(path).contents
      guard contents?.isOf(fingerprint, shard: number, of: settings.shards) == true else {
        throw FileError(exists: path)
      }
    }
  }

  /// Returns XXH64 of the classes and of each part's labels and checksums in their order. The result depends on what
  /// the pictures are, not on how they are divided among files.
  private static func fingerprint(
    _ plan: PackPlan, _ blocks: [PackPlan.Block], _ headers: [PackBlock.Header]
  ) -> String {
    var hash = xxHash64(Array(plan.listing.classNames.joined(separator: "\n").utf8))
    for part in PackPart.allCases {
      var values: [UInt64] = []
      for (block, header) in zip(blocks, headers) where block.part == part {
        for picture in header.pictures {
          values.append(UInt64(plan.listing.parts[part]?.entries.labels[picture.entry] ?? 0))
          values.append(picture.checksum)
        }
      }
      hash = values.withUnsafeBytes { xxHash64($0, seed: hash) }
    }
    return hexadecimal(hash)
  }

  var byteCount: Int { byteCount(of: blocks) }

  /// Returns the number of the pictures' bytes in some blocks.
  func byteCount(of blocks: [PackPlan.Block]) -> Int {
    blocks.reduce(0) { $0 + headers[$1.number].pictures.reduce(0) { $0 + $1.byteCount } }
  }

  // MARK: - Laying out

  /// Writes everything but the pictures' bytes to temporary files.
  func create() throws -> Layout {
    let folder = FileSystem.folder(of: settings.output)
    let needed = byteCount + (plan.listing.count << 7)
    if let free = FileSystem.freeBytes(folder), free < needed {
      throw FileError(
        .cannotWrite, path: settings.output,
        problem: "the pack needs \(byteText(needed)), but only \(byteText(free)) are free",
        advice: "Make room, and run the same command again: it continues")
    }
    var starts = [Int](repeating: 0, count: blocks.count)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let intakeText = String(decoding: try encoder.encode(plan.intake), as: UTF8.self)
    for shard in 0..<settings.shards {
      try? FileSystem.remove(temporaries[shard])
      do throws(FileError) {
        try HDF5File.create(at: temporaries[shard]) { file throws(HDF5Error) in
          try write(shard: shard, to: file, settings: intakeText, &starts)
        }
      } catch {
        discard()
        throw error.kind == .cannotWrite ? error.advising(PackOutput.goingOn) : error
      }
    }
    return Layout(starts: starts, files: temporaries)
  }

  private func write(
    shard: Int, to file: borrowing HDF5Writer, settings intake: String, _ starts: inout [Int]
  ) throws(HDF5Error) {
    typealias Layout = PackLayout
    try file.writeAttribute(Layout.conventionsName, Layout.conventions)
    try file.writeAttribute(Layout.title, "Labeled pictures, as the bytes of their files")
    try file.writeAttribute(Layout.version, Int32(Layout.formatVersion))
    try file.writeAttribute(Layout.shard, Int32(shard))
    try file.writeAttribute(Layout.shards, Int32(settings.shards))
    try file.write(plan.listing.classNames, Layout.classNames)
    try file.write(plan.listing.classFolders, Layout.classFolders)
    try file.write(intake, Layout.settings)
    try file.write(fingerprint, Layout.fingerprint)
    let skipped = Array(skipped.map { "\($0.name): \($0.reason)" }.prefix(Self.skippedLimit))
    try file.write(skipped, Layout.skipped)
    let digest = PackDigest(
      shard: (shard, settings.shards),
      texts: [plan.listing.classNames, plan.listing.classFolders, [intake, fingerprint], skipped],
      mean: statistics.mean, colors: statistics.colors)
    try file.write(digest.text, Layout.digest)
    try file.inGroup(Layout.statistics) { group throws(HDF5Error) in
      let colors = statistics.colors
      let shape = [3, statistics.side, statistics.side]
      try group.write(statistics.mean.values, shape: shape, Layout.meanImage)
      try group.writeArray(colors.mean, shape: [3], Layout.colorMean)
      try group.writeArray(colors.covariance, shape: [3, 3], Layout.covariance)
      try group.writeArray(colors.eigenvalues, shape: [3], Layout.eigenvalues)
      try group.writeArray(colors.eigenvectors, shape: [3, 3], Layout.eigenvectors)
    }
    for part in PackPart.allCases {
      var index = PackIndex()
      var names: [String] = []
      var own: [(block: Int, start: Int)] = []
      for (number, block) in blocks.enumerated() where block.part == part && plan.shard(of: block) == shard {
        own.append((number, Int(index.offsets[index.count])))
        guard let entries = plan.listing.parts[part]?.entries else { continue }
        for picture in headers[number].pictures {
          let entry = entries[picture.entry]
          index.append(
            byteCount: picture.byteCount, label: entry.label, height: picture.height, width: picture.width,
            checksum: picture.checksum)
          names.append(entry.name)
        }
      }
      guard index.count > 0 else { continue }
      var offset = 0
      try file.inGroup(part.rawValue) { group throws(HDF5Error) in
        try group.writeArray(index.offsets, shape: [index.count + 1], Layout.offsets)
        try group.writeArray(index.labels, shape: [index.count], Layout.labels)
        try group.writeArray(index.sizes, shape: [index.count, 2], Layout.sizes)
        try group.writeArray(index.checksums, shape: [index.count], Layout.checksums)
        try group.writeTextArray(names, Layout.names)
        try group.write(namesDigest(names), Layout.namesDigest)
        try group.write(hexadecimal(index.digest), Layout.indexDigest)
        offset = try group.reserveBytes(Int(index.offsets[index.count]), Layout.bytes)
      }
      for (block, start) in own { starts[block] = offset + start }
    }
  }

  /// The largest number of skipped files that a pack names.
  private static let skippedLimit = 10_000

  private var skipped: [PackBlock.Skipped] { headers.flatMap(\.skipped) }

  // MARK: - Copying

  /// The number of bytes copied before they are forced to the device. Without a limit, the device would write
  /// everything at the end, which would take minutes that no progress estimate could foresee.
  private static let unsynchronized = 1 << 29

  /// Copies the bytes of `blocks`, in their order, to their places, and compares their checksums on the way, on any
  /// rank.
  /// - Parameter keepGoing: A closure that is told before each block how many bytes are copied, and asked whether to go
  ///   on.
  /// - Returns: False if the closure said to stop.
  static func copy(
    _ blocks: [PackPlan.Block], _ plan: PackPlan, _ settings: PackSettings, layout: Layout,
    keepGoing: (_ copied: Int) -> Bool
  ) throws -> Bool {
    // Only one shard is open at a time: there may be more shards than a process may have open files.
    var open: PackOutput?
    var openShard: Int?
    var (copied, waiting) = (0, 0)
    for block in blocks {
      guard keepGoing(copied) else { return false }
      let path = PackBlock.path(settings.workFolder, block.number)
      let damage = FileError(
        .damaged, path: path, problem: "expected a block that was finished, found one that is no longer whole",
        advice: "Remove it, and run the same command again: it makes the block again")
      guard let stored = PackBlock.stored(settings.workFolder, number: block.number, plan: plan.digest) else {
        throw damage
      }
      let count = stored.header.pictures.reduce(0) { $0 + $1.byteCount }
      guard count > 0 else { continue }
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
      defer { bytes.deallocate() }
      guard let input = try? RegularFile(path), input.fills(bytes, at: stored.start) else { throw damage }
      var start = 0
      for picture in stored.header.pictures {
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + picture.byteCount])
        guard xxHash64(part, seed: 0) == picture.checksum else { throw damage }
        start += picture.byteCount
      }
      let shard = plan.shard(of: block)
      if openShard != shard {
        try synchronizeAndClose(&open)
        open = try PackOutput(opening: layout.files[shard])
        openShard = shard
      }
      try open!.write(UnsafeRawBufferPointer(bytes), at: layout.starts[block.number])
      copied += count
      waiting += count
      if waiting >= unsynchronized {
        try open!.synchronize()
        waiting = 0
      }
    }
    try synchronizeAndClose(&open)
    _ = keepGoing(copied)
    return true
  }

  private static func synchronizeAndClose(_ output: inout PackOutput?) throws(FileError) {
    guard let output = output.take() else { return }
    try output.synchronize()
    try output.close()
  }

  // MARK: - In place

  /// Reads the files' indices back, gives the files their names, and removes the blocks.
  func finish() throws -> PackingSummary {
    var pictures: [PackPart: Int] = [:]
    for path in temporaries {
      // The file is opened as a reader would open it, before it gets its final name.
      let contents = try PackShard(path).contents
      for (part, index) in contents.parts { pictures[part, default: 0] += index.index.count }
      guard contents.fingerprint == fingerprint else {
        throw FileError(.damaged, path: path, problem: "the pack does not read back as it was written")
      }
    }
    for temporary in temporaries { try FileSystem.synchronize(temporary) }
    let paths = settings.paths
    for (temporary, path) in zip(temporaries, paths) { try FileSystem.rename(temporary, to: path) }
    try FileSystem.synchronizeFolder(FileSystem.folder(of: settings.output))
    for block in blocks { try? FileSystem.remove(PackBlock.path(settings.workFolder, block.number)) }
    return PackingSummary(
      paths: paths, pictures: pictures, classes: plan.listing.classNames.count, bytes: byteCount,
      skipped: skipped.map { ($0.name, $0.reason) }, emptied: emptied, fingerprint: fingerprint, seconds: 0)
  }

  /// The classes that the source has pictures of and a part of the pack does not.
  private var emptied: [(part: PackPart, className: String)] {
    var emptied: [(part: PackPart, className: String)] = []
    for part in PackPart.allCases {
      guard let entries = plan.listing.parts[part]?.entries else { continue }
      var lost = [Bool](repeating: false, count: plan.listing.classNames.count)
      for label in entries.labels { lost[Int(label)] = true }
      for (block, header) in zip(blocks, headers) where block.part == part {
        for picture in header.pictures { lost[Int(entries.labels[picture.entry])] = false }
      }
      emptied += lost.indices.filter { lost[$0] }.map { (part, plan.listing.classNames[$0]) }
    }
    return emptied
  }

  /// Removes the temporary files.
  func discard() {
    for path in temporaries { try? FileSystem.remove(path) }
  }
}

extension FileError {
  /// An error for a pack that would replace another file.
  init(exists path: String) {
    self.init(
      .cannotCreate, path: path, problem: "there is a file of that name already",
      advice: "Remove it, or choose another --output")
  }
}
