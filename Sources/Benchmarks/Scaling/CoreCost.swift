import Kernels
import System

/// The seconds of work that several cores of a node do together: t(c) = serial + factor·(t(1) − serial)/c.
public struct CoreCost: Codable, Equatable, Sendable {
  /// The seconds on one core.
  public var oneCore: Double
  /// The seconds in which one core works and the others have nothing to do.
  public var serial: Double
  /// The factor by which the rest takes longer on several cores than on one, over their number.
  public var factor: Double

  public init(oneCore: Double, serial: Double = 0, factor: Double = 1) {
    self.oneCore = oneCore
    self.serial = serial
    self.factor = factor
  }

  /// A run of the same work on several cores.
  public struct Run: Equatable, Sendable {
    public var cores: Int
    public var seconds: Double
    /// The seconds of all cores together in which they had something to do: the caller's thread always, the others in
    /// the phases' pieces.
    public var busySeconds: Double

    public init(cores: Int, seconds: Double, busySeconds: Double) {
      self.cores = cores
      self.seconds = seconds
      self.busySeconds = busySeconds
    }

    /// Times work that a pool's threads share.
    ///
    /// What the threads have to do is taken from a trace: their processor time would be short of what other programs
    /// and other virtual machines took away, as if they had been idle.
    package static func timed(on pool: ThreadPool, _ work: () -> Void) -> Run {
      Trace.start(threads: pool.threadCount, capacity: 1 << 12)
      let start = monotonicNanoseconds()
      work()
      let end = monotonicNanoseconds()
      let caller = WorkerThread.currentName ?? "main"
      let others = Trace.stop().filter { $0.name != caller }
      return Run(
        cores: pool.threadCount, seconds: 1e-9 * Double(end - start),
        busySeconds: 1e-9 * Double(others.reduce(end - start) { $0 + nanosecondsInPhases($1.events) }))
    }

    /// Returns the nanoseconds that a thread's phases take, without those that are inside another one.
    private static func nanosecondsInPhases(_ events: [TraceEvent]) -> Int {
      var (sum, last) = (0, 0)
      for event in events where event.category == .phase && event.start >= last {
        guard let end = event.end else { continue }
        (sum, last) = (sum + end - event.start, end)
      }
      return sum
    }

    /// Returns the quickest of several runs on as many cores, at least one: other work of the machine disturbs some
    /// runs more than others.
    static func quickest(of runs: [Run]) -> Run {
      runs.min { $0.seconds < $1.seconds }!
    }

    /// The seconds in which one core worked alone: with s of them, n cores work n·(t − s) + s.
    package var serial: Double {
      (Double(cores) * seconds - busySeconds) / Double(max(cores - 1, 1))
    }
  }

  /// Derives the serial part from the idle time of a run on several cores, and the factor from its length, so that
  /// `seconds` gives that length back for as many cores. A serial part outside of 0 … t(1) is noise and is brought back
  /// there.
  public init(oneCore: Double, run: Run) {
    guard run.cores > 1 else {
      self.init(oneCore: oneCore)
      return
    }
    let serial = min(max(run.serial, 0), oneCore, run.seconds)
    let divided = oneCore - serial
    self.init(
      oneCore: oneCore, serial: serial,
      factor: divided > 0 ? (run.seconds - serial) * Double(run.cores) / divided : 1)
  }

  /// Returns the seconds on a number of cores.
  public func seconds(cores: Int) -> Double {
    guard cores > 1 else { return oneCore }
    return serial + factor * (oneCore - serial) / Double(cores)
  }
}
