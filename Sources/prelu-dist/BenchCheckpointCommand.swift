import ArgumentParser
import Foundation
import System
import Training

extension BenchCommand {
  struct CheckpointCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "checkpoint", abstract: "How long a checkpoint holds training up, and how long it takes to be safe.",
      discussion: """
        Training copies parameters and momentum and goes on, while a thread writes, syncs, reads back and verifies. \
        Random numbers are saved into a folder of its own below the one given, which is removed.
        """)

    @Option(help: "A built-in architecture, such as A, B, C, vgg-19, small-14, fashion-6 (default: fashion's).")
    var model: String?

    @Option(help: ArgumentHelp("A folder of the file system to measure (default: this one).", valueName: "dir"))
    var folder = "."

    @Option(help: "Threads that copy.")
    var threads = 1

    @Option(help: ArgumentHelp("Timed checkpoints; the median counts.", valueName: "number"))
    var runs = 3

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
      for (name, value) in [("--threads", threads), ("--runs", runs)] where value < 1 {
        throw ValidationError("\(name) takes a number from 1 on, not \(value).")
      }
    }

    func run() throws {
      do {
        let architecture = try BenchCommand.architecture(model: model)
        let result = try CheckpointBenchmark.run(architecture, folder: folder, threads: threads, saves: runs)
        guard !json else {
          return Console.sayJSON([
            "model": architecture.architecture.name, "bytes": result.bytes, "stall_seconds": result.stall,
            "first_stall_seconds": result.firstStall, "written_seconds": result.written,
          ])
        }
        Console.say(
          "\(architecture.architecture.name): \(result.bytes >> 20) MiB; "
            + String(
              format:
                "training waits %.3f s (%.3f s the first time); the checkpoint is in place after %.1f s (%.0f MB/s)",
              result.stall, result.firstStall, result.written, 1e-6 * Double(result.bytes) / result.written))
      } catch {
        Console.complain("\(error)")
        Foundation.exit(ExitStatus(of: error).rawValue)
      }
    }
  }
}
