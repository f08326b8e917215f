/// A way of data between ranks: a message of n bytes takes latency + n / bandwidth (Hockney's model).
public struct Link: Codable, Equatable, Sendable {
  /// α, in seconds.
  public var latency: Double
  /// β, in bytes a second, one way.
  public var bandwidth: Double
  /// The cost of messages both ways while the ranks compute; nil where it was not measured.
  public var exchange: ExchangeCost?

  public init(latency: Double, bandwidth: Double, exchange: ExchangeCost? = nil) {
    self.latency = latency
    self.bandwidth = bandwidth
    self.exchange = exchange
  }

  /// Returns the seconds of messages that one end handles one after the other.
  public func seconds(bytes: Double, messages: Int = 1) -> Double {
    guard messages > 0 else { return 0 }
    return Double(messages) * latency + bytes / bandwidth
  }
}

/// The cost of a message that two ranks send each other at the same time while both compute: latency + n·seconds for n
/// bytes each way.
public struct ExchangeCost: Codable, Equatable, Sendable {
  /// The latency in seconds: longer than that of a rank that does nothing but look for the message.
  public var latency: Double
  /// The seconds for a byte; between two nodes, where one rank of each uses the link.
  public var seconds: Double
  /// The seconds of each rank's core for a byte.
  public var work: Double

  public init(latency: Double = 0, seconds: Double, work: Double) {
    self.latency = latency
    self.seconds = seconds
    self.work = work
  }

  /// Derives the cost from exchanges of two lengths, by the straight line through them; where noise made the longer one
  /// quicker, by proportion.
  package init(short: (bytes: Double, seconds: Double), long: (bytes: Double, seconds: Double, work: Double)) {
    let slope = (long.seconds - short.seconds) / (long.bytes - short.bytes)
    seconds = slope > 0 ? min(slope, long.seconds / long.bytes) : long.seconds / long.bytes
    latency = max(0, long.seconds - seconds * long.bytes)
    work = long.work / long.bytes
  }
}

/// The links between ranks of one node, through its memory, and between nodes.
public struct ClusterNetwork: Codable, Equatable, Sendable {
  public var withinNode: Link
  public var betweenNodes: Link

  public init(withinNode: Link, betweenNodes: Link) {
    self.withinNode = withinNode
    self.betweenNodes = betweenNodes
  }

  /// Returns the network that is assumed where there is none to measure: messages through memory, and 10-gigabit
  /// Ethernet over TCP.
  /// - Parameter copy: the seconds in which a core copies a float.
  public static func assumed(copy: Double) -> ClusterNetwork {
    ClusterNetwork(
      withinNode: Link(latency: 1e-6, bandwidth: 2 / copy), betweenNodes: Link(latency: 30e-6, bandwidth: 10e9 / 8))
  }
}

/// The time that a part of the gradient takes behind the backward pass, with ranks that fill one node after the other:
/// it is reduced and scattered, the parameters are updated, and they are gathered.
struct ReductionModel {
  let ranks: Int
  let ranksPerNode: Int
  let network: ClusterNetwork
  /// The seconds to copy a float, as in `StepParts`.
  let copy: Double
  /// The seconds to add a float, as in `StepParts`.
  let add: Double
  /// The seconds to update a float of the parameters.
  let update: Double

  struct Time: Equatable {
    /// The seconds from the first message to the last parameter.
    var seconds = 0.0
    /// The seconds of a processor in that time, for messages, additions and the update. The thread that does this work
    /// shares its core with the backward pass.
    var work = 0.0
  }

  /// Returns the time for a number of floats.
  ///
  /// Vectors of up to `wholeCount` floats are exchanged whole at distances 1, 2, 4 …; longer ones are halved at each
  /// distance, added, and exchanged back: 2(1 − 1/p)·n floats each way.
  ///
  /// With a number of ranks that is not a power of two MPI itself adds, which is modeled as a ring with a tree's
  /// latency: 2⌈log₂ p⌉·α + 2(1 − 1/p)·n/β.
  func time(floats count: Int) -> Time {
    guard ranks > 1, count > 0 else { return Time() }
    var time = Time()
    var updated = Double(count)
    let rounds = log2(ranks)
    if ranks & (ranks - 1) != 0 {
      let moved = 2 * (1 - 1 / Double(ranks)) * Double(count)
      let passage = passage(moved, staysInside: ranks <= ranksPerNode, sharing: 1)
      time.seconds = Double(2 * rounds) * passage.latency + passage.seconds + add * moved / 2
      time.work = passage.work + add * moved / 2
    } else if count <= Self.wholeCount {
      for round in 0..<rounds { exchange(Double(count), distance: 1 << round, added: true, &time) }
    } else {
      var part = Double(count)
      for round in 0..<rounds {
        part /= 2
        exchange(part, distance: 1 << round, added: true, &time)
        exchange(part, distance: 1 << round, added: false, &time)
      }
      updated = part
    }
    time.seconds += update * updated
    time.work += update * updated
    time.seconds = max(time.seconds, time.work)
    return time
  }

  /// The length up to which vectors are exchanged whole, as in `World.allreduceTree`.
  static let wholeCount = 4096

  /// The seconds of the agreement after a step on whether to stop or save: a few bytes over all ranks and back.
  var agreement: Double {
    let link = ranks > ranksPerNode ? network.betweenNodes : network.withinNode
    return Double(2 * log2(ranks)) * link.latency
  }

  /// Adds the time in which each rank sends `count` floats to the one at `distance` and gets as many. All ranks of a
  /// node share its link to others.
  private func exchange(_ count: Double, distance: Int, added: Bool, _ time: inout Time) {
    let sum = added ? add * count : 0
    let local = min(ranks, ranksPerNode)
    // Partners differ in one bit of their ranks, and a node's ranks follow one another.
    let staysInside = ranks <= ranksPerNode || ranksPerNode % (2 * distance) == 0
    let passage = passage(count, staysInside: staysInside, sharing: Double(local))
    time.seconds += passage.latency + passage.seconds + sum
    time.work += passage.work + sum
  }

  /// Returns the latency, the further seconds, and the seconds of each rank's core that n bytes each way take.
  ///
  /// Where the exchange was measured, these are r·n·seconds and n·work, with r = 1 within a node. Otherwise they are
  /// 2n/β within a node, where both directions go through the same memory and each rank copies what it sends and what
  /// it gets, and r·n/β between nodes.
  ///
  /// - Parameters:
  ///   - count: the number of floats each way, n/4.
  ///   - sharing: r, the number of ranks that use a node's link at once.
  private func passage(
    _ count: Double, staysInside: Bool, sharing: Double
  ) -> (latency: Double, seconds: Double, work: Double) {
    let link = staysInside ? network.withinNode : network.betweenNodes
    let bytes = 4 * count
    if let exchange = link.exchange {
      return (exchange.latency, (staysInside ? 1 : sharing) * bytes * exchange.seconds, bytes * exchange.work)
    }
    return (link.latency, (staysInside ? 2 : sharing) * bytes / link.bandwidth, 2 * copy * count)
  }

  /// Returns ⌈log₂ n⌉.
  private func log2(_ n: Int) -> Int {
    var rounds = 0
    while 1 << rounds < n { rounds += 1 }
    return rounds
  }
}
