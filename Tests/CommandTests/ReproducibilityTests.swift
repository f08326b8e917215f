import Foundation
import TestSupport
import Testing

/// Tests of the contract: the bits are the same on 1, 2, 4 or 8 ranks with any number of threads, killed and resumed or
/// not.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct ReproducibilityTests {
  private let iterations = 40
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  /// - Parameter width: nil for the recipe's own.
  private func train(
    _ run: String, ranks: Int?, threads: Int = 1, width: Int? = 16, _ more: [String] = []
  ) throws -> Program.Outcome {
    try Program.run(
      try options(run, width: width) + ["--iterations", "\(iterations)", "--threads", "\(threads)"] + more,
      ranks: ranks, in: directory)
  }

  private func options(_ run: String, width: Int?) throws -> [String] {
    ["--recipe", try smallFashion(), "--run", run]
      + (width.map { ["--width", "\($0)"] } ?? [])
  }

  @Test func sameDigestOnAnyRanksAndThreads() throws {
    var digests: [String: String] = [:]
    for (ranks, threads) in [(nil, 1), (2, 1), (4, 2), (8, 1)] as [(Int?, Int)] {
      let run = "ranks-\(ranks ?? 1)-\(threads)"
      let outcome = try train(run, ranks: ranks, threads: threads, width: nil)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let (digest, iteration) = try Program.inspect(run, in: directory)
      #expect(iteration == iterations)
      digests[run] = digest
    }
    #expect(Set(digests.values).count == 1, "\(digests)")
  }

  /// The bits are the same in bfloat16 as well, and a run that begins in one precision goes on in the other.
  @Test func bfloat16HasTheSameBitsOnAnyRanksAndResumed() throws {
    var digests: [String: String] = [:]
    for (ranks, threads) in [(nil, 1), (2, 2), (8, 1)] as [(Int?, Int)] {
      let run = "bfloat16-\(ranks ?? 1)-\(threads)"
      let outcome = try train(run, ranks: ranks, threads: threads, ["--precision", "bfloat16"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("prec.  operands rounded to bfloat16, sums in float32: "))
      digests[run] = try Program.inspect(run, in: directory).digest
    }
    let half = try train("resumed", ranks: 2, ["--precision", "bfloat16", "--iterations", "15"])
    #expect(half.exitCode == 0, "\(half.errors)")
    // The recipe says float32, because it says nothing.
    let unnoticed = try train("resumed", ranks: nil, ["--resume", "resumed"])
    #expect(unnoticed.exitCode == 64, "\(unnoticed.output)")
    #expect(unnoticed.errors.contains("training.precision was bfloat16 and is now float32"), "\(unnoticed.errors)")
    let whole = try Program.run(
      ["train", "--resume", "resumed", "--iterations", "\(iterations)", "--threads", "1"], ranks: 4, in: directory)
    #expect(whole.exitCode == 0, "\(whole.errors)")
    digests["resumed"] = try Program.inspect("resumed", in: directory).digest
    #expect(Set(digests.values).count == 1, "\(digests)")

    let other = try train("float32", ranks: nil)
    #expect(other.exitCode == 0 && !other.output.contains("bfloat16"), "\(other.errors)")
    #expect(try Program.inspect("float32", in: directory).digest != digests["resumed"])
    let changed = try train(
      "resumed", ranks: 2, ["--resume", "resumed", "--precision", "float32", "--iterations", "45"])
    #expect(changed.exitCode == 0 && !changed.output.contains("bfloat16"), "\(changed.errors)")
    #expect(try Program.inspect("resumed", in: directory).iteration == 45)
    for precision in ["float32", "bfloat16"] {
      let evaluated = try Program.run(
        ["evaluate", "resumed", "--precision", precision, "--subset", "50"], in: directory)
      #expect(evaluated.exitCode == 0 && evaluated.output.contains("top-1 error"), "\(evaluated.errors)")
    }
  }

  /// A run with shares by speed says what its bits depend on, and can be continued by ranks that share evenly.
  @Test func sharesBySpeed() throws {
    let outcome = try train("balanced", ranks: 3, ["--shares", "auto"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("bits   depend on the shares, which follow the ranks' speed"))
    #expect(try Program.inspect("balanced", in: directory).iteration == iterations)
    let resumed = try train("balanced", ranks: 2, ["--resume", "balanced", "--iterations", "45"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("bits   the same with 1, 2, 4 or 8 ranks and any number of threads (8 leaves)"))
    let wrong = try Program.run(["--shares", "some"], in: directory)
    #expect(wrong.exitCode == 64 && wrong.errors.contains("'some' is invalid for '--shares"), "\(wrong.errors)")
  }

  @Test func moreLeavesGiveTheSameBitsOnMoreRanks() throws {
    var digests: [String] = []
    for ranks in [nil, 4, 16] as [Int?] {
      let run = "leaves-\(ranks ?? 1)"
      let outcome = try train(run, ranks: ranks, width: 8, ["--leaves", "32"])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let bits = "bits   the same with 1, 2, 4 … 32 ranks and any number of threads (32 leaves)"
      #expect(outcome.output.contains(bits), "\(outcome.output)")
      digests.append(try Program.inspect(run, in: directory).digest)
    }
    #expect(Set(digests).count == 1, "\(digests)")
    let resumed = try train("leaves-16", ranks: 2, width: 8, ["--resume", "leaves-16", "--leaves", "8"])
    #expect(
      resumed.exitCode == 64 && resumed.errors.contains("training.leaves was 32 and is now 8"), "\(resumed.errors)")
    let eight = try train("eight", ranks: 2, width: 8)
    #expect(eight.exitCode == 0, "\(eight.errors)")
    #expect(try Program.inspect("eight", in: directory).digest != digests[0], "another tree")
  }

  @Test func killedAndResumedOnOtherRanksEndsInTheSameBits() throws {
    #expect(try train("whole", ranks: 2).exitCode == 0)
    let cut = "cut"
    let (process, _, _) = try Program.start(
      try options(cut, width: 16) + ["--iterations", "100000", "--threads", "1", "--checkpoint-every", "5"],
      ranks: 2, in: directory)
    let deadline = Date().addingTimeInterval(120)
    while !FileManager.default.fileExists(atPath: "\(directory)/\(cut)/checkpoint-10.h5"), Date() < deadline {
      usleep(2000)
    }
    for rank in Program.descendants(of: process) + [process.processIdentifier] { kill(rank, SIGKILL) }
    process.waitUntilExit()
    usleep(200_000)
    let (_, reached) = try Program.inspect(cut, in: directory)
    try #require(reached >= 10 && reached <= iterations, "killed after iteration \(reached)")
    let outcome = try train(cut, ranks: 4, ["--resume", "auto"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("resumed from \(cut)/checkpoint-"))
    #expect(try Program.inspect(cut, in: directory) == Program.inspect("whole", in: directory))
  }

  @Test func terminationSavesAndExitsWith75() throws {
    let (process, output, errors) = try Program.start(
      ["--run", "stopped", "--threads", "1", "--checkpoint-every", "5"], in: directory)
    let deadline = Date().addingTimeInterval(120)
    while !FileManager.default.fileExists(atPath: "\(directory)/stopped/checkpoint-5.h5"), Date() < deadline {
      usleep(2000)
    }
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    let complaints = try String(contentsOf: errors, encoding: .utf8)
    #expect(process.terminationStatus == 75, "\(complaints)")
    #expect(try String(contentsOf: output, encoding: .utf8).contains("stopped by signal TERM"))
    #expect(try Program.inspect("stopped", in: directory).iteration > 5)
  }

  @Test func anUnevenNumberOfRanksAgreesToRounding() throws {
    let outcome = try train("three", ranks: 3)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let bits =
      "bits   3 ranks hold no whole subtrees of the 8 leaves: the result agrees with other rank counts to rounding"
    #expect(outcome.output.contains(bits), "\(outcome.output)")
    #expect(try train("one", ranks: nil).exitCode == 0)
    let counts = try ["three", "one"].map { run in
      let outcome = try Program.run(["evaluate", run, "--json"], in: directory)
      let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
      return try #require(object?["top1_errors"] as? Int, "\(outcome.errors)")
    }
    // A handful of the 10,000 images lie so near a border that rounding decides.
    #expect(abs(counts[0] - counts[1]) <= 5, "\(counts)")
  }

  @Test func evaluationCountsTheSameOnAnyRanks() throws {
    #expect(try train("run", ranks: 2).exitCode == 0)
    let outputs = try [nil, 2, 3, 4].map { ranks in
      try Program.run(["evaluate", "run", "--json"], ranks: ranks, in: directory).output
    }
    #expect(outputs[0].contains("\"images\":1000,"), "\(outputs[0])")
    #expect(Set(outputs).count == 1, "\(outputs)")
  }
}
