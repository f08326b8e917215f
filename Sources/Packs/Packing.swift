import Communication
import Glibc
import Images
import Kernels
import Synchronization
import System

/// A message from a packing to whoever shows its progress. Only rank 0 reports.
public enum PackingEvent: Sendable {
  /// The pictures were found; `finished` of them are there from an earlier start.
  case listed(PackListing, finished: Int)
  case progress(PackingProgress)
  /// All pictures are taken in, and the pack itself is being written.
  case assembling(bytes: Int)
  /// The number of the pack's bytes that are on the device, as rank 0 extrapolates it from its own share.
  case copying(bytes: Int, of: Int, secondsLeft: Double)
}

/// The progress of a packing.
public struct PackingProgress: Sendable {
  public var pictures: Int
  public var of: Int
  public var skipped: Int
  /// The rate since this start.
  public var picturesPerSecond: Double
  public var secondsLeft: Double
}

/// The result of a packing.
public struct PackingSummary: Sendable {
  public var paths: [String]
  public var pictures: [PackPart: Int]
  public var classes: Int
  public var bytes: Int
  /// The files that were left out, with the reason.
  public var skipped: [(name: String, reason: String)]
  /// The classes of which every picture of a part was left out.
  public var emptied: [(part: PackPart, className: String)]
  /// The pictures whose bytes others have, too.
  public var copies = Copies()
  public var fingerprint: String
  public var seconds: Double
  /// Whether the names of the pack's files are on the device, and not only the files.
  public var isNameSynced = true

  /// Numbers of pictures whose bytes an earlier picture has, too.
  public struct Copies: Sendable {
    /// Those of each part whose first one is in another part.
    public var ofOtherParts: [PackPart: Int] = [:]
    /// Those whose first one is of another class.
    public var ofOtherClasses = 0
  }
}

/// Makes a pack of pictures on all ranks. Each rank takes in blocks of pictures, which wait in a work folder; then the
/// blocks are assembled.
///
/// If a packing is killed, the next start continues with the blocks that are there. The work folder must be visible to
/// all ranks.
public struct Packing {
  private let settings: PackSettings
  private let world: World
  private let stop: () -> Bool
  private let report: (PackingEvent) -> Void

  /// - Parameters:
  ///   - stop: A closure that is asked now and then; its answer may differ between ranks.
  ///   - report: A closure that is called on rank 0.
  public init(
    _ settings: PackSettings, world: World, stop: @escaping () -> Bool, report: @escaping (PackingEvent) -> Void
  ) {
    self.settings = settings
    self.world = world
    self.stop = stop
    self.report = world.rank == 0 ? report : { _ in }
  }

  /// - Returns: The result, or nil if the packing was told to stop before the end.
  /// - Throws: `RankFailure`, the same on all ranks.
  public func run() throws -> PackingSummary? {
    let start = monotonicSeconds()
    HeapMemory.keepFreed()
    var made: PackPlan?
    let head = try world.fromRoot {
      try checkOutput()
      let plan = try PackPlan(settings)
      made = plan
      return plan.head
    }
    var plan = made ?? PackPlan(head: head)
    made = nil
    try plan.broadcastEntries(world)
    var claim: PackClaim?
    try world.agree {
      guard world.rank == 0 else { return }
      try makeWorkFolder()
      claim = try PackClaim(settings.workFolder, output: settings.output)
      do {
        try checkOutput(beside: plan)
      } catch {
        claim?.release()
        FileSystem.removeFolder(settings.workFolder)
        throw error
      }
    }
    try world.barrier()
    guard try takeIn(plan) else { return nil }
    var summary = try assemble(plan)
    claim?.release()
    if world.rank == 0, summary != nil { FileSystem.removeFolder(settings.workFolder) }
    summary?.seconds = monotonicSeconds() - start
    return summary
  }

  /// Refuses to replace any file. If a work folder is left, an earlier start may have been killed while it was renaming
  /// the pack's files. The files that already have their names are then replaced by the same files, which
  /// `PackAssembly` verifies.
  private func checkOutput() throws {
    for path in settings.paths { try RunFile.check(path, kind: "a pack") }
    if FileSystem.isFolder(settings.workFolder) { return }
    for path in settings.paths where try FileSystem.status(path) != nil { throw FileError(exists: path) }
  }

  /// Refuses to replace any file if the work folder is a new one: another packing has ended since `checkOutput`.
  private func checkOutput(beside plan: PackPlan) throws {
    let waiting = plan.blocks.contains { FileSystem.exists(PackBlock.path(settings.workFolder, $0.number)) }
    guard !waiting, let path = settings.paths.first(where: FileSystem.exists) else { return }
    throw FileError(exists: path)
  }

  private func makeWorkFolder() throws(FileError) {
    let path = settings.workFolder
    do throws(FolderError) {
      try FileSystem.makeFolder(path)
    } catch {
      switch error {
      case .isFile:
        throw FileError(
          .cannotCreate, path: path, problem: "expected a work folder, found a file",
          advice: "Move it away, or choose another --output")
      case .refused(let code, _):
        throw FileError(.cannotCreate, path: path, what: "the work folder cannot be created", code: code)
      }
    }
  }

  // MARK: - Taking in

