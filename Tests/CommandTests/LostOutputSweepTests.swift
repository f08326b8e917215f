import Foundation
import TestSupport
import Testing

/// Tests of every command with a standard output that takes nothing: what is lost there is a failure.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct LostOutputSweepTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try runAndPack.copy() }

  /// The arguments of each command that show something, as quickly as can be.
  private static let commands: [String: String] = [
    "train": "--recipe small.yaml --width 4 --threads 1 --iterations 1 --run new",
    "evaluate": "r --threads 1 --subset 8",
    "compare": "a.csv b.csv",
    "predict": "r --threads 1 --test-image 0",
    "pack": "photos -o new.h5 --threads 1 --mean-side 20 --mean-crop 16",
    "inspect": "--verify r",
    "average": "r -o new.h5",
    "export": "r --to safetensors -o new.safetensors",
    "seal": "r/checkpoint-2.h5 -o new.h5",
    "report": "r -o new.html",
    "sweep": "sweep.yaml --list",
    "doctor": "--threads 1",
    "bench step": "--batch 8 --threads 1 --runs 1",
    "bench convolution": "--layer conv1_1 --batch 1 --runs 1",
    "bench dense": "--model fashion-6 --scale 32 --runs 1 --threads 1",
    "bench feeding": "p.h5 --samples 3 --runs 1",
    "bench checkpoint": "--model fashion-6 --runs 1",
    "bench scaling": "--model fashion-6 --batch 32 --images 2 --repetitions 1 --check-batch 0 --cores-per-node 2",
  ]

  @Test func everyCommandIsThere() throws {
    let known = try KnownOptions.shared.get().ofProgram.keys.filter { !$0.contains("/") && $0 != "prelu-job" }
    #expect(Set(known).subtracting(["bench", "help"]) == Set(Self.commands.keys))
  }

  @Test(arguments: commands.keys.sorted()) func aLostResultIsAFailure(command: String) throws {
    for table in ["a.csv", "b.csv"] {
      try folder.write(Array("class,name,images,top1_errors,top5_errors\n0,cat,50,3,0\n".utf8), to: table)
    }
    try folder.write(Array("vary: { training.seed: [1, 2] }\n".utf8), to: "sweep.yaml")
    let line = "exec \"$0\" \(command) \(try #require(Self.commands[command])) >/dev/full"
    let outcome = try ChildProcess.shell(line, running: Program.path, in: directory)
    #expect(outcome.exitCode == 74, "\(outcome)")
    let words = "the standard output cannot be written: No space"
    #expect(outcome.errors.components(separatedBy: words).count == 2, "\(outcome.errors)")
  }
}
