import Synchronization

/// The events of one thread, in memory that was asked for once: what no longer fits is counted and dropped.
///
/// An event takes its place when it begins, so that one that does not end is there too, and all are in the order of
/// their beginnings.
///
/// Sendable: one thread at a time writes. Another one reads the events below `count`, and an event's argument only
/// where it has seen its end; both are stored with releasing and read with acquiring ordering.
final class TraceTrack: @unchecked Sendable {
  /// The recording that it belongs to.
  let recording: Int
  /// The name of the thread; empty as long as none has the track. Written under the recorder's lock.
  var thread = ""
  /// Whether no thread has it any more. Written under the recorder's lock.
  var isFree = true

  private let capacity: Int
  private let beginnings: UnsafeMutablePointer<Beginning>
  /// The time of each event's end; 0 for one that has not ended.
  private let ends: UnsafeMutablePointer<Atomic<Int>>
  private let count = Atomic(0)
  private let dropped = Atomic(0)

  private struct Beginning {
    var nanoseconds = 0
    var label: TraceLabel = ""
    var argument: Int32 = -1
    var category = TraceCategory.phase
  }

  /// Asks for the memory and touches it.
  init(recording: Int, capacity: Int) {
    self.recording = recording
    self.capacity = capacity
    beginnings = .allocate(capacity: capacity)
    beginnings.initialize(repeating: Beginning(), count: capacity)
    ends = .allocate(capacity: capacity)
    for index in 0..<capacity { (ends + index).initialize(to: Atomic(0)) }
  }

  deinit {
    ends.deinitialize(count: capacity)
    ends.deallocate()
    beginnings.deallocate()
  }

  /// Returns the event's place; nil where there is none left.
  func begin(_ label: TraceLabel, _ category: TraceCategory) -> Int? {
    let index = count.load(ordering: .relaxed)
    guard index < capacity else {
      dropped.wrappingAdd(1, ordering: .relaxed)
      return nil
    }
    beginnings[index] = Beginning(nanoseconds: monotonicNanoseconds(), label: label, category: category)
    count.store(index + 1, ordering: .releasing)
    return index
  }

  func end(_ index: Int, _ argument: Int) {
    beginnings[index].argument = Int32(truncatingIfNeeded: argument)
    ends[index].store(monotonicNanoseconds(), ordering: .releasing)
  }

  /// The events so far.
  var events: TraceThread {
    let events = (0..<count.load(ordering: .acquiring)).map { index in
      let end = ends[index].load(ordering: .acquiring)
      let beginning = beginnings[index]
      return TraceEvent(
        label: beginning.label, category: beginning.category, start: beginning.nanoseconds, end: end > 0 ? end : nil,
        argument: end > 0 && beginning.argument >= 0 ? Int(beginning.argument) : nil)
    }
    return TraceThread(name: thread, events: events, dropped: dropped.load(ordering: .relaxed))
  }
}

/// The events of one thread, as they were recorded.
package struct TraceThread: Sendable {
  package let name: String
  /// The events in the order of their beginnings: an event comes after those that it is inside of.
  package let events: [TraceEvent]
  /// The number of events for which there was no room.
  package let dropped: Int

  package init(name: String, events: [TraceEvent], dropped: Int) {
    self.name = name
    self.events = events
    self.dropped = dropped
  }
}

/// Something that a thread did, from one moment to another.
package struct TraceEvent: Sendable {
  package let label: TraceLabel
  package let category: TraceCategory
  /// The beginning in nanoseconds of this host's clock (`monotonicNanoseconds`).
  package let start: Int
  /// The end; nil for an event that had not ended when the recording did.
  package let end: Int?
  /// The number that the category's `argumentName` explains; nil for none.
  package let argument: Int?

  package init(label: TraceLabel, category: TraceCategory, start: Int, end: Int?, argument: Int? = nil) {
    self.label = label
    self.category = category
    self.start = start
    self.end = end
    self.argument = argument
  }
}
