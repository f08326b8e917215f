import CMPI
import Glibc
import System

extension World {
  /// Waits until all the messages have arrived or have been handed over.
  ///
  /// MPI's own waits take a whole core; a rank that waits here leaves the core to others. It looks for 0.1 ms without a
  /// pause, and then sleeps between looks, each time for 1/64 of the time waited so far (1/32 after a quiet time) and
  /// at most 4 ms. MPI moves data only while a rank looks, so after a look that took long, and hence moved data, the
  /// rank again looks for 0.1 ms without sleeping. While another thread computes on its core (`isBesideComputation`),
  /// it sleeps for 0.1 ms between any two looks.
  ///
  /// - Parameter quiet: seconds in which nothing is expected to arrive. If nothing has arrived at the start, the rank
  ///   sleeps through them and counts the time waited from then on.
  /// - Parameter isNeeded: asked before each look; once it returns `false` the wait ends, with messages still under
  ///   way.
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

  /// Looks once at the first of the messages that are still under way, which lets the data of all move. Returns whether
  /// all have arrived.
  @discardableResult public func look(at requests: [Request]) throws(MPIError) -> Bool {
    var isDone: Int32 = 0
    for request in requests {
      for index in request.handles.indices {
        try check(mpi_test(&request.handles[index], &isDone), request.call)
        if isDone == 0 { return false }
      }
    }
    return true
  }

  /// Starts one collective operation with `start`, which is given the place for its request, and waits until it has
  /// finished.
  func collective(
    _ call: String, _ start: (UnsafeMutablePointer<mpi_request>) -> Int32
  ) throws(MPIError) {
    var handle = mpi_request_null()
    try check(start(&handle), call)
    var pause = Pause(yields: isOversubscribed)
    try wait(&handle, call, &pause)
  }

  /// The one place where this process waits for another. A test of any request lets all of them progress.
  private func wait(
    _ handle: inout mpi_request, _ call: String, _ pause: inout Pause, while isNeeded: () -> Bool = { true }
  ) throws(MPIError) {
    var isDone: Int32 = 0
    while isNeeded() {
      try check(mpi_test(&handle, &isDone), call)
      if isDone != 0 { return }
      pause.untilNextLook(besideComputation: isBesideComputation.load(ordering: .relaxed))
      if let watch, pause.waited > StallWatch.attention {
        try watch.attend(start: pause.start, waited: pause.waited, activity: activity)
      }
    }
  }
}

/// The rule for how long a rank stays away between two looks at a message that it waits for.
private struct Pause {
  /// Whether other ranks need the core while this one spins.
  private let yields: Bool
  let start = monotonicNanoseconds()
  /// The seconds from the start to the last pause, without those in which this process itself was stopped.
  private(set) var waited = 0.0
  private var lastPause: Int
  /// The time at which data last moved, as far as one can see.
  private var lastData: Int
  /// The processor time that this thread had used before the look.
  private var used = threadProcessorNanoseconds()
  /// The divisor of the time waited so far that gives the length of a sleep; it bounds what sleeps can add to that
  /// time.
  private let share: Int
  /// The nanoseconds that are still to be slept through at once.
  private var quiet: Int
  /// The start of the waiting time that sets the length of sleeps.
  private var attentive: Int

  init(yields: Bool, quiet: Double = 0) {
    self.yields = yields
    self.quiet = Int(quiet * 1e9)
    // A message that is awaited after a quiet time comes soon.
    share = quiet > 0 ? 32 : 64
    attentive = start
    lastData = start
    lastPause = start
  }

  mutating func untilNextLook(besideComputation: Bool) {
    let now = monotonicNanoseconds()
    waited += Double(min(now - lastPause, Self.longestGap)) * 1e-9
    lastPause = now
    // This is processor time, because a look also takes long while another process has the core.
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

  /// The nanoseconds for which a rank goes on looking without a pause, so that ranks that are ready answer sooner.
  private static let spinTime = 100_000
  /// The nanoseconds beyond which a look has most likely moved data; one that has not costs a spin.
  private static let dataTime = 10_000
  private static let shortestSleep = 5_000
  /// The sleep beside computation, in nanoseconds: short enough that the network's buffers do not run full or empty,
  /// long enough that the looks take little of the core.
  private static let besideSleep = 100_000
  private static let longestSleep = 4_000_000
  /// The longest time between two looks, in nanoseconds, that counts as waiting; a longer gap means that the process
  /// was stopped.
  private static let longestGap = 250_000_000
}

private func sleep(_ nanoseconds: Int) {
  var interval = timespec(tv_sec: 0, tv_nsec: nanoseconds)
  // A signal ends the sleep early, which only means one more look.
  nanosleep(&interval, nil)
}
