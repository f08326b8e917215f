import System

/// A trace in the Trace Event Format of Chrome and Perfetto: JSON, one event a line.
///
/// A rank is a process there, with its rank plus one as its number, because 0 is the idle process for viewers; a thread
/// has a number that no other rank's thread has.
package enum TraceText {
  /// The beginning of every trace, by which an earlier one is recognized.
  package static let signature = #"{"displayTimeUnit":"ms","otherData":{"format":"prelu-dist trace 1""#

  /// The file up to its first event.
  ///
  /// - Parameter steps: the numbers of the steps that it shows.
  package static func beginning(_ request: TraceRequest, steps: [Int], ranks: [TracedRank]) -> [UInt8] {
    var text = JSONText(signature)
    text.add(#","program":"#)
    text.add(quoted: request.program)
    text.add(#","command":"#)
    text.add(quoted: request.commandLine)
    text.add(#","steps":["# + steps.map { "\($0)" }.joined(separator: ",") + #"],"ranks":["#)
    for (index, rank) in ranks.enumerated() {
      text.add(index == 0 ? "\n" : ",\n")
      text.add(#"{"rank":"# + "\(index)" + #","host":"#)
      text.add(quoted: rank.host)
      text.add(#","clockErrorMicroseconds":"#)
      text.add(microseconds: rank.clockError)
      text.add(#","clockDifferenceMicroseconds":"#)
      text.add(microseconds: rank.clockDifference)
      text.add(#","events":"# + "\(rank.events)" + #","droppedEvents":"# + "\(rank.dropped)" + "}")
    }
    text.add("]},\"traceEvents\":[\n")
    return text.bytes
  }

  /// The end of the file, after the last rank's events.
  package static let end = Array("\n]}\n".utf8)

  /// A rank's name, its threads' names, and its events. Every line but the last of the last rank ends in a comma.
  package static func rank(
    _ rank: Int, host: String, _ threads: [TraceThread], end: Int, isLast: Bool, _ time: (_ own: Int) -> Int
  ) -> [UInt8] {
    let process = rank + 1
    var text = JSONText()
    func metadata(_ name: String, thread: Int?, _ key: String, _ value: (inout JSONText) -> Void) {
      text.add(#"{"ph":"M","name":""# + name + #"","pid":"# + "\(process)")
      if let thread { text.add(#","tid":"# + "\(thread)") }
      text.add(#","args":{""# + key + #"":"#)
      value(&text)
      text.add("}},\n")
    }
    metadata("process_name", thread: nil, "name") { $0.add(quoted: "rank \(rank) on \(host)") }
    for (index, thread) in threads.enumerated() {
      let number = self.number(ofThread: index, rank: rank)
      metadata("thread_name", thread: number, "name") { $0.add(quoted: thread.name) }
      metadata("thread_sort_index", thread: number, "sort_index") { $0.add("\(index)") }
      for event in thread.events {
        let start = time(event.start)
        text.add(#"{"ph":"X","name":"#)
        text.add(quoted: event.label.text)
        text.add(#","cat":""# + event.category.name + #"","pid":"# + "\(process)" + #","tid":"# + "\(number)")
        text.add(#","ts":"#)
        text.add(microseconds: start)
        text.add(#","dur":"#)
        text.add(microseconds: max(time(event.end ?? end) - start, 0))
        if event.end == nil {
          text.add(#","args":{"unfinished":true}"#)
        } else if let argument = event.argument, let name = event.category.argumentName {
          text.add(#","args":{""# + name + #"":"# + "\(argument)}")
        }
        text.add("},\n")
      }
    }
    metadata("process_sort_index", thread: nil, "sort_index") { $0.add("\(rank)") }
    return isLast ? text.bytes.dropLast(2) : text.bytes
  }

  /// The most threads of a rank whose numbers are told apart from the next rank's.
  private static let threadsOfRank = 10_000

  private static func number(ofThread index: Int, rank: Int) -> Int { (rank + 1) * threadsOfRank + index + 1 }
}

/// The part that the other ranks have to know of a rank before its events.
package struct TracedRank: Codable {
  package var host: String
  /// The largest possible error of the rank's times, in nanoseconds.
  package var clockError: Int
  /// The nanoseconds that rank 0's clock is ahead, at the beginning.
  package var clockDifference: Int
  /// The number of events, and of those for which there was no room.
  package var events: Int
  package var dropped: Int
  /// The length of the rank's part of the file, in bytes.
  package var length: Int

  package init(host: String, clock: ClockTranslation, _ threads: [TraceThread], length: Int) {
    self.host = host
    (clockError, clockDifference) = (clock.error, clock.first.offset)
    events = threads.reduce(0) { $0 + $1.events.count }
    dropped = threads.reduce(0) { $0 + $1.dropped }
    self.length = length
  }
}

/// JSON as it grows.
package struct JSONText {
  package private(set) var bytes: [UInt8] = []

  package init(_ text: String = "") { add(text) }

  package mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

  package mutating func add(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        add(byte < 0x10 ? "\\u000" : "\\u00")
        add(String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Adds nanoseconds as microseconds with three decimals.
  package mutating func add(microseconds nanoseconds: Int) {
    if nanoseconds < 0 { bytes.append(UInt8(ascii: "-")) }
    let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    add("\(whole).")
    let digits = "\(rest)"
    for _ in digits.utf8.count..<3 { bytes.append(UInt8(ascii: "0")) }
    add(digits)
  }
}
