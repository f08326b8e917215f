import Foundation
import TestSupport
import Testing

/// Tests of `--trace` as a person gives it.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct TraceCommandTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func train(
    _ run: String, iterations: Int, ranks: Int? = nil, _ more: [String] = []
  ) throws -> Program.Outcome {
    try Program.run(
      ["--recipe", "fashion", "--width", "8", "--run", run, "--iterations", "\(iterations)"] + more, ranks: ranks,
      in: folder.path)
  }

  private func trace(_ name: String) throws -> TraceDocument { try TraceDocument(folder.bytes(name)) }

  private func steps(_ trace: TraceDocument) -> [Int] {
    Set(trace.events.filter { $0.name == "step" }.compactMap { $0.arguments["iteration"] as? Int }).sorted()
  }

  @Test(.enabled(if: hasFashionMNIST)) func aRunIsTracedAndEndsInTheSameBits() throws {
    let plain = try train("plain", iterations: 4, ranks: 2, ["--threads", "2"])
    #expect(plain.exitCode == 0 && !plain.output.contains("trace"), "\(plain.errors)")
    let traced = try train(
      "traced", iterations: 4, ranks: 2, ["--threads", "2", "--trace", "t.json", "--checkpoint-every", "2"])
    #expect(traced.exitCode == 0, "\(traced.errors)")
    #expect(traced.output.contains("trace: t.json, to be opened in ui.perfetto.dev"), "\(traced.output)")
    #expect(
      try Program.inspect("plain", in: folder.path).digest == Program.inspect("traced", in: folder.path).digest)

    let trace = try trace("t.json")
    #expect(trace.processes.count == 2 && trace.crossings.isEmpty && steps(trace) == [2, 3, 4])
    #expect(Set(trace.threads.values).isSuperset(of: ["main", "messages", "checkpoint"]))
    let names = Set(trace.events.map(\.name))
    #expect(names.isSuperset(of: ["wait for samples", "checkpoint", "write the checkpoint", "gather", "scatter"]))
    #expect(try !folder.names().contains { $0.contains(".tmp") })
  }

  @Test(.enabled(if: hasFashionMNIST)) func fewerStepsAndContinuedRuns() throws {
    func traced(_ run: String, _ iterations: Int, _ more: [String]) throws -> (Program.Outcome, [Int]) {
      let outcome = try train(run, iterations: iterations, ["--trace", "t.json"] + more)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return (outcome, try steps(trace("t.json")))
    }
    #expect(try traced("one", 1, []).1 == [1])
    #expect(try traced("two", 2, ["--threads", "2"]).1 == [2])
    // Threads without a processor of their own are not started.
    let isAlone = ProcessInfo.processInfo.activeProcessorCount < 2
    #expect(try isAlone || trace("t.json").threads.values.contains("compute 1"))
    #expect(try traced("one", 8, ["--resume", "one", "--trace-steps", "2"]).1 == [3, 4])
    // Nothing is left to do: the trace of before stays.
    let (outcome, found) = try traced("one", 8, ["--resume", "one"])
    #expect(found == [3, 4])
    let warning = "expected a step to trace, found none left to do: no trace is written"
    #expect(outcome.errors.contains(warning), "\(outcome.errors)")
  }

  @Test(arguments: [("nowhere/t.json", "cannot be created in nowhere: No such file"), ("/", "found a folder")])
  func aPathIsRefusedBeforeTrainingBegins(path: String, text: String) throws {
    let outcome = try train("r", iterations: 1, ranks: 2, ["--trace", path])
    #expect(outcome.exitCode == 73 && outcome.errors.contains(text), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r")))
  }

  @Test func anotherFileIsNotReplaced() throws {
    try folder.write(Array("epoch,loss\n".utf8), to: "metrics.csv")
    for command in [["train"], ["bench", "step", "--batch", "8"]] {
      let outcome = try Program.run(command + ["--trace", "metrics.csv"], in: folder.path)
      #expect(outcome.exitCode == 73)
      let message =
        "metrics.csv: expected no file, or a trace that prelu-dist has written, found a text file. "
        + "Give another name, or remove it"
      #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
    #expect(try folder.bytes("metrics.csv") == Array("epoch,loss\n".utf8))
  }

  @Test func benchmarkedStepsAreTraced() throws {
    let outcome = try Program.run(
      ["bench", "step", "--batch", "16", "--runs", "1", "--json", "--trace", "t.json", "--trace-steps", "2"], ranks: 2,
      in: folder.path)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) }
    let trace = try trace("t.json")
    #expect(trace.processes.count == 2 && trace.crossings.isEmpty && steps(trace).count == 2)
  }

  /// A run that ends by a failure leaves no trace, and no part of one.
  @Test(.enabled(if: hasFashionMNIST)) func aRunThatFailsLeavesNoFile() throws {
    let process = try Program.start(
      ["--recipe", "fashion", "--width", "8", "--run", "r", "--trace", "t.json", "--trace-steps", "1000"], ranks: 2,
      in: folder.path
    ).process
    let run = folder.file("r")
    #expect(Program.wait { FileManager.default.fileExists(atPath: "\(run)/latest") })
    for rank in Program.descendants(of: process) where Program.rank(of: rank) != nil { kill(rank, SIGKILL) }
    process.waitUntilExit()
    #expect(try !folder.names().contains { $0.hasPrefix("t.json") })
  }
}
