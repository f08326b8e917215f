import Synchronization
import SystemPackage

/// The output that a process is started with.
public enum StandardOutput {
  private static let lastFailure = Atomic<CInt>(0)

  /// Writes a text at once and whole. A reader that has gone is not an error; any other failure is kept: see `failure`.
  public static func write(_ text: String) {
    do {
      try FileDescriptor.standardOutput.writeAll(text.utf8)
    } catch {
      let code = error as? Errno ?? .ioError
      if code != .brokenPipe { lastFailure.store(code.rawValue, ordering: .relaxed) }
    }
  }

  /// The system's words for the last failure, after which something of what was written is missing; nil for none.
  public static var failure: String? {
    let number = lastFailure.load(ordering: .relaxed)
    return number == 0 ? nil : "\(Errno(rawValue: number))"
  }
}
