import Foundation

/// A trace in the Trace Event Format, as a viewer reads it.
public struct TraceDocument {
  /// A complete event.
  public struct Event {
    public let name: String
    public let category: String
    public let process: Int
    public let thread: Int
    /// The start in nanoseconds; the file has three decimals of a microsecond.
    public let start: Int
    public let end: Int
    public let arguments: [String: Any]
  }

  public let events: [Event]
  /// The names of the processes by their numbers.
  public private(set) var processes: [Int: String] = [:]
  /// The names of the threads by their numbers.
  public private(set) var threads: [Int: String] = [:]
  /// The words of the file about itself.
  public let about: [String: Any]

  public init(_ bytes: some Sequence<UInt8>) throws {
    let object = try JSONSerialization.jsonObject(with: Data(bytes))
    guard let object = object as? [String: Any], let list = object["traceEvents"] as? [[String: Any]] else {
      throw CocoaError(.fileReadCorruptFile)
    }
    about = object["otherData"] as? [String: Any] ?? [:]
    var events: [Event] = []
    for entry in list {
      guard let name = entry["name"] as? String, let process = entry["pid"] as? Int else {
        throw CocoaError(.fileReadCorruptFile)
      }
      let arguments = entry["args"] as? [String: Any] ?? [:]
      switch (entry["ph"] as? String, name, arguments["name"] as? String) {
      case ("M", "process_name", let text?): processes[process] = text
      case ("M", "thread_name", let text?): threads[entry["tid"] as? Int ?? 0] = text
      case ("M", _, _): break
      case ("X", _, _):
        guard let thread = entry["tid"] as? Int, let start = entry["ts"] as? Double,
          let length = entry["dur"] as? Double
        else { throw CocoaError(.fileReadCorruptFile) }
        let (first, count) = (Int((start * 1000).rounded()), Int((length * 1000).rounded()))
        events.append(
          Event(
            name: name, category: entry["cat"] as? String ?? "", process: process, thread: thread, start: first,
            end: first + count, arguments: arguments))
      default: throw CocoaError(.fileReadCorruptFile)
      }
    }
    self.events = events
  }

  /// The events that are neither inside of one another nor apart, on one thread: viewers cannot show them.
  public var crossings: [(Event, Event)] {
    var crossings: [(Event, Event)] = []
    for (_, events) in Dictionary(grouping: events, by: \.thread) {
      var open: [Event] = []
      for event in events.sorted(by: { ($0.start, -$0.end) < ($1.start, -$1.end) }) {
        while let last = open.last, last.end <= event.start { open.removeLast() }
        if let last = open.last, event.end > last.end { crossings.append((last, event)) }
        open.append(event)
      }
    }
    return crossings
  }
}
