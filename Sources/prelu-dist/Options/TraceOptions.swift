import ArgumentParser
import Tracing

/// The trace of a command's first steps.
struct TraceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write what every thread of every rank does in the first steps into this file, for ui.perfetto.dev or "
        + "chrome://tracing. The very first step is left out.",
      valueName: "file"))
  var trace: String?

  @Option(help: ArgumentHelp("The number of steps to trace.", valueName: "steps"))
  var traceSteps = TraceRequest.defaultSteps

  func validate() throws {
    try checkRange("--trace-steps", traceSteps, .within(TraceRequest.stepRange))
    if let trace, trace.isEmpty { throw ValidationError("--trace needs a file's name.") }
  }

  /// The trace asked for; nil for none.
  var request: TraceRequest? {
    trace.map {
      TraceRequest(
        path: $0, steps: traceSteps, program: PreluDist.program,
        commandLine: CommandLine.arguments.joined(separator: " "))
    }
  }

  /// Returns a line that tells where the trace is.
  static func announcement(of path: String) -> String { "trace: \(path), to be opened in ui.perfetto.dev" }
}
