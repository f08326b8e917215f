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
    ControlGroup.ofThisProcess(limiting: "cpu", root: root).compactMap { group in
      guard let cores = cores(of: group), let status = try? FileSystem.status(group.folder) else { return nil }
      return ProcessorQuota(group: "\(status.deviceID.rawValue):\(status.inode.rawValue)", cores: cores)
    }
  }

  /// Returns the limit of one group; nil where it has none.
  private static func cores(of group: ControlGroup) -> Double? {
    let words: [String?] =
      switch group.version {
      case .one: ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map(group.text)
      case .two: (group.text("cpu.max") ?? "").split(separator: " ").map { String($0) }
      }
    // Without a limit the quota is -1 in version 1, and "max" in version 2.
    guard words.count == 2, let quota = words[0].flatMap({ Double($0) }), quota > 0,
      let period = words[1].flatMap({ Double($0) }), period > 0
    else { return nil }
    return quota / period
  }
}
