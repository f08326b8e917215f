import Foundation
import System
import SystemPackage

/// The fitness of a folder as a run folder: a file in it is written, synced, read back, renamed and locked as a
/// checkpoint is.
public struct FolderProbe: Equatable, Sendable, Codable {
  /// The folder that was examined: the one asked for, or the nearest existing one above it.
  public var path: String
  /// The kind of file system, as Linux names it, such as "lustre", "nfs4", "tmpfs" or "ext4".
  public var fileSystem: String
  public var freeBytes: Int?
  public var writtenBytes = 0
  public var writeSeconds = 0.0
  public var syncSeconds = 0.0
  public var renameSeconds = 0.0
  public var readSeconds = 0.0
  /// Whether the file can be locked, as HDF5 does.
  public var locks = false
  /// Whether the names in the folder can be synced, and not only the files.
  public var syncsFolders = true
  /// The first step that failed, with the system's words; nil where all succeeded.
  public var failure: String?

  package init(path: String, fileSystem: String, freeBytes: Int?) {
    (self.path, self.fileSystem, self.freeBytes) = (path, fileSystem, freeBytes)
  }

  /// Tries out the folder with a file, which is removed afterwards.
  ///
  /// - Parameters:
  ///   - wanted: the path of the folder, which need not exist.
  ///   - bytes: the size of the file.
  public init(_ wanted: String, bytes: Int = 16 << 20) {
    path = Self.nearestFolder(wanted)
    let table = (try? FileSystem.beginning(of: "/proc/self/mounts", limit: 1 << 20)) ?? []
    fileSystem = Self.fileSystem(of: path, mounts: String(decoding: table, as: UTF8.self)) ?? "unknown"
    freeBytes = FileSystem.freeBytes(path)
    do throws(FailedStep) {
      try tryOut(bytes)
    } catch {
      failure = "\(error.step): \(error.reason)"
    }
  }

  /// Returns the folder itself, or the nearest existing one above it.
  static func nearestFolder(_ wanted: String) -> String {
    var url = URL(filePath: wanted).standardizedFileURL
    while url.path != "/", !FileSystem.isFolder(url.path) { url.deleteLastPathComponent() }
    return url.path
  }

  /// Returns the kind of file system that holds a path; nil where the table does not say.
  ///
  /// - Parameter mounts: Linux's table of mounts, with device, place, kind and options on each line.
  package static func fileSystem(of path: String, mounts: String) -> String? {
    var best: (length: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 3 else { continue }
      let place = words[1].replacing("\\040", with: " ")
      guard path == place || place == "/" || path.hasPrefix(place + "/") else { continue }
      // Where two mounts have one place, the later one hides the earlier one.
      if place.count >= best?.length ?? 0 { best = (place.count, String(words[2])) }
    }
    return best?.kind
  }

  /// A step that failed, and the reason.
  private struct FailedStep: Error {
    let step: String
    let reason: String
  }

  /// Writes a file, syncs it, reads it back, locks and renames it, and takes the times.
  private mutating func tryOut(_ bytes: Int) throws(FailedStep) {
    let name = ".doctor-\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    let (written, renamed) = ("\(path)/\(name)", "\(path)/\(name).renamed")
    defer {
      try? FileSystem.remove(written)
      try? FileSystem.remove(renamed)
    }
    let file: OpenFile
    do throws(Errno) {
      file = try OpenFile(creating: written, permissions: .ownerReadWrite)
    } catch {
      throw FailedStep(step: "a file cannot be created", reason: "\(error)")
    }
    // No file system can compress random bytes.
    var generator = SystemRandomNumberGenerator()
    var pattern: [UInt8] = []
    for _ in 0..<(1 << 17) { withUnsafeBytes(of: generator.next()) { pattern.append(contentsOf: $0) } }
    do throws(Errno) {
      try write(pattern, bytes: bytes, to: file)
    } catch {
      throw FailedStep(step: "writing failed after \(writtenBytes) bytes", reason: "\(error)")
    }
    do throws(Errno) {
      let start = monotonicSeconds()
      try file.synchronize()
      syncSeconds = monotonicSeconds() - start
    } catch {
      throw FailedStep(step: "the file cannot be synced", reason: "\(error)")
    }
    do throws(Errno) {
      try readBack(pattern, from: file)
    } catch {
      throw FailedStep(step: "what was written does not read back", reason: "\(error)")
    }
    locks = file.canBeLocked()
    do throws(FileError) {
      let start = monotonicSeconds()
      try FileSystem.rename(written, to: renamed)
      syncsFolders = try FileSystem.synchronizeFolder(path)
      renameSeconds = monotonicSeconds() - start
    } catch {
      throw FailedStep(step: "the file cannot be renamed", reason: error.code.map { "\($0)" } ?? error.problem)
    }
  }

