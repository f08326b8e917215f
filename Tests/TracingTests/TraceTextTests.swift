import Foundation
import System
import TestSupport
import Testing
import Tracing

/// The file is what viewers read.
@Suite struct TraceTextTests {
  private let request = TraceRequest(path: "t.json", program: #"a "name" \"#, commandLine: "train\u{1}\n --seed 1")

  private func event(
    _ label: TraceLabel, _ category: TraceCategory, _ start: Int, _ end: Int?, _ argument: Int? = nil
  ) -> TraceEvent {
    TraceEvent(label: label, category: category, start: start, end: end, argument: argument)
  }

  @Test func aFileOfTwoRanks() throws {
    let clock = ClockTranslation(
      first: ClockReading(own: 0, root: 7_000_000, error: 1500),
      last: ClockReading(own: 10, root: 7_000_010, error: 900))
    let first = [
      TraceThread(
        name: "main",
        events: [
          event("step", .step, 1_000_001, 1_900_000, 7), event("conv1 forward", .forward, 1_000_001, 1_000_002, 3),
        ], dropped: 2),
      TraceThread(name: "checkpoint", events: [event("write", .checkpoint, 1_000_500, nil)], dropped: 0),
    ]
    let second = ["main", "load 1"].map { TraceThread(name: $0, events: [], dropped: 0) }
    let texts = [
      TraceText.rank(0, host: "a", first, end: 2_000_000, isLast: false) { $0 - 1_000_000 },
      TraceText.rank(1, host: #"b""#, second, end: 2_000_000, isLast: true) { $0 },
    ]
    let ranks = [
      TracedRank(host: "a", clock: clock, first, length: texts[0].count),
      TracedRank(host: #"b""#, clock: clock, second, length: texts[1].count),
    ]
    let beginning = TraceText.beginning(request, steps: [2, 3, 6], ranks: ranks)
    #expect(beginning.starts(with: TraceText.signature.utf8))
    let trace = try TraceDocument(beginning + texts[0] + texts[1] + TraceText.end)

    #expect(trace.processes == [1: "rank 0 on a", 2: #"rank 1 on b""#])
    #expect(trace.threads == [10_001: "main", 10_002: "checkpoint", 20_001: "main", 20_002: "load 1"])
    #expect(trace.events.map(\.name) == ["step", "conv1 forward", "write"])
    #expect(trace.events.map(\.category) == ["step", "layer,forward", "checkpoint"])
    #expect(trace.events.map(\.start) == [1, 1, 500] && trace.events.map(\.end) == [900_000, 2, 1_000_000])
    #expect(trace.events[0].arguments["iteration"] as? Int == 7)
    #expect(trace.events[1].arguments["leaf"] as? Int == 3)
    #expect(trace.events[2].arguments["unfinished"] as? Bool == true)
    #expect(trace.crossings.isEmpty)

    #expect(trace.about["program"] as? String == request.program)
    #expect(trace.about["command"] as? String == request.commandLine)
    #expect(trace.about["steps"] as? [Int] == [2, 3, 6])
    let about = try #require(trace.about["ranks"] as? [[String: Any]])
    #expect(about.map { $0["clockErrorMicroseconds"] as? Double } == [1.5, 1.5])
    #expect(about.map { $0["clockDifferenceMicroseconds"] as? Double } == [7000, 7000])
    #expect(about.map { $0["droppedEvents"] as? Int } == [2, 0] && about.map { $0["events"] as? Int } == [3, 0])
  }

  @Test func crossingsAreNoticed() throws {
    let threads = [
      TraceThread(name: "main", events: [event("a", .part, 0, 10), event("b", .part, 5, 15)], dropped: 0)
    ]
    let text = TraceText.rank(0, host: "a", threads, end: 20, isLast: true) { $0 }
    let rank = TracedRank(
      host: "a",
      clock: ClockTranslation(
        first: ClockReading(own: 0, root: 0, error: 0), last: ClockReading(own: 0, root: 0, error: 0)),
      threads, length: text.count)
    let trace = try TraceDocument(
      TraceText.beginning(request, steps: [1], ranks: [rank]) + text + TraceText.end)
    #expect(trace.crossings.count == 1)
  }

  @Test(arguments: [(0, "0.000"), (1, "0.001"), (999, "0.999"), (12_345_678, "12345.678"), (-1_050, "-1.050")])
  func nanosecondsAsMicroseconds(nanoseconds: Int, text: String) {
    var json = JSONText()
    json.add(microseconds: nanoseconds)
    #expect(String(decoding: json.bytes, as: UTF8.self) == text)
  }

  // MARK: - The path

  private func refusal(_ path: String) -> FileError? {
    do throws(FileError) {
      try TraceRequest(path: path, program: "p", commandLine: "c").check()
      return nil
    } catch { return error }
  }

  @Test func onlyATraceIsReplaced() throws {
    let folder = try ScratchFolder()
    #expect(refusal(folder.file("new.json")) == nil)
    let earlier = try folder.write(Array(TraceText.signature.utf8) + Array("…".utf8), to: "earlier.json")
    #expect(refusal(earlier) == nil)
    let other = try folder.write(Array(#"{"traceEvents":[]}"#.utf8), to: "other.json")
    #expect(
      refusal(other)?.description == "\(other): expected no file, or a trace that prelu-dist has written, found a text "
        + "file. Give another name, or remove it")
    let empty = try folder.write([], to: "empty.json")
    #expect(refusal(empty)?.problem.hasSuffix("found an empty file") == true)
    #expect(refusal("/dev/null")?.problem.hasSuffix("found a pipe or a device") == true)
    #expect(refusal("/dev/null")?.kind == .cannotCreate)
    #expect(refusal(folder.path)?.problem == "expected the name of a file, found a folder")
    #expect(refusal(folder.file("nowhere/t.json"))?.kind == .cannotCreate)
  }
}