  /// Makes the blocks that do not exist yet. Returns false if it was told to stop.
  private func takeIn(_ plan: PackPlan) throws -> Bool {
    let own = plan.blocks.filter { $0.number % world.size == world.rank }
    var open: [PackPlan.Block] = []
    var counts = [Int64](repeating: 0, count: 2)  // pictures and skipped
    let pool = ThreadPool(threads: settings.threads)
    for (block, skipped) in zip(own, finished(own, plan, pool)) {
      if let skipped {
        counts[0] += Int64(block.places.count)
        counts[1] += Int64(skipped)
      } else {
        open.append(block)
      }
    }
    var totals = counts
    try world.allreduceSum(&totals)
    let finished = Int(totals[0])
    report(.listed(plan.listing, finished: finished))
    var rounds = [Int64(open.count.dividedUp(by: settings.threads))]
    try world.allreduceMaximum(&rounds)
    let intakes = (0..<settings.threads).map { _ in Intake(intake: BlockIntake(plan)) }
    let queue = BlockQueue(plan, open)
    let start = monotonicSeconds()
    for round in 0..<Int(rounds[0]) {
      let first = round * settings.threads
      let part = Array(open.dropFirst(first).prefix(settings.threads))
      let results = Mutex<[Result<Int, any Error>?]>(Array(repeating: nil, count: part.count))
      let stopping = Atomic<Bool>(false)
      pool.parallelFor(part.count) { _, thread in
        let item = queue.take()
        let result: Result<Int, any Error>?
        do {
          // Signals reach the whole process, so the calling thread asks for all threads.
          let block = try intakes[thread].intake.make(item.block, item.contents) {
            if stopping.load(ordering: .relaxed) { return false }
            if thread == 0, stop() { stopping.store(true, ordering: .relaxed) }
            return !stopping.load(ordering: .relaxed)
          }
          try block?.write(to: settings.workFolder)
          result = block.map { .success($0.header.skipped.count) }
        } catch {
          result = .failure(error)
        }
        let outcome = result
        results.withLock { $0[item.number - first] = outcome }
      }
      try world.agree {
        for result in results.withLock({ $0 }) { _ = try result?.get() }
      }
      for (block, result) in zip(part, results.withLock { $0 }) {
        guard case .success(let skipped) = result else { continue }
        counts[0] += Int64(block.places.count)
        counts[1] += Int64(skipped)
      }
      var totals = counts
      try world.allreduceSum(&totals)
      let stops = try world.any(stop())
      let rate = Double(Int(totals[0]) - finished) / max(monotonicSeconds() - start, 1e-9)
      report(
        .progress(
          PackingProgress(
            pictures: Int(totals[0]), of: plan.listing.count, skipped: Int(totals[1]), picturesPerSecond: rate,
            secondsLeft: Double(plan.listing.count - Int(totals[0])) / max(rate, 1e-9))))
      if stops { return false }
    }
    return true
  }

  /// Returns, for each block that is whole and made of the files as they are now, the number of files that it left out,
  /// and nil for the others. The check of many remote files takes time, hence the threads.
  private func finished(_ blocks: [PackPlan.Block], _ plan: PackPlan, _ pool: ThreadPool) -> [Int?] {
    let found = Mutex<[Int?]>(Array(repeating: nil, count: blocks.count))
    pool.parallelFor(blocks.count) { index, _ in
      guard let stored = PackBlock.stored(settings.workFolder, number: blocks[index].number, plan: plan.digest),
        plan.skips || stored.header.skipped.isEmpty, BlockIntake.isCurrent(stored.header, blocks[index], plan)
      else { return }
      found.withLock { $0[index] = stored.header.skipped.count }
    }
    return found.withLock { $0 }
  }

  /// Sendable: only thread i of the pool uses the i-th intake.
  private struct Intake: @unchecked Sendable {
    let intake: BlockIntake
  }

  // MARK: - Putting together

  /// Returns the result, or nil if it was told to stop.
  private func assemble(_ plan: PackPlan) throws -> PackingSummary? {
    let blocks = plan.blocks
    var assembly: PackAssembly?
    // Rank 0 lays out the files, all ranks copy bytes to their places, and rank 0 puts the files in place.
    let layout = try world.fromRoot {
      let made = try PackAssembly(plan, settings)
      assembly = made
      report(.assembling(bytes: made.byteCount))
      return try made.create()
    }
    let own = blocks.filter { $0.number % world.size == world.rank }
    var stopped = false
    let start = monotonicSeconds()
    let (all, share) = (assembly?.byteCount ?? 0, assembly?.byteCount(of: own) ?? 0)
    try world.agree {
      stopped = try !PackAssembly.copy(own, plan, settings, layout: layout) { copied in
        if copied > 0 {
          // The ranks' shares are nearly equal.
          let part = Double(copied) / Double(max(share, 1))
          report(
            .copying(
              bytes: Int(part * Double(all)), of: all, secondsLeft: (monotonicSeconds() - start) * (1 - part) / part))
        }
        return !stop()
      }
    }
    if try world.any(stopped) {
      try world.agree { assembly?.discard() }
      return nil
    }
    let summary = try world.agree { try assembly?.finish() }
    return try world.agree {
      summary
        ?? PackingSummary(
          paths: [], pictures: [:], classes: plan.listing.classNames.count, bytes: 0, skipped: [],
          emptied: [], fingerprint: "", seconds: 0)
    }
  }
}
