import Foundation
import System
import SystemPackage

/// What a folder is good for as a run folder: written, synced, read back, renamed and locked as a checkpoint is.
public struct FolderProbe: Equatable, Sendable, Codable {
  /// The folder that was looked at: the one asked for, or the nearest above it that exists.
  public var path: String
  /// As Linux names it: "lustre", "nfs4", "tmpfs", "ext4".
  public var fileSystem: String
  public var freeBytes: Int?
  public var writtenBytes = 0
  public var writeSeconds = 0.0
  public var syncSeconds = 0.0
  public var renameSeconds = 0.0
  public var readSeconds = 0.0
  /// Whether a lock can be taken, as HDF5 does.
  public var locks = false
  /// The first step that failed, with the system's words; nil where all went well.
  public var failure: String?

  package init(path: String, fileSystem: String, freeBytes: Int?) {
    (self.path, self.fileSystem, self.freeBytes) = (path, fileSystem, freeBytes)
  }

  /// Tries the folder with a file of so many bytes, which is gone afterwards.
  public init(_ wanted: String, bytes: Int = 16 << 20) {
    path = Self.nearestFolder(wanted)
    let table = (try? FileSystem.beginning(of: "/proc/self/mounts", limit: 1 << 20)) ?? []
    fileSystem = Self.fileSystem(of: path, mounts: String(decoding: table, as: UTF8.self)) ?? "unknown"
    freeBytes = FileSystem.freeBytes(path)
    do throws(Refusal) {
      try tryOut(bytes)
    } catch {
      failure = "\(error.step): \(error.reason)"
    }
  }

  static func nearestFolder(_ wanted: String) -> String {
    var url = URL(filePath: wanted).standardizedFileURL
    while url.path != "/", !FileSystem.isFolder(url.path) { url.deleteLastPathComponent() }
    return url.path
  }

  /// The kind of file system that holds a path, by Linux's table of mounts: device, place, kind, options in each line.
  package static func fileSystem(of path: String, mounts: String) -> String? {
    var best: (length: Int, kind: String)?
    for line in mounts.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 3 else { continue }
      let place = words[1].replacing("\\040", with: " ")
      guard path == place || place == "/" || path.hasPrefix(place + "/") else { continue }
      // Of two mounts on one place the later one hides the earlier.
      if place.count >= best?.length ?? 0 { best = (place.count, String(words[2])) }
    }
    return best?.kind
  }

  /// A step that failed, and why.
  private struct Refusal: Error {
    let step: String
    let reason: String
  }

  private mutating func tryOut(_ bytes: Int) throws(Refusal) {
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
      throw Refusal(step: "a file cannot be created", reason: "\(error)")
    }
    // No file system can squeeze these.
    var generator = SystemRandomNumberGenerator()
    var pattern: [UInt8] = []
    for _ in 0..<(1 << 17) { withUnsafeBytes(of: generator.next()) { pattern.append(contentsOf: $0) } }
    do throws(Errno) {
      try write(pattern, bytes: bytes, to: file)
    } catch {
      throw Refusal(step: "writing failed after \(writtenBytes) bytes", reason: "\(error)")
    }
    do throws(Errno) {
      let start = monotonicSeconds()
      try file.synchronize()
      syncSeconds = monotonicSeconds() - start
    } catch {
      throw Refusal(step: "the file cannot be synced", reason: "\(error)")
    }
    do throws(Errno) {
      try readBack(pattern, from: file)
    } catch {
      throw Refusal(step: "what was written does not read back", reason: "\(error)")
    }
    locks = file.canBeLocked()
    do throws(FileError) {
      let start = monotonicSeconds()
      try FileSystem.rename(written, to: renamed)
      try FileSystem.synchronize(path)
      renameSeconds = monotonicSeconds() - start
    } catch {
      throw Refusal(step: "the file cannot be renamed", reason: error.code.map { "\($0)" } ?? error.problem)
    }
  }

  /// Writes the pattern again and again.
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

  private mutating func readBack(_ pattern: [UInt8], from file: borrowing OpenFile) throws(Errno) {
    // Not the bytes in memory, as far as the system lets itself be asked.
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

  /// What to do about the folder.
  ///
  /// - Parameters:
  ///   - neededBytes: what a run's checkpoints may take.
  ///   - hostsWithout: the hosts on which the folder's files are not seen.
  public func findings(neededBytes: Int, hostsWithout: [String]) -> [Finding] {
    var findings: [Finding] = []
    if let failure {
      findings.append(
        Finding(.problem, "\(path): \(failure)", advice: "Choose a run folder that can be written, with --run"))
    }
    if let freeBytes, freeBytes < neededBytes {
      findings.append(
        Finding(
          .problem, "\(path): \(byteText(freeBytes)) are free, a run's checkpoints take \(byteText(neededBytes))",
          advice: "Make room, keep fewer checkpoints (checkpoint.keep), or choose another folder with --run"))
    }
    if failure == nil, !locks {
      findings.append(
        Finding(
          .note, "\(path): this file system (\(fileSystem)) gives no locks",
          advice: "prelu-dist goes on without; for h5py and other readers export HDF5_USE_FILE_LOCKING=FALSE"))
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
