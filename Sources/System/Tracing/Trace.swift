import Glibc
import Synchronization

/// The recording of what a thread and all that it has made do, from `start` to `stop`: every thread writes into a track
/// of its own, without a lock and without asking for memory.
///
/// Outside of a recording, an event costs a look at one number.
public enum Trace {
  /// The number for an event that has nothing to tell by one.
  public static let noArgument = -1

  /// Records `body` as an event of the calling thread.
  ///
  /// - Parameter argument: the number that `TraceCategory.argumentName` explains.
  @inline(__always) @inlinable
  public static func span<Result, Failure>(
    _ label: TraceLabel, _ category: TraceCategory, _ argument: Int = noArgument,
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let event = begin(label, category)
    defer { end(event, argument) }
    return try body()
  }

  /// Begins an event of the calling thread, which `end` is called for on the same thread.
  ///
  /// - Returns: the event; negative where none is recorded.
  public static func begin(_ label: TraceLabel, _ category: TraceCategory) -> Int {
    let recording = current.load(ordering: .relaxed)
    guard recording != 0 else { return -1 }
    return record(label, category, recording)
  }

  @inline(never)
  private static func record(_ label: TraceLabel, _ category: TraceCategory, _ recording: Int) -> Int {
    if category == .phase || category == .wait, hidesPhases.load(ordering: .relaxed) { return -1 }
    guard let index = track(of: recording)?.begin(label, category) else { return -1 }
    return recording << placeBits | index
  }

  @inline(__always) @inlinable
  public static func end(_ event: Int, _ argument: Int = noArgument) {
    if event >= 0 { finish(event, argument) }
  }

  @usableFromInline
  static func finish(_ event: Int, _ argument: Int) {
    guard let place = pthread_getspecific(trackKey) else { return }
    let track = Unmanaged<TraceTrack>.fromOpaque(place).takeUnretainedValue()
    guard track.recording == event >> placeBits else { return }
    track.end(event & (1 << placeBits - 1), argument)
  }

  /// Runs `body` without the phases and waits of all threads, of which there are many in work that is no training step.
  public static func withoutPhases<Result, Failure>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    hidesPhases.store(true, ordering: .relaxed)
    defer { hidesPhases.store(false, ordering: .relaxed) }
    return try body()
  }

  /// Starts to record what the calling thread does, and those that it has made or will make, after memory for `threads`
  /// threads was asked for. More threads ask for theirs as they begin their first event.
  ///
  /// - Parameter capacity: the number of events that there is room for on each thread.
  package static func start(threads: Int, capacity: Int) {
    precondition((1..<1 << placeBits).contains(capacity), "a trace of \(capacity) events")
    let recording = tracks.withLock { state in
      state.recording += 1
      state.capacity = capacity
      state.ancestor = WorkerThread.currentAncestor
      state.tracks = (0..<threads).map { _ in TraceTrack(recording: state.recording, capacity: capacity) }
      return state.recording
    }
    let (isOurs, _) = current.compareExchange(expected: 0, desired: recording, ordering: .sequentiallyConsistent)
    precondition(isOurs, "a trace is started while another one is being recorded")
  }

  /// Ends the recording. An event that has not ended is there without its end.
  ///
  /// - Returns: the threads that have recorded anything, in the order in which they came.
  package static func stop() -> [TraceThread] {
    current.store(0, ordering: .sequentiallyConsistent)
    return tracks.withLock { state in
      defer { state.tracks = [] }
      return state.tracks.filter { !$0.thread.isEmpty }.map(\.events)
    }
  }

  // MARK: - Tracks

  private static let placeBits = 24

  /// Returns the calling thread's track.
  private static func track(of recording: Int) -> TraceTrack? {
    if let place = pthread_getspecific(trackKey) {
      let track = Unmanaged<TraceTrack>.fromOpaque(place).takeUnretainedValue()
      if track.recording == recording { return track }
    }
    return takeTrack(of: recording)
  }

  /// Gives the calling thread a track: that of an earlier thread of the same name, which it goes on with, or a new one.
  private static func takeTrack(of recording: Int) -> TraceTrack? {
    let name = WorkerThread.currentName ?? "main"
    let track = tracks.withLock { state -> TraceTrack? in
      guard state.recording == recording, state.ancestor == WorkerThread.currentAncestor else { return nil }
      let free = state.tracks.first { $0.isFree && $0.thread == name } ?? state.tracks.first { $0.thread.isEmpty }
      let track = free ?? TraceTrack(recording: recording, capacity: state.capacity)
      if free == nil { state.tracks.append(track) }
      (track.thread, track.isFree) = (name, false)
      return track
    }
    guard let track else { return nil }
    release(pthread_getspecific(trackKey))
    pthread_setspecific(trackKey, Unmanaged.passRetained(track).toOpaque())
    return track
  }

  /// Lets go of a thread's track.
  fileprivate static func release(_ place: UnsafeMutableRawPointer?) {
    guard let place else { return }
    let track = Unmanaged<TraceTrack>.fromOpaque(place).takeRetainedValue()
    tracks.withLock { _ in track.isFree = true }
  }
}

/// The number of the recording that goes on; 0 for none.
private let current = Atomic(0)
private let hidesPhases = Atomic(false)

private struct TraceState {
  /// The number of recordings begun.
  var recording = 0
  var capacity = 0
  /// The ancestor of the threads that are recorded.
  var ancestor = pthread_self()
  var tracks: [TraceTrack] = []
}

private let tracks = Mutex(TraceState())

/// The key of the calling thread's track, which is released when the thread ends.
private let trackKey: pthread_key_t = {
  var key = pthread_key_t()
  pthread_key_create(&key) { Trace.release($0) }
  return key
}()
