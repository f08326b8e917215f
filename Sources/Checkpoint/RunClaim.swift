import Foundation
import System

/// The claim of the process that may write to a run folder: the contents of the folder's file `owner.json`.
struct RunClaim: Codable {
  static let fileName = RunFile.owner.rawValue

  let run: String
  let host: String
  let process: Int32
  /// The time of the claim: ISO 8601, UTC.
  let started: String
  /// The time of the process's start by its host's clock (`RunningProcess`).
  let startTicks: Int?
  /// The identity of the run (``RunIdentity``); nil where the process or its version gave none.
  let identity: String?
  /// The inode of the folder that was claimed: a copy of the folder has another one, and is nobody's.
  let inode: UInt64?

  /// A claim of this process.
  ///
  /// - Parameter folder: the folder that is claimed.
  static func now(_ runIdentifier: String, identity: String?, folder: String) -> RunClaim {
    RunClaim(
      run: runIdentifier, host: RunningProcess.hostName, process: getpid(), started: Date().formatted(.iso8601),
      startTicks: RunningProcess.startTicks(of: getpid()), identity: identity, inode: inode(of: folder))
  }

  private static func inode(of folder: String) -> UInt64? {
    (try? FileSystem.status(folder)).map { UInt64($0.inode.rawValue) }
  }

  /// Whether the claim is of the folder that it lies in, and not of another one that was copied.
  func isOf(_ folder: String) -> Bool { inode == nil || inode == Self.inode(of: folder) }

  /// Whether another process of this host has made the claim and lives. Those of other hosts cannot be seen.
  var isOfLivingNeighbor: Bool {
    guard host == RunningProcess.hostName, process != getpid(), let startTicks else { return false }
    return RunningProcess.startTicks(of: process) == startTicks
  }

  func write(to path: String, temporary: String) throws(FileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let bytes = try? encoder.encode(self) else { preconditionFailure("texts and numbers are always JSON") }
    try FileSystem.replace(path, with: String(decoding: bytes, as: UTF8.self) + "\n", temporary: temporary)
  }

  /// Reads a claim; returns nil where there is no such file.
  static func read(_ path: String) throws(FileError) -> RunClaim? {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileSystem.beginning(of: path, limit: 4096)
    } catch {
      if error.kind == .missing { return nil }
      throw error
    }
    guard let claim = try? JSONDecoder().decode(RunClaim.self, from: Data(bytes)) else {
      throw FileError(
        .takenOver, path: path, problem: "cannot be understood, so it is not known which run the folder belongs to",
        advice: "Remove the file if no other process writes here")
    }
    return claim
  }
}
