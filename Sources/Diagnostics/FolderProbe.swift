import Foundation
import System

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
    let table = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    fileSystem = Self.fileSystem(of: path, mounts: table) ?? "unknown"
    var system = statvfs()
    if statvfs(path, &system) == 0, system.f_blocks > 0 {
      let blocks = geteuid() == 0 ? system.f_bfree : system.f_bavail
      let (free, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(system.f_frsize))
      freeBytes = overflow ? nil : Int(clamping: free)
    }
    tryOut(bytes)
  }

  /// Returns the folder itself, or the nearest existing one above it.
  static func nearestFolder(_ wanted: String) -> String {
    var url = URL(filePath: wanted).standardizedFileURL
    while url.path != "/" {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue { break }
      url.deleteLastPathComponent()
    }
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

  private mutating func tryOut(_ bytes: Int) {
    let name = ".doctor-\(getpid())-\(String(UInt32.random(in: 0...UInt32.max), radix: 16))"
    let (written, renamed) = ("\(path)/\(name)", "\(path)/\(name).renamed")
    defer {
      unlink(written)
      unlink(renamed)
    }
    let descriptor = open(written, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return fail("a file cannot be created") }
    defer { close(descriptor) }
    // No file system can compress random bytes.
    var generator = SystemRandomNumberGenerator()
    let pattern = (0..<(1 << 17)).map { _ in generator.next() }
    var failed = false
    writeSeconds = seconds {
      pattern.withUnsafeBytes { pattern in
        while writtenBytes < bytes, !failed {
          let offset = writtenBytes % pattern.count
          let count = write(
            descriptor, pattern.baseAddress! + offset, min(pattern.count - offset, bytes - writtenBytes))
          if count > 0 { writtenBytes += count } else if count < 0, errno != EINTR { failed = true }
        }
      }
    }
    guard !failed else { return fail("writing failed after \(writtenBytes) bytes") }
    syncSeconds = seconds { failed = fsync(descriptor) != 0 }
    guard !failed else { return fail("the file cannot be synced") }
    // The file shall be read from its disk and not from memory, as far as the system follows this advice.
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    var isSame = true
    readSeconds = seconds {
      var back = [UInt8](repeating: 0, count: 8 * pattern.count)
      var offset = 0
      pattern.withUnsafeBytes { pattern in
        while offset < writtenBytes, isSame {
          // Each read ends with the pattern at the latest, since the file holds it over and over.
          let place = offset % pattern.count
          let count = pread(descriptor, &back, min(pattern.count - place, writtenBytes - offset), off_t(offset))
          if count < 0, errno == EINTR { continue }
          isSame = count > 0 && memcmp(back, pattern.baseAddress! + place, count) == 0
          offset += max(count, 0)
        }
      }
    }
    guard isSame else { return fail("what was written does not read back") }
    locks = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    if locks { flock(descriptor, LOCK_UN) }
    renameSeconds = seconds {
      failed = rename(written, renamed) != 0
      let folder = open(path, O_RDONLY | O_CLOEXEC)
      if folder >= 0 {
        // A folder on some network file systems cannot be synced, and need not be.
        if fsync(folder) != 0, errno != EINVAL { failed = true }
        close(folder)
      }
    }
    if failed { fail("the file cannot be renamed") }
  }

  private mutating func fail(_ step: String) {
    failure = "\(step): \(String(cString: strerror(errno)))"
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
          .problem, "\(path): \(megabytes(freeBytes)) are free, but a run's checkpoints take \(megabytes(neededBytes))",
          advice: "Make room, keep fewer checkpoints (checkpoint.keep), or choose another folder with --run"))
    }
    if failure == nil, !locks {
      findings.append(
        Finding(
          .note, "\(path): this file system (\(fileSystem)) gives no locks",
          advice: "prelu-dist does without; for h5py and other readers export HDF5_USE_FILE_LOCKING=FALSE"))
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
          "\(path): writing and syncing \(megabytes(writtenBytes)) took "
            + "\(oneDigit(writeSeconds + syncSeconds)) s",
          advice: "Checkpoints will hold up training: choose a faster folder, or save less often "
            + "(--checkpoint-every)"))
    }
    return findings
  }
}

private func seconds(_ body: () -> Void) -> Double {
  let start = monotonicSeconds()
  body()
  return monotonicSeconds() - start
}

func megabytes(_ bytes: Int) -> String { "\(oneDigit(Double(bytes) / 1e6)) MB" }

func oneDigit(_ value: Double) -> String { String(format: "%.1f", value) }
