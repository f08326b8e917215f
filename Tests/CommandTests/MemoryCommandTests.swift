import Foundation
import TestSupport
import Testing

/// Tests of runs that there is no memory for: they are refused before they touch it, or end with a word.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct MemoryCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  /// No machine that runs this test has the memory for the maps of so many images.
  @Test(arguments: [nil, 2]) func aHugeMiniBatchIsRefusedAtOnce(ranks: Int?) throws {
    let outcome = try Program.run(
      ["train", "--recipe", try smallFashion(), "--width", "2048", "--batch", "50000", "--run", "r", "--threads", "1"],
      ranks: ranks, in: directory)
    #expect(outcome.exitCode == 69, "\(outcome.exitCode) \(outcome.output)")
    #expect(
      outcome.errors.contains(
        #/prelu-dist: host \S+: expected [\d.]+ [MGT]B of memory for \d ranks?, found [\d.]+ [kMG]B left of /#
      ), "\(outcome.errors)")
    #expect(outcome.errors.contains("take a smaller mini-batch (--batch) or more hosts"), "\(outcome.errors)")
    #expect(outcome.errors.components(separatedBy: "expected").count == 2, "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r")))
  }

  @Test func memoryThatTheSystemRefusesHasWords() throws {
    try folder.write(
      Array("ulimit -v 3000000\nexec \(Program.path) bench step --model C --batch 8 --threads 1\n".utf8), to: "limited")
    let process = try ChildProcess(
      "/bin/sh", ["limited"], environment: ProcessInfo.processInfo.environment, in: directory,
      output: folder.file("out"), errors: folder.file("errors"))
    process.waitUntilExit()
    let errors = try String(contentsOfFile: folder.file("errors"), encoding: .utf8)
    #expect(process.terminationStatus == 69, "\(process.terminationStatus) \(errors)")
    #expect(
      errors.contains(/prelu-dist: host \S+: expected [\d.]+ [MG]B more memory, found none: .*ulimit -v/), "\(errors)")
  }

  /// The tables of a filter of 40,000² are arrays of Swift, which has no words for a person where they do not fit.
  @Test func tablesOfAHugeFilterHaveWordsToo() throws {
    let layers = [
      "convolution: { name: a, filters: 1, kernel: 3, padding: 1 }",
      "convolution: { name: b, filters: 1, kernel: 40000, padding: 20000 }",
      "maxPooling: { name: p, size: 2 }", "fullyConnected: { name: fc, outputs: 10 }",
    ]
    let lines = ["recipe: fashion", "model:", "  input: { channels: 1, height: 28, width: 28 }", "  layers:"]
    try folder.write(Array((lines + layers.map { "    - \($0)" }).joined(separator: "\n").utf8), to: "huge.yaml")
    let command = "inspect --algorithms --convolution tiles --precision bfloat16 --recipe huge.yaml"
    let outcome = try ChildProcess.shell(
      "ulimit -v 12000000; exec \"$0\" \(command)", running: Program.path, in: directory)
    #expect(outcome.exitCode == 69, "\(outcome)")
    #expect(
      outcome.errors.contains(/prelu-dist: host \S+: expected [\d.]+ GB more memory, found none: .*ulimit -v/),
      "\(outcome.errors)")
  }

  /// `doctor` says before a training that it would be refused.
  @Test func doctorFindsTooLittleMemory() throws {
    try folder.write(
      Array("recipe: fashion\nmodel: { width: 2048 }\ntraining: { batch: 50000 }\n".utf8), to: "huge.yaml")
    let outcome = try Program.run(["doctor", "--recipe", "huge.yaml", "--threads", "1"], in: directory)
    #expect(outcome.exitCode == 69, "\(outcome.exitCode) \(outcome.errors)")
    #expect(
      outcome.output.contains(
        #/problem: host \S+: expected [\d.]+ [MGT]B of memory for 1 rank, found [\d.]+ [kMG]B left of /#),
      "\(outcome.output)")
    #expect(outcome.output.contains("    Give each rank more threads and start fewer ranks, take a smaller mini-batch"))
    let small = try Program.run(["doctor", "--threads", "1"], ranks: 2, in: directory)
    #expect(
      small.output.contains(#/memory       \S+: training takes about [\d.]+ MB for 2 ranks; [\d.]+ GB are left of /#),
      "\(small.output)")
  }

  /// The memory that was expected is that which was taken, to a tenth.
  @Test(arguments: [1, 2]) func theExpectedMemoryIsTaken(ranks: Int) throws {
    let outcome = try Program.run(
      [
        "bench", "step", "--model", "small-14", "--batch", "16", "--leaves", "2", "--threads", "1", "--runs", "1",
        "--json",
      ], ranks: ranks, in: directory)
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let all = try #require(report["perRank"] as? [[String: Any]])
    #expect(all.count == ranks)
    for rank in all {
      let (peak, expected) = (rank["peakMegabytes"] as? Double ?? 0, rank["expectedMegabytes"] as? Double ?? 0)
      #expect(abs(expected - peak) < 0.1 * peak, "\(expected) MB were expected, \(peak) MB taken")
    }
  }

  /// A run that is only looked at takes what it would take.
  @Test func aDryRunTellsBoth() throws {
    let outcome = try Program.run(
      ["train", "--recipe", try smallFashion(), "--width", "64", "--batch", "512", "--threads", "1", "--dry-run"],
      in: directory)
    let found = try #require(
      outcome.output.firstMatch(
        of: /memory ([\d.]+) (MB|GB) on host \S+, of ([\d.]+) (MB|GB) that were expected; [\d.]+ [MG]B were left/),
      "\(outcome.output) \(outcome.errors)")
    func bytes(_ number: Substring, _ unit: Substring) -> Double { Double(number)! * (unit == "GB" ? 1000 : 1) }
    let (taken, expected) = (bytes(found.1, found.2), bytes(found.3, found.4))
    #expect(abs(expected - taken) < 0.1 * taken, "\(outcome.output)")
  }
}
