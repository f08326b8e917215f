import Configuration
import Foundation
import System

/// Trains the runs of a sweep that are not done, several at a time, each as a process of its own.
final class SweepRunner {
  private let folder: SweepFolder
  private let parallel: Int
  private let ranks: Int
  private var waiting: [Sweep.Run]
  private var training: [(run: Sweep.Run, process: Process)] = []
  private var failures: [(run: Sweep.Run, status: Int32)] = []
  private var isStopped = false

  /// The seconds between two looks at the processes.
  private static let pause = 0.1

  init(_ folder: SweepFolder, parallel: Int, ranks: Int) {
    self.folder = folder
    self.parallel = parallel
    self.ranks = ranks
    waiting = folder.sweep.runs.filter { !folder.isDone($0) }
  }

  /// Trains until all runs are done, or a signal comes: the runs then save and stop.
  ///
  /// - Returns: the status to end with: that of the first run that failed, if any did.
  func run() -> ExitStatus {
    let all = folder.sweep.runs.count
    if waiting.count < all { Console.say("\((all - waiting.count).counted("run")) of \(all) done before") }
    while !waiting.isEmpty || !training.isEmpty {
      if StopSignals.isRequested { stop() }
      while !isStopped, training.count < parallel, !waiting.isEmpty { start(waiting.removeFirst()) }
      for (index, entry) in training.enumerated().reversed() where !entry.process.isRunning {
        training.remove(at: index)
        finish(entry.run, entry.process)
      }
      Thread.sleep(forTimeInterval: Self.pause)
    }
    if isStopped { return .tryAgain }
    return failures.isEmpty ? .done : ExitStatus(rawValue: failures[0].status) ?? .internalError
  }

  private func start(_ run: Sweep.Run) {
    let process = Process()
    let program = CommandLine.arguments[0]
    process.executableURL = URL(filePath: "/usr/bin/env")
    let launcher = ranks == 1 ? [] : ["mpirun", "--bind-to", "none", "-np", "\(ranks)"]
    process.arguments =
      launcher + [
        program, "train", "--recipe", folder.recipe(of: run), "--run", folder.folder(of: run), "--resume", "auto",
        "--threads", "\(threads)",
      ]
    let log = folder.log(of: run)
    if !FileSystem.exists(log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
    process.standardInput = FileHandle.nullDevice
    let output = FileHandle(forWritingAtPath: log)
    _ = try? output?.seekToEnd()
    process.standardOutput = output
    process.standardError = output
    do {
      try process.run()
    } catch {
      Console.complain("\(run.name): expected to start \(program), found \(error): see that it is on the PATH")
      failures.append((run, ExitStatus.internalError.rawValue))
      return
    }
    Console.say("\(run.name): training")
    training.append((run, process))
  }

  /// The number of threads of each rank of each run: the cores are shared evenly among those that train at a time.
  private var threads: Int {
    max(1, ProcessInfo.processInfo.activeProcessorCount / (min(parallel, folder.sweep.runs.count) * ranks))
  }

  private func finish(_ run: Sweep.Run, _ process: Process) {
    switch process.terminationStatus {
    case ExitStatus.done.rawValue: Console.say("\(run.name): done")
    case ExitStatus.tryAgain.rawValue: Console.say("\(run.name): stopped, to be continued")
    case let status:
      failures.append((run, status))
      Console.complain("\(run.name): failed with exit code \(status): see \(folder.log(of: run))")
    }
  }

  /// Has the runs save and stop, and starts no more.
  private func stop() {
    guard !isStopped else { return }
    isStopped = true
    waiting = []
    for entry in training { entry.process.terminate() }
  }
}
