import Checkpoint
import Configuration
import Foundation
import Reports
import System

/// Trains the runs of a sweep that are not done, several at a time, each as a process of its own.
final class SweepRunner {
  /// A run that trains.
  private struct Training {
    let index: Int
    let process: Process
    let log: SweepLog
    let started = monotonicSeconds()
    /// The number of epochs that earlier starts have done.
    let epochsBefore: Int
  }

  /// A run that has failed.
  private struct Failure {
    let number: Int
    let status: ExitStatus
    /// The reason, in which the run has no name, so that those of several runs can be compared.
    let reason: String
  }

  private let folder: SweepFolder
  private let claim: SweepClaim
  private let parallel: Int
  private let ranks: Int
  private let line: LiveLine
  /// The runs that wait, by their places in the sweep.
  private var waiting: [Int]
  private var training: [Training] = []
  private var done: Int
  private var failures: [Failure] = []
  private var isStopped = false
  /// Whether a run has ended by itself with a checkpoint, to be continued.
  private var isUnfinished = false
  /// The epochs of the runs that have ended in this start.
  private var estimate = SweepEstimate()

  /// The seconds between two looks at the processes.
  private static let pause = 0.1

  /// - Parameters:
  ///   - parallel: the number of runs at a time.
  ///   - ranks: the number of ranks of each.
  init(_ folder: SweepFolder, _ claim: SweepClaim, parallel: Int, ranks: Int, terminal: Terminal?) {
    self.folder = folder
    self.claim = claim
    self.parallel = parallel
    self.ranks = ranks
    line = LiveLine(terminal, waits: true)
    waiting = folder.sweep.runs.indices.filter { !folder.isDone(folder.sweep.runs[$0]) }
    done = folder.sweep.runs.count - waiting.count
  }

  /// Trains until all runs are done, or a signal comes: the runs then save and stop.
  ///
  /// - Returns: the status to end with: after a signal `tryAgain`, else that of the first run that failed, if any did.
  func run() -> ExitStatus {
    if done > 0 { Console.say("\(done.counted("run")) of \(count) done before") }
    while !waiting.isEmpty || !training.isEmpty {
      if StopSignals.isRequested { stop() }
      while !isStopped, training.count < parallel, !waiting.isEmpty { start(waiting.removeFirst()) }
      for (place, entry) in training.enumerated().reversed() where !entry.process.isRunning {
        training.remove(at: place)
        finish(entry)
      }
      line.show(pauses: (terminal: 1, elsewhere: 600)) { _ in progress }
      Thread.sleep(forTimeInterval: Self.pause)
    }
    line.clear()
    if StopSignals.isRequested, done < count { return .tryAgain }
    if let first = failures.first { return first.status }
    return isUnfinished ? .tryAgain : .done
  }

  /// The sentence to end with, which tells how to go on; nil where all runs are done.
  var remainder: String? {
    guard done < count else { return nil }
    let command = (["prelu-dist"] + ProcessArguments.all.dropFirst()).joined(separator: " ")
    var parts = ["\(done) of \(count.counted("run")) done"]
    if !failures.isEmpty {
      let haveOneReason = failures.count > 1 && Set(failures.map(\.reason)).count == 1
      parts.append("\(failures.count) failed\(haveOneReason ? ", all for the same reason" : "")")
    }
    return "\(parts.joined(separator: ", ")); the same command goes on with the others: \(command)"
  }

  // MARK: - Words

  private var count: Int { folder.sweep.runs.count }

  /// Returns the number and the name of a run, as messages begin.
  private func name(_ index: Int) -> String { "run \(index + 1) of \(count), \(folder.sweep.runs[index].name)" }

  /// The state of the sweep: "1 of 4 runs done, 2 in training, about 3:20 left".
  private var progress: String {
    "\(done) of \(count.counted("run")) done\(training.isEmpty ? "" : ", \(training.count) in training")" + timeLeft
  }

