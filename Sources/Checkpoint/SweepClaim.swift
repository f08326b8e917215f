import Glibc
import System

/// The claim of the process that trains the runs of a sweep: a file in the folder that the runs' folders lie in.
///
/// Each run has a claim of its own, too. This one keeps two processes from starting the same runs; a job that trains
/// one run of the sweep needs only the run's.
public struct SweepClaim: Sendable {
  /// The name of the file.
  public static let fileName = RunFile.sweepOwner

  private let folder: String
  private let identifier: String
  private var file: String { FileSystem.path(Self.fileName, in: folder) }

  /// Claims a folder, which must be there.
  ///
  /// - Throws: `.takenOver` where another process of this host has claimed it and lives; `.cannotCreate` or
  ///   `.cannotWrite` where the folder cannot be written.
  public init(folder: String) throws(FileError) {
    self.folder = folder
    identifier = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let (file, identifier) = (file, identifier)
    // Of two starts at once, the second one finds the first one's claim.
    try FileSystem.whileLocked(folder, patience: 5) { () throws(FileError) in
      if let claim = try? RunClaim.read(file), claim.isOfLivingNeighbor, claim.isOf(folder) {
        throw FileError(
          .takenOver, path: folder,
          problem: "expected a folder in which no other process trains the runs of a sweep, found it in use by process "
            + "\(claim.process) on this host since \(claim.started)",
          advice: "Wait for its end, stop it (kill \(claim.process)), or choose another --folder")
      }
      try RunClaim.now(identifier, identity: nil, folder: folder).write(to: file, temporary: "\(file).tmp.\(getpid())")
    }
  }

  /// Checks that the folder is still this process's.
  ///
  /// - Throws: `.takenOver` where a later sweep has claimed it, as one on another host can.
  public func check() throws(FileError) {
    guard let claim = try? RunClaim.read(file), claim.run != identifier else { return }
    throw FileError(
      .takenOver, path: folder,
      problem: "expected to train the sweep alone, found that process \(claim.process) on host \(claim.host) has begun "
        + "it, too, at \(claim.started)",
      advice: "This process starts no more runs: stop one of the two")
  }
}
