import Foundation
import System
import TestSupport
import Testing

/// Threads record what they do.
@Suite(.serialized) struct TraceTests {
  /// Records on a thread of this name, which no other test has, while other tests' threads may record as well.
  private func recorded(capacity: Int = 100, on name: String, _ body: @escaping @Sendable () -> Void) throws
    -> TraceThread
  {
    try traceLock.withLock {
      Trace.start(threads: 1, capacity: capacity)
      let thread = try WorkerThread(name: name, body)
      thread.join()
      return try #require(Trace.stop().first { $0.name == name })
    }
  }

  @Test func eventsAreNestedAndInTheOrderOfTheirBeginnings() throws {
    let before = monotonicNanoseconds()
    let thread = try recorded(on: "nested") {
      Trace.span("outer", .step, 4) {
        Trace.span("first", .forward, 0) {}
        Trace.span("second", .backward) {}
      }
      Trace.span("after", .wait) {}
    }
    #expect(thread.events.map(\.label.text) == ["outer", "first", "second", "after"])
    #expect(thread.events.map(\.category) == [.step, .forward, .backward, .wait])
    #expect(thread.events.map(\.argument) == [4, 0, nil, nil])
    let times = thread.events.map { ($0.start, $0.end ?? 0) }
    #expect(before <= times[0].0 && times[0].0 <= times[1].0 && times[1].0 <= times[1].1)
    #expect(times[1].1 <= times[2].0 && times[2].1 <= times[0].1 && times[0].1 <= times[3].0)
    #expect(thread.dropped == 0)
  }

  @Test func nothingIsRecordedOutsideOfARecording() throws {
    try traceLock.withLock {
      #expect(Trace.begin("too early", .part) < 0)
      Trace.start(threads: 0, capacity: 10)
      let event = Trace.begin("open", .part)
      #expect(event >= 0)
      let threads = Trace.stop()
      // An end that comes too late does no harm.
      Trace.end(event)
      #expect(Trace.begin("too late", .part) < 0)
      let own = try #require(threads.flatMap(\.events).first { $0.label.text == "open" })
      #expect(own.end == nil && own.argument == nil)
    }
  }

  @Test func whatDoesNotFitIsCounted() throws {
    let thread = try recorded(capacity: 3, on: "full") {
      for _ in 0..<2 { Trace.span("outer", .part) { Trace.span("inner", .phase, 1) {} } }
      Trace.span("lost", .part) {}
    }
    #expect(thread.events.map(\.label.text) == ["outer", "inner", "outer"])
    #expect(thread.events.allSatisfy { $0.end != nil })
    #expect(thread.dropped == 2)
  }

  @Test func threadsOfOthersAreNotRecorded() throws {
    let tracks = try traceLock.withLock {
      Trace.start(threads: 1, capacity: 10)
      let own = try WorkerThread(name: "own") {
        let grandchild = try? WorkerThread(name: "grandchild") { Trace.span("work", .part) {} }
        grandchild?.join()
      }
      own.join()
      // A thread that is not of this one's making, and one that it makes.
      let other = Thread {
        Trace.span("foreign", .part) {}
        let child = try? WorkerThread(name: "child of another") { Trace.span("foreign", .part) {} }
        child?.join()
      }
      other.start()
      while !other.isFinished { usleep(100) }
      Trace.span("work", .part) {}
      return Trace.stop()
    }
    #expect(Set(tracks.map(\.name)) == ["grandchild", "main"])
    #expect(tracks.flatMap(\.events).map(\.label.text) == ["work", "work"])
  }

  /// A checkpoint's thread ends with each checkpoint: all of them are one track.
  @Test func aThreadGoesOnWithTheTrackOfOneBefore() throws {
    let tracks = try traceLock.withLock {
      Trace.start(threads: 1, capacity: 10)
      for _ in 0..<3 {
        let thread = try WorkerThread(name: "again") { Trace.span("work", .checkpoint) {} }
        thread.join()
      }
      return Trace.stop().filter { $0.name == "again" }
    }
    #expect(tracks.map(\.events.count) == [3])
  }

  @Test func threadsAtOnceHaveTracksOfTheirOwn() throws {
    let tracks = try traceLock.withLock {
      // A thread that begins late goes on with the track of one that has ended.
      Trace.start(threads: 1, capacity: 2000)
      let threads = try (0..<4).map { _ in
        try WorkerThread(name: "at once") {
          for _ in 0..<500 { Trace.span("work", .phase, 2) {} }
        }
      }
      for thread in threads { thread.join() }
      return Trace.stop().filter { $0.name == "at once" }
    }
    #expect(tracks.reduce(0) { $0 + $1.events.count } == 2000)
    for track in tracks {
      let times = track.events.flatMap { [$0.start, $0.end ?? 0] }
      #expect(times == times.sorted())
    }
  }

  @Test func phasesAreLeftOut() throws {
    let thread = try recorded(on: "hidden") {
      Trace.withoutPhases {
        Trace.span("phase", .phase) {}
        Trace.span("wait", .wait) {}
        Trace.span("evaluation", .evaluation) {}
      }
      Trace.span("phase", .phase) {}
    }
    #expect(thread.events.map(\.label.text) == ["evaluation", "phase"])
  }

  @Test func aTextIsKeptOnce() {
    let label = TraceLabel(keeping: "conv\(1) forward")
    #expect(label == TraceLabel(keeping: "conv1 forward") && label.text == "conv1 forward")
    #expect(TraceLabel(keeping: "conv2 forward") != label)
  }
}
