import Foundation
import TestSupport

/// The built program, run as a user would.
struct Program {
  typealias Outcome = ChildProcess.Outcome

  /// The folder that SwiftPM puts the program and this test bundle into.
  private static let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent()

  static var path: String {
    let build = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: ".build/release/prelu-dist").path
    let beside = folder.appending(path: "prelu-dist").path
    return FileManager.default.fileExists(atPath: beside) ? beside : build
  }

  /// Runs the program to its end, without `mpirun` where `ranks` is nil.
  ///
  /// - Parameter variables: variables of the environment that are added, without `mpirun` only.
  static func run(
    _ arguments: [String], ranks: Int? = nil, variables: [String: String] = [:], in directory: String
  ) throws -> Outcome {
    let (process, output, errors) =
      variables.isEmpty
      ? try start(arguments, ranks: ranks, in: directory)
      : try start(path, arguments, variables: variables, killDelay: 2, in: directory)
    process.waitUntilExit()
    return Outcome(
      exitCode: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Starts the program, without `mpirun` where `ranks` is nil.
  static func start(
    _ arguments: [String], ranks: Int? = nil, killDelay: Int = 2, in directory: String
  ) throws -> (process: ChildProcess, output: URL, errors: URL) {
    guard let ranks else { return try start(path, arguments, killDelay: killDelay, in: directory) }
    return try mpirun(["-np", "\(ranks)", path] + arguments, killDelay: killDelay, in: directory)
  }

  /// Starts `mpirun`.
  ///
  /// - Parameter killDelay: the seconds that it waits before it asks ranks to end, and again before it kills them; also
  ///   after a rank that has ended with an error, so that every test of one takes twice as long.
  static func mpirun(
    _ arguments: [String], killDelay: Int = 2, in directory: String
  ) throws -> (process: ChildProcess, output: URL, errors: URL) {
    try start(
      "/usr/bin/mpirun", ["--oversubscribe", "--bind-to", "none"] + arguments, killDelay: killDelay, in: directory)
  }

  /// Output and errors go to files, so that a full pipe cannot stop it.
  private static func start(
    _ program: String, _ arguments: [String], variables: [String: String] = [:], killDelay: Int, in directory: String
  ) throws -> (process: ChildProcess, output: URL, errors: URL) {
    var environment = ProcessInfo.processInfo.environment.filter {
      // The variables of an outer mpirun are not meant for this program.
      !$0.key.hasPrefix("OMPI_") && !$0.key.hasPrefix("PMIX_") && !$0.key.hasPrefix("ORTE_")
    }
    environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    environment["OMPI_MCA_odls_base_sigkill_timeout"] = "\(killDelay)"
    environment["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none"
    // Other tests want the cores of a rank that waits.
    environment["OMPI_MCA_mpi_yield_when_idle"] = "1"
    environment.merge(variables) { $1 }
    let name = UUID().uuidString
    let output = URL(filePath: directory).appending(path: "\(name).out")
    let errors = URL(filePath: directory).appending(path: "\(name).err")
    let process = try ChildProcess(
      program, arguments, environment: environment, in: directory, output: output.path, errors: errors.path)
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

  /// The seconds that a process has computed.
  static func processorSeconds(of process: ChildProcess) -> Double {
    let fields =
      (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8))?
      .split(separator: ")").last?.split(separator: " ") ?? []
    // utime and stime, the fields 14 and 15, in hundredths of a second.
    return fields.count > 12 ? ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100 : 0
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

/// The folder where Tests/Golden/photos.py puts its pictures.
let goldenPhotos = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appending(path: "Golden/photos").path
