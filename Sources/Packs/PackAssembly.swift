import Foundation
import HDF5
import Images
import System

/// Assembles finished blocks into the pack's files, on rank 0.
final class PackAssembly {
  /// The places that all ranks must know to copy their blocks' bytes.
  struct Layout: Codable {
    /// Each block's runs.
    var runs: [[Run]]
    /// The shards' temporary files.
    var files: [String]
  }

  /// Pictures that follow one another both in a block and in a shard's file.
  struct Run: Codable {
    var shard: Int
    /// The pictures' numbers in the block.
    var first: Int
    var count: Int
    /// The place of the first one's bytes in the file.
    var start: Int
  }

  /// A picture by its block and its number there.
  private struct Picture {
    var entry: Int
    var block: Int
    var number: Int
  }

  private let plan: PackPlan
  private let settings: PackSettings
  private let blocks: [PackPlan.Block]
  /// The header of each block.
  private var headers: [PackBlock.Header] = []
  /// The pictures of each part in the order of the listing.
  private var pictures: [PackPart: [Picture]] = [:]
  private var statistics: PhotoStatistics
  private var fingerprint = ""
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
    for part in PackPart.allCases { pictures[part] = Self.ordered(part, blocks, headers) }
    fingerprint = computeFingerprint()
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

  /// XXH64 of the classes and of each part's labels and checksums in their order. It depends on what the pictures are,
  /// not on how they are divided among files.
  private func computeFingerprint() -> String {
    var hash = xxHash64(Array(plan.listing.classNames.joined(separator: "\n").utf8))
    for part in PackPart.allCases {
      let labels = plan.listing.parts[part]?.entries.labels ?? []
      var values: [UInt64] = []
      for place in pictures[part] ?? [] {
        values.append(UInt64(labels[place.entry]))
        values.append(headers[place.block].pictures[place.number].checksum)
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
    var runs = [[Run]](repeating: [], count: blocks.count)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let intakeText = String(decoding: try encoder.encode(plan.intake), as: UTF8.self)
    for shard in 0..<settings.shards {
      try? FileSystem.remove(temporaries[shard])
      do throws(FileError) {
        try HDF5File.create(at: temporaries[shard]) { file throws(HDF5Error) in
          try write(shard: shard, to: file, settings: intakeText, &runs)
        }
      } catch {
        discard()
        throw error.kind == .cannotWrite ? error.advising(PackOutput.goingOn) : error
      }
    }
    return Layout(runs: runs, files: temporaries)
  }

  private func write(
    shard: Int, to file: borrowing HDF5Writer, settings intake: String, _ runs: inout [[Run]]
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
      let own = own(part, shard: shard)
      guard let entries = plan.listing.parts[part]?.entries else { continue }
      for place in own {
        let picture = headers[place.block].pictures[place.number]
        let entry = entries[place.entry]
        index.append(
          byteCount: picture.byteCount, label: entry.label, height: picture.height, width: picture.width,
          checksum: picture.checksum)
        names.append(entry.name)
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
      var before: Picture?
      for (place, start) in zip(own, index.offsets) {
        if let before, before.block == place.block, before.number + 1 == place.number {
          runs[place.block][runs[place.block].count - 1].count += 1
        } else {
          runs[place.block].append(Run(shard: shard, first: place.number, count: 1, start: offset + Int(start)))
        }
        before = place
      }
    }
  }

  /// The largest number of skipped files that a pack names.
  private static let skippedLimit = 10_000

  /// The files that were left out, in the order of the listing.
  private var skipped: [PackBlock.Skipped] {
    PackPart.allCases.flatMap { part in
      blocks.filter { $0.part == part }.flatMap { headers[$0.number].skipped }.sorted { $0.entry < $1.entry }
    }
  }

  /// Returns the pictures of a part in the order of the listing.
  private static func ordered(
    _ part: PackPart, _ blocks: [PackPlan.Block], _ headers: [PackBlock.Header]
  ) -> [Picture] {
    var pictures: [Picture] = []
    for block in blocks where block.part == part {
      for (number, picture) in headers[block.number].pictures.enumerated() {
        pictures.append(Picture(entry: picture.entry, block: block.number, number: number))
      }
    }
    pictures.sort { $0.entry < $1.entry }
    return pictures
  }

  /// Returns those of the pictures that belong to a shard.
  private func own(_ part: PackPart, shard: Int) -> ArraySlice<Picture> {
    let all = pictures[part] ?? []
    func first(from shard: Int) -> Int {
      var (low, high) = (0, all.count)
      while low < high {
        let middle = (low + high) / 2
        if plan.shard(of: all[middle].entry, part) < shard { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return all[first(from: shard)..<first(from: shard + 1)]
  }

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
    var (copied, waiting) = (0, 0)
    for shard in layout.files.indices {
      let own = blocks.filter { block in layout.runs[block.number].contains { $0.shard == shard } }
      guard !own.isEmpty else { continue }
      let output = try PackOutput(opening: layout.files[shard])
      for block in own {
        guard keepGoing(copied) else { return false }
        let count = try copy(block, plan, settings, layout.runs[block.number].filter { $0.shard == shard }, output)
        copied += count
        waiting += count
        if waiting >= unsynchronized {
          try output.synchronize()
          waiting = 0
        }
      }
      try output.synchronize()
      try output.close()
    }
    _ = keepGoing(copied)
    return true
  }

  /// Copies runs of a block to their places in a shard. Returns the number of bytes.
  private static func copy(
    _ block: PackPlan.Block, _ plan: PackPlan, _ settings: PackSettings, _ runs: [Run], _ output: borrowing PackOutput
  ) throws -> Int {
    let path = PackBlock.path(settings.workFolder, block.number)
    let damage = FileError(
      .damaged, path: path, problem: "expected a block that was finished, found one that is no longer whole",
      advice: "Remove it, and run the same command again: it makes the block again")
    guard let stored = PackBlock.stored(settings.workFolder, number: block.number, plan: plan.digest),
      let input = try? RegularFile(path)
    else { throw damage }
    let pictures = stored.header.pictures
    var starts = [stored.start]
    for picture in pictures { starts.append(starts[starts.count - 1] + picture.byteCount) }
    var copied = 0
    for run in runs {
      let range = starts[run.first]..<starts[run.first + run.count]
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 16)
      defer { bytes.deallocate() }
      guard input.fills(bytes, at: range.lowerBound) else { throw damage }
      for number in run.first..<run.first + run.count {
        let start = starts[number] - range.lowerBound
        let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + pictures[number].byteCount])
        guard xxHash64(part, seed: 0) == pictures[number].checksum else { throw damage }
      }
      try output.write(UnsafeRawBufferPointer(bytes), at: run.start)
      copied += range.count
    }
    return copied
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
    let isNameSynced = try FileSystem.synchronizeFolder(FileSystem.folder(of: settings.output))
    for block in blocks { try? FileSystem.remove(PackBlock.path(settings.workFolder, block.number)) }
    return PackingSummary(
      paths: paths, pictures: pictures, classes: plan.listing.classNames.count, bytes: byteCount,
      skipped: skipped.map { ($0.name, $0.reason) }, emptied: emptied, copies: copies, fingerprint: fingerprint,
      seconds: 0,
      isNameSynced: isNameSynced)
  }

  /// The pictures whose bytes an earlier one has, too: in another part, or of another class.
  private var copies: PackingSummary.Copies {
    var copies = PackingSummary.Copies()
    var known: [UInt64: (part: PackPart, label: Int32)] = [:]
    for part in PackPart.allCases {
      let labels = plan.listing.parts[part]?.entries.labels ?? []
      for place in pictures[part] ?? [] {
        let checksum = headers[place.block].pictures[place.number].checksum
        let label = labels[place.entry]
        guard let first = known[checksum] else {
          known[checksum] = (part, label)
          continue
        }
        if first.part != part { copies.ofOtherParts[part, default: 0] += 1 }
        if first.label != label { copies.ofOtherClasses += 1 }
      }
    }
    return copies
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
