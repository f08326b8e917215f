/// The memory of this host that this process may still ask for, in bytes.
public struct HostMemory: Equatable, Sendable, Codable {
  /// The memory that can be had without swapping, as far as the system knows: caches of files give way.
  public var available: Int
  /// The memory of the host, or the limit of a control group where that is what limits `available`.
  public var total: Int
  /// Whether a control group limits it.
  public var isLimitedByGroup: Bool

  public init(available: Int, total: Int, isLimitedByGroup: Bool = false) {
    self.available = available
    self.total = total
    self.isLimitedByGroup = isLimitedByGroup
  }

  /// Reads what the system and the control groups of this process leave; nil where Linux does not say.
  ///
  /// - Parameter root: the folder in which `proc` lies, and below which the control groups are mounted; empty for the
  ///   machine's own.
  public static func now(root: String = "") -> HostMemory? {
    guard let text = FileSystem.kernelText("\(root)/proc/meminfo") else { return nil }
    func bytes(_ name: String) -> Int? {
      let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
      return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }
    guard let total = bytes("MemTotal"), let free = bytes("MemAvailable") else { return nil }
    var memory = HostMemory(available: free + (bytes("SwapFree") ?? 0), total: total)
    for group in ControlGroup.ofThisProcess(limiting: "memory", root: root) {
      guard let limit = limit(of: group), limit.left < memory.available else { continue }
      memory = HostMemory(available: limit.left, total: limit.bytes, isLimitedByGroup: true)
    }
    return memory
  }

  /// Returns the limit of a group and what is left of it; nil where it has none.
  private static func limit(of group: ControlGroup) -> (bytes: Int, left: Int)? {
    let (limit, usage, file) =
      switch group.version {
      case .one: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
      case .two: ("memory.max", "memory.current", "inactive_file")
      }
    // Without a limit it is "max" in version 2, and near 2⁶³ in version 1.
    guard let bytes = group.text(limit).flatMap({ Int($0) }), bytes < 1 << 60,
      let used = group.text(usage).flatMap({ Int($0) })
    else { return nil }
    // Files that nobody has read lately give way.
    let line = (group.text("memory.stat") ?? "").split(separator: "\n").first { $0.hasPrefix("\(file) ") }
    let cached = line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    return (bytes, max(0, bytes - used + cached))
  }
}
