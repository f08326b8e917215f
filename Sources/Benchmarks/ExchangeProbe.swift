import Communication
import Kernels
import Step
import Synchronization
import System

/// Measures what it takes ranks to exchange gradients while they compute, as they do behind a backward pass: a processor
/// that copies messages, or carries them through the kernel, computes less meanwhile, and one that computes looks after
/// its messages late.
struct ExchangeProbe {
  private let world: World
  private let passes: TowerPasses
  private let images: Int
  private let communication: CommunicationThread

  /// Nil where the ranks are no power of two, or MPI allows no second thread.
  init?(_ world: World, _ passes: TowerPasses, images: Int) {
    guard world.size > 1, World.addsInTreeOrder(size: world.size), world.allowsHelperThread else { return nil }
    (self.world, self.passes, self.images) = (world, passes, images)
    communication = CommunicationThread(world: world)
  }

  /// Every rank must call it; all get the same. Nil for a kind of link that no ranks or not all of them have.
  func costs(runs: Int) throws -> (withinNode: ExchangeCost?, betweenNodes: ExchangeCost?) {
    let nodes = world.nodes
    let local = world.localSize
    func isPartnered(_ distance: Int, inside: Bool) -> Bool {
      distance < world.size
        && nodes.indices.allSatisfy {
          nodes.indices.contains($0 ^ distance) && (nodes[$0] == nodes[$0 ^ distance]) == inside
        }
    }
    // Ranks of a node follow one another, and are equally many on each.
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

  /// As many passes as take a third of a second, so that several exchanges fall into them.
  private func passesInAWindow() throws -> Int {
    let start = monotonicSeconds()
    _ = passes.run(images: images)
    let slowest = try world.allgather(monotonicSeconds() - start).max() ?? 1
    return max(1, Int((0.3 / max(slowest, 1e-6)).rounded(.up)))
  }

  /// What exchanges with the rank at a distance took while this rank computed: medians.
  private struct Sample: BitwiseCopyable {
    /// Of one exchange; 0 where none was complete in the time.
    var seconds = 0.0
    /// The share of the computing that was lost, from 0 to 1.
    var lost = 0.0
  }

  private func cost(distance: Int, passCount: Int, runs: Int) throws -> ExchangeCost? {
    // The shortest part of a gradient that is added by itself, halved, and eight times that.
    let lengths = [DistributedStep.leastSumLength / 2, 4 * DistributedStep.leastSumLength]
    let samples = try lengths.map { try sample($0, distance: distance, passCount: passCount, runs: runs) }
    guard let short = samples[0], let long = samples[1] else { return nil }
    return ExchangeCost(
      short: (bytes: 4 * Double(lengths[0]), seconds: short.seconds),
      long: (bytes: 4 * Double(lengths[1]), seconds: long.seconds, work: long.seconds * long.lost))
  }

  /// The mean of all ranks.
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
      communication.start { () throws(MPIError) in try exchange.goOn() }
      let beside = compute()
      exchange.isComputed.store(true, ordering: .releasing)
      try communication.finish()
      // The first run touches all memory for the first time.
      guard run > 0, !exchange.seconds.isEmpty else { continue }
      samples.append(Sample(seconds: exchange.seconds.median(), lost: max(0, 1 - alone / beside)))
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

  /// Messages of a fixed length to and from one rank at once, over and over until both have computed.
  private final class Exchange {
    let isComputed = Atomic(false)
    /// Of each exchange that began while this rank computed.
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

    /// Both partners know from the first float whether the other has computed, and so end after the same exchange.
    func goOn() throws(MPIError) {
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
