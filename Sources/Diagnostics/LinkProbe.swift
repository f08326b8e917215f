import Communication
import System

/// What messages between two hosts take, or between two ranks of one host.
public struct LinkMeasurement: Equatable, Sendable, Codable {
  public var from: String
  public var to: String
  /// Half a round trip of 8 bytes, in seconds: the median.
  public var latency: Double
  /// Bytes a second of large messages that go to and fro.
  public var bandwidth: Double

  package init(from: String, to: String, latency: Double, bandwidth: Double) {
    (self.from, self.to, self.latency, self.bandwidth) = (from, to, latency, bandwidth)
  }
}

/// How far a host's clock is from rank 0's.
public struct ClockMeasurement: Equatable, Sendable, Codable {
  public var host: String
  /// Seconds that the host's clock is ahead.
  public var offset: Double
  /// The offset is known to so many seconds.
  public var uncertainty: Double

  package init(host: String, offset: Double, uncertainty: Double) {
    (self.host, self.offset, self.uncertainty) = (host, offset, uncertainty)
  }
}

/// What adding over all ranks takes.
public struct AllreduceMeasurement: Equatable, Sendable, Codable {
  public var bytes: Int
  public var seconds: Double
}

/// One exchange of times: asked at `sent`, answered at `answered` of the other clock, heard at `received`.
package struct ClockExchange {
  package var sent: Double
  package var answered: Double
  package var received: Double

  package init(sent: Double, answered: Double, received: Double) {
    (self.sent, self.answered, self.received) = (sent, answered, received)
  }
}

/// The other clock's lead by the quickest exchange (Cristian 1989): it was read at some moment of the round trip, so
/// half of that bounds the error.
package func clockOffset(_ exchanges: [ClockExchange]) -> (offset: Double, uncertainty: Double) {
  guard let best = exchanges.min(by: { $0.received - $0.sent < $1.received - $1.sent }) else { return (0, .infinity) }
  return (best.answered - (best.sent + best.received) / 2, (best.received - best.sent) / 2)
}

/// Measures links, clocks and the allreduce. Every rank makes one and calls the same methods.
public struct LinkProbe {
  private let world: World
  /// The hosts in the order of their lowest ranks, each with its ranks.
  private let hosts: [(name: String, ranks: [Int])]

  public init(_ world: World) {
    self.world = world
    hosts = world.hosts
  }

  /// The pairs of ranks to measure: all pairs of at most `allPairs` hosts, else each host and the next; two ranks of
  /// each host that has two.
  package static func pairs(_ hosts: [(name: String, ranks: [Int])], allPairs: Int = 8) -> [(first: Int, second: Int)] {
    var pairs: [(Int, Int)] = []
    for host in hosts where host.ranks.count > 1 { pairs.append((host.ranks[0], host.ranks[1])) }
    let leaders = hosts.map { $0.ranks[0] }
    if leaders.count <= allPairs {
      for first in leaders.indices {
        for second in leaders.indices where second > first { pairs.append((leaders[first], leaders[second])) }
      }
    } else {
      for first in leaders.indices { pairs.append((leaders[first], leaders[(first + 1) % leaders.count])) }
    }
    return pairs
  }

  // MARK: - Links

  /// One pair after the other. The result is complete on rank 0 only.
  public func links() throws -> [LinkMeasurement] {
    var found: [LinkMeasurement] = []
    for (first, second) in Self.pairs(hosts) {
      try world.barrier()
      var times = [0.0, 0.0]
      if world.rank == first {
        times = [try latency(to: second), try bandwidth(to: second)]
      } else if world.rank == second {
        try answer(first, bytes: 8)
        try answer(first, bytes: Self.largeMessage)
      }
      let all = try world.allgather(SIMD2(times[0], times[1]))
      found.append(
        LinkMeasurement(
          from: world.hostNames[first], to: world.hostNames[second], latency: all[first].x, bandwidth: all[first].y))
    }
    return found
  }

  private static let largeMessage = 1 << 20
  /// Seconds spent on one measurement, about.
  private static let patience = 0.3
  private static let tag = 7

  /// Sends `bytes` and waits for as many. The first byte says whether another round follows.
  private func roundTrip(_ partner: Int, _ message: inout [UInt8], _ back: inout [UInt8], isLast: Bool) throws -> Double
  {
    message[0] = isLast ? 1 : 0
    let start = monotonicSeconds()
    try message.withUnsafeBytes { message in
      try back.withUnsafeMutableBytes { back in
        let receipt = try world.receive(back, from: partner, tag: Self.tag)
        try world.wait([try world.send(message, to: partner, tag: Self.tag), receipt])
      }
    }
    return monotonicSeconds() - start
  }

  private func answer(_ partner: Int, bytes: Int) throws {
    var message = [UInt8](repeating: 0, count: bytes)
    while message[0] == 0 {
      try message.withUnsafeMutableBytes { message in
        try world.wait([try world.receive(message, from: partner, tag: Self.tag)])
        try world.wait([try world.send(UnsafeRawBufferPointer(message), to: partner, tag: Self.tag)])
      }
    }
  }

