/// The memory that this process has, in bytes; 0 where the system does not say.
public enum ProcessMemory {
  /// The resident memory: what it has touched and still has.
  public static var resident: Int { bytes("VmRSS") }
  /// The largest resident memory that it has had so far.
  public static var largest: Int { bytes("VmHWM") }

  private static func bytes(_ name: String) -> Int {
    // The system gives it in units of 1024 bytes.
    (processStatus(name)?.split(separator: " ").first.flatMap { Int($0) } ?? 0) << 10
  }
}
