import Communication
import Foundation
import Kernels
import Step
import Synchronization
import System

/// Measures the cost of exchanging gradients while the ranks compute, as they do behind a backward pass: a processor
/// that copies messages, or carries them through the kernel, computes less meanwhile, and one that computes attends to
/// its messages late.
struct ExchangeProbe {
  private let world: World
  private let passes: TowerPasses
  private let images: Int
  private let communication: CommunicationThread
  /// The things that were noise.
  private(set) var notes: [String] = []

  /// Returns nil where the number of ranks is not a power of two, or where MPI does not allow a second thread.
  init?(_ world: World, _ passes: TowerPasses, images: Int) {
    guard world.size > 1, World.addsInTreeOrder(size: world.size), world.allowsHelperThread else { return nil }
    (self.world, self.passes, self.images) = (world, passes, images)
    communication = CommunicationThread(world: world)
  }

  /// Returns the costs of both kinds of link, each nil where no ranks have it, or not all. All ranks must call it, and
  /// all get the same.
  mutating func costs(runs: Int) throws -> (withinNode: ExchangeCost?, betweenNodes: ExchangeCost?) {
    let nodes = world.nodes
    let local = world.localSize
    func isPartnered(_ distance: Int, inside: Bool) -> Bool {
      distance < world.size
        && nodes.indices.allSatisfy {
          nodes.indices.contains($0 ^ distance) && (nodes[$0] == nodes[$0 ^ distance]) == inside
        }
    }
    // The ranks of a node follow one another, and every node has equally many.
    let isEven = local & (local - 1) == 0 && nodes.indices.allSatisfy { nodes[$0] == $0 - $0 % local }
    let count = try passesInAWindow()
    let within = isEven && isPartnered(1, inside: true) ? try cost(distance: 1, passCount: count, runs: runs) : nil
    var between =
      isEven && isPartnered(local, inside: false)
      ? try cost(distance: local, passCount: count, runs: runs) : nil
    // All ranks of a node went through its link at once.
    between?.seconds /= Double(local)
    return (within, between)
  }

  /// Returns the number of passes that take a third of a second, so that several exchanges fall into them.
  private func passesInAWindow() throws -> Int {
    let start = monotonicSeconds()
    _ = passes.run(images: images)
    let slowest = try world.allgather(monotonicSeconds() - start).max() ?? 1
    return max(1, Int((0.3 / max(slowest, 1e-6)).rounded(.up)))
  }

  /// The cost of exchanges with the rank at a distance while this rank computes: medians.
  private struct Sample: BitwiseCopyable {
    /// The seconds of one exchange; 0 where none was complete in the time.
    var seconds = 0.0
    /// The share of the computing that was lost, at most 1.
    var lost = 0.0
  }

  private mutating func cost(distance: Int, passCount: Int, runs: Int) throws -> ExchangeCost? {
    // These are half of the shortest part of a gradient that is added by itself, and eight times as much.
    let lengths = [DistributedStep.leastSumLength / 2, 4 * DistributedStep.leastSumLength]
    let samples = try lengths.map { try sample($0, distance: distance, passCount: passCount, runs: runs) }
    guard let short = samples[0], let long = samples[1] else { return nil }
    let ranks = "ranks \(distance) apart"
    if long.lost < 0 {
      notes.append(
        "what a message costs the computing of \(ranks) could not be measured, because they computed no slower, which "
          + "is noise: the predictions leave it out")
    }
    if !(short.seconds..<8 * short.seconds).contains(long.seconds) {
      notes.append(
        "\(ranks) took \(milliseconds(short.seconds)) for a message and \(milliseconds(long.seconds)) for one of "
          + "eight times its length, which is noise: the latency could not be "
          + "measured, and the predictions leave it out")
    }
    return ExchangeCost(
      short: (bytes: 4 * Double(lengths[0]), seconds: short.seconds),
      long: (bytes: 4 * Double(lengths[1]), seconds: long.seconds, work: long.seconds * max(0, long.lost)))
  }

  /// Returns the mean of all ranks' samples with messages of `count` floats; nil where no exchange was complete.
  private func sample(_ count: Int, distance: Int, passCount: Int, runs: Int) throws -> Sample? {
    func compute() -> Double {
      let start = monotonicSeconds()
      for _ in 0..<passCount { _ = passes.run(images: images) }
      return monotonicSeconds() - start
    }
    let exchange = Exchange(count, world, with: world.rank ^ distance)
    var samples: [Sample] = []
    for run in 0...runs {
      try world.barrier()
      let alone = compute()
      try world.barrier()
      exchange.begin()
      communication.start { () throws(MPIError) in try exchange.repeatUntilComputed() }
      let beside = compute()
      exchange.isComputed.store(true, ordering: .releasing)
      try communication.finish()
      // The first run touches all memory for the first time.
      guard run > 0, !exchange.seconds.isEmpty else { continue }
      samples.append(Sample(seconds: exchange.seconds.median(), lost: 1 - alone / beside))
    }
    let own =
      samples.isEmpty
      ? Sample() : Sample(seconds: samples.map(\.seconds).median(), lost: samples.map(\.lost).median())
    let all = try world.allgather(own).filter { $0.seconds > 0 }
    guard !all.isEmpty else { return nil }
    let ranks = Double(all.count)
    return Sample(
      seconds: all.reduce(0) { $0 + $1.seconds } / ranks, lost: all.reduce(0) { $0 + $1.lost } / ranks)
  }

  /// Exchanges messages of a fixed length with one rank, both ways at once, over and over until both have computed.
  private final class Exchange {
    let isComputed = Atomic(false)
    /// The seconds of each exchange that began while this rank computed.
    private(set) var seconds: [Double] = []
    private let world: World
    private let partner: Int
    private let sent: FloatBuffer
    private let received: FloatBuffer

    init(_ count: Int, _ world: World, with partner: Int) {
      (self.world, self.partner) = (world, partner)
      (sent, received) = (FloatBuffer(count), FloatBuffer(count))
    }

    func begin() {
      seconds = []
      isComputed.store(false, ordering: .releasing)
    }

    /// Exchanges messages until both partners have computed. Each learns from the first float whether the other one
    /// has, so that both end after the same exchange.
    func repeatUntilComputed() throws(MPIError) {
      repeat {
        sent.base[0] = isComputed.load(ordering: .acquiring) ? 1 : 0
        let start = monotonicSeconds()
        try world.wait([
          world.receive(UnsafeMutableRawBufferPointer(received.values), from: partner, tag: 0),
          world.send(UnsafeRawBufferPointer(sent.values), to: partner, tag: 0),
        ])
        if sent.base[0] == 0 { seconds.append(monotonicSeconds() - start) }
      } while sent.base[0] == 0 && received.base[0] == 0
    }
  }
}

private func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", 1e3 * seconds) }