  private func roundTrips(_ partner: Int, bytes: Int, most: Int) throws -> [Double] {
    var message = [UInt8](repeating: 0, count: bytes)
    var back = message
    // The first one also sets up the connection.
    let first = try roundTrip(partner, &message, &back, isLast: false)
    let second = try roundTrip(partner, &message, &back, isLast: false)
    let count = max(1, min(most, Int(Self.patience / max(min(first, second), 1e-9))))
    return try (1...count).map { try roundTrip(partner, &message, &back, isLast: $0 == count) }
  }

  private func latency(to partner: Int) throws -> Double {
    try roundTrips(partner, bytes: 8, most: 200).median() / 2
  }

  private func bandwidth(to partner: Int) throws -> Double {
    2 * Double(Self.largeMessage) / max(try roundTrips(partner, bytes: Self.largeMessage, most: 40).median(), 1e-9)
  }

  // MARK: - Clocks

  /// Each host's clock against that of rank 0's host. Complete on rank 0 only.
  public func clocks() throws -> [ClockMeasurement] {
    var found: [ClockMeasurement] = []
    for host in hosts.dropFirst() {
      let partner = host.ranks[0]
      if world.rank == 0 {
        let (offset, uncertainty) = clockOffset(try (0..<Self.exchanges).map { _ in try askTime(partner) })
        found.append(ClockMeasurement(host: host.name, offset: offset, uncertainty: uncertainty))
      } else if world.rank == partner {
        for _ in 0..<Self.exchanges { try tellTime() }
      }
    }
    try world.barrier()
    return found
  }

  private static let exchanges = 20

  private func askTime(_ partner: Int) throws -> ClockExchange {
    var question = [0.0]
    var answer = [0.0]
    let sent = wallClockSeconds()
    try question.withUnsafeMutableBytes { question in
      try answer.withUnsafeMutableBytes { answer in
        let receipt = try world.receive(answer, from: partner, tag: Self.tag)
        try world.wait([try world.send(UnsafeRawBufferPointer(question), to: partner, tag: Self.tag), receipt])
      }
    }
    return ClockExchange(sent: sent, answered: answer[0], received: wallClockSeconds())
  }

  private func tellTime() throws {
    var time = [0.0]
    try time.withUnsafeMutableBytes { try world.wait([try world.receive($0, from: 0, tag: Self.tag)]) }
    time[0] = wallClockSeconds()
    try time.withUnsafeBytes { try world.wait([try world.send($0, to: 0, tag: Self.tag)]) }
  }

  // MARK: - Allreduce

  /// The program's own addition over all ranks, of so many floats. The same on every rank.
  public func allreduce(counts: [Int]) throws -> [AllreduceMeasurement] {
    guard world.size > 1 else { return [] }
    return try counts.map { count in
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      let scratch = UnsafeMutableBufferPointer<Float>.allocate(capacity: world.allreduceScratchCount(count))
      defer {
        values.deallocate()
        scratch.deallocate()
      }
      values.initialize(repeating: 0)
      scratch.initialize(repeating: 0)
      func once() throws -> Double {
        try world.barrier()
        let start = monotonicSeconds()
        try world.allreduceTree(values, scratch: scratch)
        return monotonicSeconds() - start
      }
      let first = try world.allgather(try once()).max() ?? 0
      let repeats = max(1, min(10, Int(Self.patience * 2 / max(first, 1e-9))))
      // A sum is there when the last rank has it.
      let times = try (0..<repeats).map { _ in try world.allgather(try once()).max() ?? 0 }
      return AllreduceMeasurement(bytes: 4 * count, seconds: times.median())
    }
  }
}

/// What is wrong with links and clocks.
public func linkFindings(_ links: [LinkMeasurement], _ clocks: [ClockMeasurement]) -> [Finding] {
  var findings: [Finding] = []
  let between = links.filter { $0.from != $0.to }
  // With two hosts there is nothing to compare their link to.
  if between.count > 1, let best = between.map(\.bandwidth).max() {
    for link in between where link.bandwidth < best / 3 {
      findings.append(
        Finding(
          .warning,
          "\(link.from) – \(link.to): \(oneDigit(link.bandwidth / 1e6)) MB/s, the best link has "
            + "\(oneDigit(best / 1e6))",
          advice: "Look at the cable, the switch's port and the interface (ethtool), or leave the host out "
            + "(Slurm: --exclude)"))
    }
  }
  if let slowest = between.max(by: { $0.latency < $1.latency }), slowest.latency > 2e-3 {
    findings.append(
      Finding(
        .warning, "\(slowest.from) – \(slowest.to): a message takes \(oneDigit(slowest.latency * 1e3)) ms",
        advice: "A step exchanges dozens of them: use hosts of one switch, or cores that no other job uses"))
  }
  for clock in clocks where abs(clock.offset) - clock.uncertainty > 1 {
    findings.append(
      Finding(
        .warning,
        "the clock of \(clock.host) is \(oneDigit(abs(clock.offset))) s "
          + "\(clock.offset > 0 ? "ahead of" : "behind") that of rank 0's host",
        advice: "Logs and file times mislead: have the hosts set their clocks by NTP (chronyc tracking)"))
  }
  return findings
}
