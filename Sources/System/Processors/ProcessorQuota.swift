import SystemPackage

/// A limit on the processor time of a control group (cgroup), which all processes in it and below it share. Container
/// runtimes and schedulers set it.
public struct ProcessorQuota: Equatable, Sendable, Codable {
  /// The group's identity on this host, which is the same for all processes that share the limit.
  public var group: String
  /// The processor time in each period over the period: the number of cores that can be busy all the time.
  public var cores: Double

  public init(group: String, cores: Double) {
    self.group = group
    self.cores = cores
  }

  /// Reads the limits of the groups that this process is in, of version 1 and 2, and of the groups above them, as far
  /// as the process sees them; none where there is no limit, or where the files cannot be read.
  ///
  /// - Parameter root: the folder in which `proc` lies, and below which the hierarchies are mounted; empty for the
  ///   machine's own.
  public static func ofThisProcess(root: String = "") -> [ProcessorQuota] {
    guard let groups = FileSystem.kernelText("\(root)/proc/self/cgroup"),
      let mounts = FileSystem.kernelText("\(root)/proc/self/mountinfo")
    else { return [] }
    let hierarchies = mounts.split(separator: "\n").compactMap { CgroupMount(String($0)) }
    return groups.split(separator: "\n").flatMap { line -> [ProcessorQuota] in
      // A line is "number:controllers:path"; version 2 has no controllers.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { return [] }
      let version: CgroupMount.Version
      switch parts[1] {
      case "": version = .two
      case let names where names.split(separator: ",").contains("cpu"): version = .one
      default: return []
      }
      let mounted = hierarchies.filter { $0.version == version }
      guard let mount = mounted.first(where: { $0.names(of: parts[2]) != nil }) ?? mounted.first else { return [] }
      return quotas(of: mount.names(of: parts[2]) ?? [], in: root + mount.folder, version)
    }
  }

  /// Returns the limits of a group and of those above it.
  ///
  /// - Parameter names: the folders that lead to it from the mounted one.
  private static func quotas(
    of names: [String], in folder: String, _ version: CgroupMount.Version
  ) -> [ProcessorQuota] {
    (0...names.count).reversed().compactMap { depth in
      let group = ([folder] + names[..<depth]).joined(separator: "/")
      guard let cores = cores(of: group, version), let status = try? FileSystem.status(group) else { return nil }
      return ProcessorQuota(group: "\(status.deviceID.rawValue):\(status.inode.rawValue)", cores: cores)
    }
  }

  /// Returns the limit of one group; nil where it has none.
  private static func cores(of group: String, _ version: CgroupMount.Version) -> Double? {
    let words: [String?]
    switch version {
    case .one:
      words = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map { FileSystem.kernelText("\(group)/\($0)") }
    case .two:
      words = (FileSystem.kernelText("\(group)/cpu.max") ?? "").split(separator: " ").map { String($0) }
    }
    // Without a limit the quota is -1 in version 1, and "max" in version 2.
    guard words.count == 2, let quota = words[0].flatMap({ Double($0) }), quota > 0,
      let period = words[1].flatMap({ Double($0) }), period > 0
    else { return nil }
    return quota / period
  }
}

/// The place where a hierarchy of control groups that limits processor time is mounted.
private struct CgroupMount {
  enum Version { case one, two }

  let version: Version
  /// The folder where it is mounted.
  let folder: String
  /// The path of the group that is mounted there.
  let top: String

  /// Reads a line of /proc/self/mountinfo, `proc(5)`; nil for any other mount.
  init?(_ line: String) {
    let halves = line.split(separator: " - ", maxSplits: 1)
    guard halves.count == 2 else { return nil }
    let (place, kind) = (halves[0].split(separator: " "), halves[1].split(separator: " "))
    guard place.count >= 5, kind.count >= 3 else { return nil }
    switch kind[0] {
    case "cgroup2": version = .two
    case "cgroup" where kind[2].split(separator: ",").contains("cpu"): version = .one
    default: return nil
    }
    top = Self.unescaped(place[3])
    folder = Self.unescaped(place[4])
  }

  /// Returns the folders that lead from the mounted one to a group, by the group's path; nil where it is not below.
  func names(of path: String) -> [String]? {
    func names(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }
    let (own, above) = (names(path), names(top))
    // A group outside of the process's namespace has a path that begins with "/..".
    guard own.starts(with: above), !own.contains("..") else { return nil }
    return Array(own.dropFirst(above.count))
  }

  /// Returns a text in which spaces, tabs, line ends and backslashes are written as `\` and three octal digits.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      let digits = rest.dropFirst().prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(4)
      } else {
        bytes.append(byte)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
