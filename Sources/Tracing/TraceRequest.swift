import System
import SystemPackage

/// A request for a trace of a run's first steps.
public struct TraceRequest: Sendable {
  /// The file, which rank 0 writes.
  public var path: String
  /// The number of steps to record.
  public var steps: Int
  /// The name and version of the program, and the command as typed, for the file.
  public var program: String
  public var commandLine: String

  public init(path: String, steps: Int = defaultSteps, program: String, commandLine: String) {
    self.path = path
    self.steps = steps
    self.program = program
    self.commandLine = commandLine
  }

  public static let defaultSteps = 5
  /// The numbers of steps that can be recorded.
  public static let stepRange = 1...1000

  /// Returns the number of events that there is room for on each thread: a step of a deep network has some thousands on
  /// a thread that computes all of its rank's leaves. They take 32 bytes each, and at most 256 MiB on a rank.
  func capacity(threads: Int) -> Int { min(max(steps, 2) << 15, 1 << 20, 1 << 23 / max(threads, 1)) }

  /// Refuses a path where the trace could not be written, a name that a run has for a file of its own, and a file that
  /// no earlier trace has left.
  ///
  /// - Parameter run: the folder of the run that is about to begin; nil for none.
  public func check(run: String? = nil) throws(FileError) {
    try RunFile.check(path, kind: "a trace", run: run)
    try FileSystem.checkWritable(path)
    guard try FileSystem.status(path) != nil else { return }
    let expected = "no file, or a trace that prelu-dist has written"
    let found: String
    do throws(RegularFileError) {
      let head = try RegularFile(path).beginning(limit: 4096)
      if head.starts(with: TraceText.signature.utf8) { return }
      found = FileKind(head).name
    } catch {
      guard case .otherKind(let other) = error else { throw FileError(error, path: path, expected: expected) }
      found = other
    }
    throw FileError(
      .cannotCreate, path: path, problem: "expected \(expected), found \(found)",
      advice: "Give another name, or remove it")
  }
}
