import Foundation
import Glibc
import System
import SystemPackage

/// The claim of the process that makes a pack: a file in the work folder, locked as long as the process lives.
///
/// Another packing to the same output is refused by name. The system gives the lock back when the process ends in
/// whatever way, so a packing that was killed claims nothing. Where the file system gives no locks, the claim of a
/// process of the same host counts as long as that process lives.
final class PackClaim {
  /// The process of a claim.
  private struct Owner: Codable {
    var host: String
    var process: Int32
    /// The time of the claim: ISO 8601, UTC.
    var started: String
  }

  private static let name = "owner.json"

  private let path: String
  private let file: OpenFile

  /// - Parameter output: the pack's path, for messages.
  init(_ workFolder: String, output: String) throws(FileError) {
    path = "\(workFolder)/\(Self.name)"
    while true {
      let file: OpenFile
      do throws(Errno) {
        file = try OpenFile(sharing: path)
      } catch {
        // A packing that ended at this moment removed the folder.
        if error == .noSuchFileOrDirectory, (try? FileSystem.makeFolder(workFolder)) != nil { continue }
        throw FileError(.cannotCreate, path: path, what: "cannot be opened for writing", code: error)
      }
      let lock = file.lock()
      let owner = Self.read(path)
      if lock == .ofAnother || lock == .unavailable && owner.map(Self.isAlive) == true {
        throw Self.refusal(output, owner)
      }
      // The one that had the lock before may have removed the file meanwhile.
      guard Self.isSame(file, path) else { continue }
      try Self.write(to: file, path)
      self.file = file
      return
    }
  }

  /// Removes the claim while the file is still locked.
  func release() { try? FileSystem.remove(path) }

  deinit { release() }

  private static func refusal(_ output: String, _ owner: Owner?) -> FileError {
    let who = owner.map { "process \($0.process) on host \($0.host), since \($0.started)" } ?? "another process"
    return FileError(
      .cannotCreate, path: output, problem: "expected nobody else who packs to this output, found \(who)",
      advice: "Wait until it has ended, or choose another --output")
  }

  private static func isSame(_ file: borrowing OpenFile, _ path: String) -> Bool {
    guard let own = try? file.status(), let there = try? Stat(path) else { return false }
    return own.inode == there.inode && own.deviceID == there.deviceID
  }

  private static func isAlive(_ owner: Owner) -> Bool {
    owner.host == RunningProcess.hostName && owner.process != getpid()
      && RunningProcess.startTicks(of: owner.process) != nil
  }

  private static func read(_ path: String) -> Owner? {
    guard let bytes = try? FileSystem.beginning(of: path, limit: 4096) else { return nil }
    return try? JSONDecoder().decode(Owner.self, from: Data(bytes))
  }

  private static func write(to file: borrowing OpenFile, _ path: String) throws(FileError) {
    let owner = Owner(host: RunningProcess.hostName, process: getpid(), started: Date().formatted(.iso8601))
    guard let bytes = try? JSONEncoder().encode(owner) else { preconditionFailure("texts and numbers are always JSON") }
    do throws(Errno) {
      try file.resize(to: 0)
      try file.write(Array(bytes))
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be written", code: error)
    }
  }
}
