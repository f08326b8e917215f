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
    /// The processor time of all cores together: waiting counts nothing.
    public var processorSeconds: Double

    public init(cores: Int, seconds: Double, processorSeconds: Double) {
      self.cores = cores
      self.seconds = seconds
      self.processorSeconds = processorSeconds
    }

    /// Returns the quickest of several runs on as many cores, at least one. Other work of the machine takes cores away,
    /// which looks like idle time; it disturbs some runs more than others.
    static func quickest(of runs: [Run]) -> Run {
      runs.min { $0.seconds < $1.seconds }!
    }

    /// The seconds in which one core worked alone: with s of them, n cores work n·(t − s) + s.
    var serial: Double {
      (Double(cores) * seconds - processorSeconds) / Double(max(cores - 1, 1))
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
