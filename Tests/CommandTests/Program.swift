import Foundation

/// The built program, run as a user would.
struct Program {
  struct Outcome {
    let exitCode: Int32
    let output: String
    let errors: String
  }

  /// The folder that SwiftPM puts the program and this test bundle into.
  private static let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent()

  static var path: String {
    let build = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".build/release/prelu-dist").path
    let beside = folder.appending(path: "prelu-dist").path
    return FileManager.default.fileExists(atPath: beside) ? beside : build
  }

  /// Runs without `mpirun` where `ranks` is nil.
  static func run(_ arguments: [String], ranks: Int? = nil, in directory: String) throws -> Outcome {
    let (process, output, errors) = try start(arguments, ranks: ranks, in: directory)
    process.waitUntilExit()
    return Outcome(
      exitCode: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Runs another program to its end.
  static func capture(_ program: String, _ arguments: [String]) throws -> Outcome {
    let folder = try TestFolder()
    let (output, errors) = ("\(folder.path)/output", "\(folder.path)/errors")
    let process = try ChildProcess(
      program, arguments, environment: ProcessInfo.processInfo.environment, in: folder.path, output: output,
      errors: errors)
    return Outcome(
      exitCode: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  /// Starts it; output and errors go to files, so that a full pipe cannot stop it.
  static func start(
    _ arguments: [String], ranks: Int? = nil, in directory: String
  ) throws -> (process: ChildProcess, output: URL, errors: URL) {
    var environment = ProcessInfo.processInfo.environment.filter {
      // The variables of an outer mpirun are not meant for this program.
      !$0.key.hasPrefix("OMPI_") && !$0.key.hasPrefix("PMIX_") && !$0.key.hasPrefix("ORTE_")
    }
    environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    // Open MPI waits this number of seconds before it asks ranks to end, and again before it kills them, also where a
    // rank has ended with an error: every test of such an end takes as long.
    environment["OMPI_MCA_odls_base_sigkill_timeout"] = "4"
    environment["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none"
    let name = UUID().uuidString
    let output = URL(filePath: directory).appending(path: "\(name).out")
    let errors = URL(filePath: directory).appending(path: "\(name).err")
    let mpirun = ranks.map { ["--oversubscribe", "--bind-to", "none", "-np", "\($0)", path] } ?? []
    let process = try ChildProcess(
      ranks == nil ? path : "/usr/bin/mpirun", mpirun + arguments, environment: environment, in: directory,
      output: output.path, errors: errors.path)
    return (process, output, errors)
  }

  /// Returns the processes that `process` has started, and those that they have started, in no order: under `mpirun`
  /// the ranks.
  static func descendants(of process: ChildProcess) -> [pid_t] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { pid_t($0) } ?? []
    let parents = all.compactMap { id -> (child: pid_t, parent: pid_t)? in
      guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8),
        let line = status.split(separator: "\n").first(where: { $0.hasPrefix("PPid:") }),
        let parent = pid_t(line.dropFirst(5).trimmingCharacters(in: .whitespaces))
      else { return nil }
      return (id, parent)
    }
    var found: [pid_t] = [process.processIdentifier]
    var next = 0
    while next < found.count {
      found += parents.filter { $0.parent == found[next] }.map(\.child)
      next += 1
    }
    return Array(found.dropFirst())
  }

  /// Returns the rank that Open MPI has given a process; nil for a process that is not a rank.
  static func rank(of process: pid_t) -> Int? {
    guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return nil }
    let name = "OMPI_COMM_WORLD_RANK="
    let entries = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    return entries.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
  }

  /// Waits until a condition is true, 120 seconds at most. Returns whether it is.
  static func wait(for condition: () -> Bool) -> Bool {
    let deadline = Date().addingTimeInterval(120)
    while !condition() {
      guard Date() < deadline else { return false }
      usleep(1000)
    }
    return true
  }

  /// Returns the digest of all parameters and momentum of a run's newest checkpoint, and its iteration.
  static func inspect(_ run: String, in directory: String) throws -> (digest: String, iteration: Int) {
    let outcome = try self.run(["inspect", run, "--json"], in: directory)
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
    guard let digest = object?["digest"] as? String, let iteration = object?["iteration"] as? Int else {
      throw CocoaError(.fileReadCorruptFile)
    }
    return (digest, iteration)
  }
}

/// A folder for one test, which is removed afterwards.
final class TestFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "prelu-dist-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Whether the files of Debian's dataset-fashion-mnist are installed.
let hasFashionMNIST = FileManager.default.fileExists(
  atPath: "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")

/// Whether this process is not a rank of an outer `mpirun`, where tests that start ranks of their own are skipped.
let isOutsideMPI = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] == nil

/// The folder where Tests/Golden/photos.py puts its pictures.
let goldenPhotos = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Golden/photos").path