  /// Writes a file of `bytes` bytes that holds the pattern over and over.
  private mutating func write(_ pattern: [UInt8], bytes: Int, to file: borrowing OpenFile) throws(Errno) {
    let start = monotonicSeconds()
    while writtenBytes < bytes {
      let part = min(pattern.count, bytes - writtenBytes)
      try pattern.withUnsafeBufferPointer { (pattern) throws(Errno) in
        try file.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(pattern)[..<part]))
      }
      writtenBytes += part
    }
    writeSeconds = monotonicSeconds() - start
  }

  /// Reads the file back and compares it with the pattern.
  private mutating func readBack(_ pattern: [UInt8], from file: borrowing OpenFile) throws(Errno) {
    // The file shall be read from its disk and not from memory, as far as the system follows this advice.
    file.dropFromMemory()
    let start = monotonicSeconds()
    var back = [UInt8](repeating: 0, count: pattern.count)
    for offset in stride(from: 0, to: writtenBytes, by: pattern.count) {
      let part = min(pattern.count, writtenBytes - offset)
      let count = try back.withUnsafeMutableBufferPointer { (back) throws(Errno) in
        try file.read(
          into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: back[..<part])), at: offset)
      }
      guard count == part, back[..<part] == pattern[..<part] else { throw .ioError }
    }
    readSeconds = monotonicSeconds() - start
  }

  /// Returns what a person should know about the folder.
  ///
  /// - Parameters:
  ///   - neededBytes: the number of bytes that a run's checkpoints may take.
  ///   - hostsWithout: the hosts that do not see the folder's files.
  public func findings(neededBytes: Int, hostsWithout: [String]) -> [Finding] {
    var findings: [Finding] = []
    if let failure {
      findings.append(
        Finding(.problem, "\(path): \(failure)", advice: "Choose a run folder that can be written, with --run"))
    }
    if let freeBytes, freeBytes < neededBytes {
      findings.append(
        Finding(
          .problem, "\(path): \(byteText(freeBytes)) are free, but a run's checkpoints take \(byteText(neededBytes))",
          advice: "Make room, keep fewer checkpoints (checkpoint.keep), or choose another folder with --run"))
    }
    if failure == nil, !locks {
      findings.append(
        Finding(
          .note, "\(path): this file system (\(fileSystem)) gives no locks",
          advice: "prelu-dist does without; for h5py and other readers export HDF5_USE_FILE_LOCKING=FALSE"))
    }
    if failure == nil, !syncsFolders {
      findings.append(
        Finding(
          .warning, "\(path): this file system (\(fileSystem)) syncs files, but not the folders that name them",
          advice: "After a power loss the newest checkpoint may be missing, not damaged: the run goes on from the one "
            + "before"))
    }
    if fileSystem == "tmpfs" {
      findings.append(
        Finding(
          .warning, "\(path) is in the host's memory: its checkpoints are lost with the host",
          advice: "Choose a run folder on a disk that outlives the job, with --run"))
    }
    if !hostsWithout.isEmpty {
      findings.append(
        Finding(
          .warning, "\(path) is not the same folder on \(hostsWithout.joined(separator: ", "))",
          advice: "A run whose first rank starts on another host would not find its checkpoints: choose a shared "
            + "folder with --run"))
    }
    if failure == nil, writtenBytes > 0, writeSeconds + syncSeconds > 0,
      Double(writtenBytes) / (writeSeconds + syncSeconds) < 10e6
    {
      findings.append(
        Finding(
          .warning,
          "\(path): writing and syncing \(byteText(writtenBytes)) took "
            + "\(oneDigit(writeSeconds + syncSeconds)) s",
          advice: "Checkpoints will hold up training: choose a faster folder, or save less often "
            + "(--checkpoint-every)"))
    }
    return findings
  }
}

func oneDigit(_ value: Double) -> String { String(format: "%.1f", value) }