  /// The estimate of what is left, with the comma before it; empty before any epoch is done.
  private var timeLeft: String {
    var estimate = estimate
    let left = training.map { entry in
      let epochs = epochsDone(entry.index)
      estimate.add(epochs: epochs - entry.epochsBefore, seconds: monotonicSeconds() - entry.started)
      return max(0, self.epochs(entry.index) - epochs)
    }
    let after = waiting.map { max(0, epochs($0) - epochsDone($0)) }
    return estimate.secondsLeft(training: left, waiting: after, parallel: parallel).map {
      ", about \(clockText($0)) left"
    } ?? ""
  }

  private func epochs(_ index: Int) -> Int { folder.sweep.runs[index].configuration.training.epochs }

  private func epochsDone(_ index: Int) -> Int { folder.epochsDone(folder.sweep.runs[index]) }

  // MARK: - Processes

  private func start(_ index: Int) {
    do throws(FileError) {
      try claim.check()
    } catch {
      line.clear()
      Console.complain("\(error)")
      failures.append(Failure(number: index + 1, status: error.exitStatus, reason: "\(error)"))
      return stop()
    }
    let run = folder.sweep.runs[index]
    let process = Process()
    let program = ProcessArguments.all[0]
    process.executableURL = URL(filePath: "/usr/bin/env")
    let launcher = ranks == 1 ? [] : ["mpirun", "--bind-to", "none", "-np", "\(ranks)"]
    process.arguments =
      launcher + [
        program, "train", "--recipe", folder.recipe(of: run), "--run", folder.folder(of: run), "--resume", "auto",
        "--threads", "\(threads)",
      ]
    let log = SweepLog(folder.log(of: run))
    do {
      let output = try log.opened()
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      try process.run()
    } catch let error as FileError {
      return fail(index, error.exitStatus, "it cannot have a log", "\(error)")
    } catch {
      return fail(index, .internalError, "it cannot be started", "\(program): \(error): see that it is on the PATH")
    }
    line.clear()
    Console.say("\(name(index)): training")
    training.append(Training(index: index, process: process, log: log, epochsBefore: epochsDone(index)))
  }

  /// The number of threads of each rank of each run: the cores are shared evenly among those that train at a time.
  private var threads: Int {
    max(1, ProcessInfo.processInfo.activeProcessorCount / (min(parallel, count) * ranks))
  }

  private func finish(_ entry: Training) {
    let (process, index) = (entry.process, entry.index)
    let seconds = monotonicSeconds() - entry.started
    estimate.add(epochs: epochsDone(index) - entry.epochsBefore, seconds: seconds)
    line.clear()
    if process.terminationReason == .uncaughtSignal {
      let signal = process.terminationStatus
      return fail(
        index, .internalError, "ended by signal \(signal)", "\(message(of: entry)); its log is \(entry.log.path)")
    }
    switch process.terminationStatus {
    case ExitStatus.done.rawValue:
      done += 1
      let errors = folder.errors(of: folder.sweep.runs[index])
      Console.say(
        "\(name(index)): done in \(clockText(seconds))\(errors.isEmpty ? "" : ", \(errors)"); \(progress)")
    case ExitStatus.tryAgain.rawValue:
      isUnfinished = true
      Console.say("\(name(index)): stopped, to be continued")
    case let status:
      fail(
        index, ExitStatus(rawValue: status) ?? .internalError, "failed with exit code \(status)",
        "\(message(of: entry)); its log is \(entry.log.path)")
    }
  }

  private func message(of entry: Training) -> String { entry.log.lastMessage() ?? "it said nothing" }

  /// Tells of a run that has failed: the reason, unless an earlier run has failed for the same one.
  private func fail(_ index: Int, _ status: ExitStatus, _ what: String, _ words: String) {
    line.clear()
    let reason = words.replacing(folder.sweep.runs[index].name, with: "")
    if let other = failures.first(where: { $0.reason == reason }) {
      Console.complain("\(name(index)): \(what), for the same reason as run \(other.number)")
    } else {
      Console.complain("\(name(index)): \(what): \(words)")
    }
    failures.append(Failure(number: index + 1, status: status, reason: reason))
  }

  /// Has the runs save and stop, and starts no more.
  private func stop() {
    guard !isStopped else { return }
    isStopped = true
    waiting = []
    for entry in training { entry.process.terminate() }
  }
}
