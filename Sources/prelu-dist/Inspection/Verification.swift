import Checkpoint
import Communication
import Configuration
import Kernels
import Packs
import Reports
import Synchronization
import System

/// The verification of a pack, a run folder or a checkpoint: everything in it is read, and compared with the digests
/// that were written with it.
struct Verification: Encodable {
  /// One file that was read.
  struct File: Encodable {
    let path: String
    let whole: Bool
    /// The contents in a few words, or the reason why it is not whole.
    let found: String
  }

  let path: String
  private(set) var files: [File] = []
  private(set) var whole = true

  /// - Throws: `FileError` where there is nothing to read at the path.
  init(_ path: String) throws(FileError) {
    self.path = path
    guard try FileSystem.status(path) != nil else {
      throw FileError(.missing, path: path, problem: "expected a pack, a run folder or a checkpoint, found nothing")
    }
    if FileSystem.isFolder(path) {
      try read(run: path)
    } else if Pack.isPack(path) {
      read(pack: path)
    } else {
      read(checkpoint: path)
    }
  }

  /// The lines for a person.
  var lines: [String] {
    files.map {
      ($0.whole ? "whole      " : "not whole  ") + ($0.found.hasPrefix($0.path) ? "" : "\($0.path): ") + $0.found
    }
  }

  /// - Throws: `Refusal` where something is not whole.
  func check() throws(Refusal) {
    let damaged = files.filter { !$0.whole }
    guard let first = damaged.first else { return }
    let others = damaged.count == 1 ? "" : " and \((damaged.count - 1).counted("other file"))"
    throw Refusal(
      .badData,
      "\(path): expected everything whole, found \(first.path)\(others) not to be: take another copy of what is "
        + "damaged; a run continues from a whole checkpoint by itself")
  }

  private mutating func note(_ path: String, _ body: () throws -> String) {
    do {
      files.append(File(path: path, whole: true, found: try body()))
    } catch {
      files.append(File(path: path, whole: false, found: "\(error)"))
      whole = false
    }
  }

  private mutating func read(checkpoint path: String) {
    note(path) {
      let header = try CheckpointFile.readHeader(path)
      let digest = try CheckpointFile.digest(ofFile: path)
      return "iteration \(header.state.iteration), \(header.tensors.count.counted("tensor")), digest \(digest)"
    }
  }

  // MARK: - Run folders

  private mutating func read(run path: String) throws(FileError) {
    let folder = try RunFolder.open(at: path)
    let checkpoints = try folder.checkpoints()
    for checkpoint in checkpoints.reversed() {
      // A run that goes on removes its older checkpoints.
      let isNamed = try folder.checkpoints().contains { $0.iteration == checkpoint.iteration }
      guard isNamed else { continue }
      read(checkpoint: checkpoint.path)
    }
    if checkpoints.isEmpty {
      note(path) {
        throw FileError(.missing, path: path, problem: "expected a run folder with checkpoints, found none in it")
      }
    }
    for text in RunFolder.Text.allCases where FileSystem.exists(folder.file(text.name)) {
      note(folder.file(text.name)) { try folder.verify(text) }
    }
    let settings = folder.file(RunFolder.configuration)
    if FileSystem.exists(settings) {
      note(settings) { "settings of the recipe \(try Configuration.load(recipe: settings).recipe)" }
    }
    note("\(path), its tables") {
      var contents = try RunContents(tablesOf: path)
      try contents.readEvaluations()
      let rows = [
        contents.metrics.count, contents.times.count, contents.progress.count, contents.places.count,
        contents.statistics.count, contents.classErrors.count, contents.predictions.count,
      ].reduce(0, +)
      return rows.counted("row", grouped: true)
    }
  }

  // MARK: - Packs

  /// The largest number of damaged pictures that are named.
  private static let namedPictures = 20

  private mutating func read(pack path: String) {
    let pack: Pack
    do throws(FileError) {
      pack = try Pack(path)
    } catch {
      return note(path) { throw error }
    }
    let pool = ThreadPool(threads: ThreadPlan(ofThisProcess: nil).ranks[0].count)
    for part in PackPart.allCases {
      guard let images = pack.images(part) else { continue }
      let damaged = Self.damagedPictures(of: images, on: pool)
      for (_, problem) in damaged.prefix(Self.namedPictures) { note(path) { throw problem } }
      let rest = damaged.count > Self.namedPictures ? ", of which \(Self.namedPictures) are named" : ""
      note("\(pack.path), /\(part.rawValue)") {
        guard damaged.isEmpty else {
          throw Refusal(
            .badData, "\(damaged.count.counted("picture")) of \(images.count.grouped) are damaged\(rest)")
        }
        return images.count.counted("picture", grouped: true)
      }
    }
  }

  /// Reads all pictures' bytes, and returns those that are damaged, in their order.
  private static func damagedPictures(of images: PackImages, on pool: ThreadPool) -> [(Int, any Error)] {
    let damaged = Mutex<[(Int, any Error)]>([])
    let piece = 64
    pool.parallelFor(images.count.dividedUp(by: piece)) { number, _ in
      var bytes: [UInt8] = []
      for index in number * piece..<min((number + 1) * piece, images.count) {
        let count = images.byteCount(of: index)
        if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
        do {
          try bytes.withUnsafeMutableBufferPointer { try images.read(index, into: $0.baseAddress!) }
        } catch {
          damaged.withLock { $0.append((index, error)) }
        }
      }
    }
    return damaged.withLock { $0 }.sorted { $0.0 < $1.0 }
  }
}
