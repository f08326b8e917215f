import CMPI
import Glibc
import System

extension World {
  /// Waits until all the messages have arrived or are handed over.
  ///
  /// MPI's own waits take a whole core; a rank that waits here leaves it to others: it looks for 0.1 ms, then sleeps
  /// between looks, each time 1/64 of the time waited so far (1/32 after a quiet time) and at most 4 ms. MPI moves data only while somebody
  /// looks, so after a look that took long, hence moved data, the rank again looks for 0.1 ms without sleeping. Beside
  /// computation (`isBesideComputation`) it sleeps for 0.1 ms between any two looks.
  ///
  /// - Parameter quiet: seconds in which nothing is expected to arrive: if nothing has at the start, the rank sleeps through
  ///   them and counts the time waited from then on.
  /// - Parameter isNeeded: asked before each look; once it says no the wait ends, with messages still under way.
  public func wait(
    _ requests: [Request], quiet: Double = 0, while isNeeded: () -> Bool = { true }
  ) throws(MPIError) {
    var pause = Pause(yields: isOversubscribed, quiet: quiet)
    for request in requests {
      for index in request.handles.indices {
        try wait(&request.handles[index], request.call, &pause, while: isNeeded)
      }
    }
  }

  /// Looks once at the first of the messages that is under way, which moves the data of all. Returns whether none is.
  @discardableResult public func look(at requests: [Request]) throws(MPIError) -> Bool {
    var isDone: Int32 = 0
    for request in requests {
      for index in request.handles.indices {
        try check(MPI_Test(&request.handles[index], &isDone, mpi_status_ignore()), request.call)
        if isDone == 0 { return false }
      }
    }
    return true
  }

  /// Starts one collective operation by `start`, which is given the place for its request, and waits for its end.
  func collective(
    _ call: String, _ start: (UnsafeMutablePointer<MPI_Request?>) -> Int32
  ) throws(MPIError) {
    var handle: MPI_Request?
    try check(start(&handle), call)
    var pause = Pause(yields: isOversubscribed)
    try wait(&handle, call, &pause)
  }

  /// The one place where this process waits for another. A test of any request lets all of them progress.
  private func wait(
    _ handle: inout MPI_Request?, _ call: String, _ pause: inout Pause, while isNeeded: () -> Bool = { true }
  ) throws(MPIError) {
    var isDone: Int32 = 0
    while isNeeded() {
      try check(MPI_Test(&handle, &isDone, mpi_status_ignore()), call)
      if isDone != 0 { return }
      pause.untilNextLook(besideComputation: isBesideComputation.load(ordering: .relaxed))
      if let watch, pause.waited > StallWatch.attention {
        try watch.attend(start: pause.start, waited: pause.waited, activity: activity)
      }
    }
  }
}

/// How long to stay away between two looks at what is awaited.
private struct Pause {
  /// Whether other ranks need the core while this one spins.
  private let yields: Bool
  let start = monotonicNanoseconds()
  /// Seconds from the start to the last pause, without those in which this process itself was stopped.
  private(set) var waited = 0.0
  private var lastPause: Int
  /// When data last moved, as far as one can see.
  private var lastData: Int
  /// The processor time that this thread had used before the look.
  private var used = threadProcessorNanoseconds()
  /// A sleep is this part of the time waited so far, which bounds what it can add to that time.
  private let share: Int
  /// Still to be slept through at once.
  private var quiet: Int
  /// From when on sleeps are a part of the time waited.
  private var attentive: Int

  init(yields: Bool, quiet: Double = 0) {
    self.yields = yields
    self.quiet = Int(quiet * 1e9)
    // What comes after a quiet time comes soon.
    share = quiet > 0 ? 32 : 64
    attentive = start
    lastData = start
    lastPause = start
  }

  mutating func untilNextLook(besideComputation: Bool) {
    let now = monotonicNanoseconds()
    waited += Double(min(now - lastPause, Self.longestGap)) * 1e-9
    lastPause = now
    // Processor time, because a look also takes long while another process has the core.
    if threadProcessorNanoseconds() - used > Self.dataTime { lastData = now }
    if quiet > 0 {
      sleep(quiet)
      quiet = 0
      attentive = monotonicNanoseconds()
      lastPause = attentive
      lastData = attentive - Self.spinTime
    } else if besideComputation {
      sleep(Self.besideSleep)
    } else if now - lastData > Self.spinTime {
      sleep(min(max((now - attentive) / share, Self.shortestSleep), Self.longestSleep))
    } else if yields {
      sched_yield()
    }
    used = threadProcessorNanoseconds()
  }

  /// How long a rank goes on looking without a pause, in nanoseconds: ranks that are ready answer sooner.
  private static let spinTime = 100_000
  /// A look that takes longer has most likely moved data; one that has not costs a spin.
  private static let dataTime = 10_000
  private static let shortestSleep = 5_000
  /// Short enough for the network's buffers not to run full or empty, long enough for the looks to take little of the core.
  private static let besideSleep = 100_000
  private static let longestSleep = 4_000_000
  /// Between two looks; what takes longer was no waiting.
  private static let longestGap = 250_000_000
}

private func sleep(_ nanoseconds: Int) {
  var interval = timespec(tv_sec: 0, tv_nsec: nanoseconds)
  // Interrupted by a signal it ends early, which only means one more look.
  nanosleep(&interval, nil)
}
