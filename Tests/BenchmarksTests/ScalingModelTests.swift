import Benchmarks
import Glibc
import Kernels
import Synchronization
import TestSupport
import Testing

/// Tests of the scaling model on steps that were computed by hand.
@Suite struct ScalingModelTests {
  private func evenly(_ seconds: Double) -> LeafCost { LeafCost([.init(images: 1, seconds: seconds)]) }

  /// Returns the parts of two layers with a pooling between them: an image takes 1 + 0.5 + 2 s forward and 2 + 1 + 4 s
  /// backward, and filters take no time unless given.
  private func parts(
    batch: Int = 16, parameters: (Int, Int) = (1_000_000, 2_000_000), filters: Double = 0, copy: Double = 0,
    add: Double = 0, update: Double = 0, features: Int = 1000
  ) -> StepParts {
    func layer(_ name: String, _ parameters: Int, _ seconds: Double) -> StepParts.Layer {
      StepParts.Layer(
        name: name, parameters: parameters, forwardFilters: parameters > 0 ? filters : 0,
        backwardFilters: parameters > 0 ? filters : 0, forward: evenly(seconds), backward: evenly(2 * seconds))
    }
    return StepParts(
      batch: batch, featureCount: features,
      layers: [layer("conv1", parameters.0, 1), layer("pool1", 0, 0.5), layer("conv2", parameters.1, 2)],
      towerUpdate: CoreCost(oneCore: update), fullyConnected: CoreCost(oneCore: 8), headUpdate: CoreCost(oneCore: 4),
      copy: copy, add: add)
  }

  private func network(
    latency: Double = 0, bandwidth: Double = .infinity, localLatency: Double = 0, localBandwidth: Double = .infinity
  ) -> ClusterNetwork {
    ClusterNetwork(
      withinNode: Link(latency: localLatency, bandwidth: localBandwidth),
      betweenNodes: Link(latency: latency, bandwidth: bandwidth))
  }

  /// Divisions that are all the same.
  private struct Evenly: TowerBalance {
    var team = TeamBalance()
    var ofFilters = TeamBalance()
    func leaf(layer: Int, _ use: FilterUse, images: Int, threads: Int) -> TeamBalance { team }
    func filters(layer: Int, threads: Int) -> TeamBalance { ofFilters }
  }

  /// Returns the model of nodes with a rank on each core, or with one rank of several threads.
  private func model(
    _ parts: StepParts, _ network: ClusterNetwork, cores: Int = 1, threads: Int = 1, balance: Evenly = Evenly()
  ) -> ScalingModel {
    let node = NodeShape(cores: cores * threads, ranks: cores, threads: threads)
    return ScalingModel(
      parts: parts, balance: balance, network: network, node: node, leaves: 8, leastPart: 1 << 18)
  }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-9 * max(abs(a), abs(b)) }

  /// The model's words on the ranks at hand are brought to what was measured on them, and all else by as much.
  @Test func aForecastGoesThroughTheMeasuredStep() {
    let two = model(parts(), network(latency: 0.001), cores: 2)
    for (ranks, contention) in [(1, 1.0), (2, 1.25), (3, 1.25), (4, 1.0)] {
      var here = two
      here.contention = contention
      let seconds = 0.001 * here.prediction(ranks: ranks).step * 1.5
      let forecast = RunForecast(two, contention: contention, ranks: ranks, seconds: seconds)
      #expect(near(forecast.factor, 1.5) && forecast.node == two.node)
      #expect(forecast.steps.map(\.ranks) == (ranks == 3 ? [1, 2, 3, 4, 8, 16] : [1, 2, 4, 8, 16]))
      #expect(forecast.steps.map(\.nodes).suffix(3) == [2, 4, 8])
      for step in forecast.steps {
        #expect(step.isMeasured == (step.ranks == ranks))
        var own = two
        own.contention = step.ranks > 1 ? contention : 1
        #expect(near(step.seconds, 1.5 * 0.001 * own.prediction(ranks: step.ranks).step), "\(ranks): \(step)")
      }
    }
  }

  @Test func oneRankIsTheSumOfTheParts() {
    // Nothing goes through the network, whatever it is. There are 16 images, and filters of two layers, both ways.
    let step = model(parts(filters: 0.25, update: 3), network(latency: 100, bandwidth: 1, localLatency: 100))
      .prediction(ranks: 1)
    #expect(near(step.forward, 56_500))
    #expect(near(step.backward, 112_500))
    #expect(near(step.fullyConnected, 12_000) && near(step.update, 3_000))
    #expect(step.gather == 0 && step.scatter == 0 && step.exposedReduction == 0)
    #expect(near(step.step, 184_000))
    #expect([step.ranks, step.nodes, step.ranksPerNode, step.images] == [1, 1, 1, 16])
    #expect(step.speedup == 1 && step.efficiency == 1)
  }

  @Test func leavesAreSummedOnTheirRank() {
    // With eight leaves on one rank there are seven additions and a copy of each of 3·10⁶ floats, 16·7 + 3·(7·2 + 1) s;
    // on eight ranks there are neither.
    let given = parts(copy: 1e-6, add: 2e-6, features: 0)
    let backward = model(given, network()).prediction(ranks: 1).backward
    #expect(near(backward, 157_000))
    // Only the work for the sum over the ranks is left, of the layer that others follow: (1 − 1/8)·2·10⁶ floats are
    // added, and 3.5·10⁶ copied in and out: 2·7 + 1.75·2 + 3.5·2 s.
    let eight = model(given, network()).prediction(ranks: 8)
    #expect(near(eight.backward, 24_500))
  }

  @Test(arguments: [2, 4, 8, 16]) func withAnInfiniteNetworkTheTowerIsDivided(ranks: Int) {
    let step = model(parts(update: 3), network(), cores: 4).prediction(ranks: ranks)
    // The fc layers run on the cores of rank 0's node, and each rank updates its part.
    let seconds: Double = 168 / Double(ranks) + 12 / Double(min(ranks, 4)) + 3 / Double(ranks)
    #expect(near(step.step, 1e3 * seconds))
    #expect(step.nodes == max(1, ranks / 4))
    #expect(near(step.speedup, 183_000 / step.step))
    #expect(near(step.efficiency, step.speedup / Double(ranks)))
  }

  @Test func aShareIsAsLargeAsItsLeaves() {
    // With 128 images on 3 ranks, leaves are such that no rank is more than 5 % above the mean; on 1024 ranks the
    // largest share is one image.
    let three = model(parts(batch: 128), network()).prediction(ranks: 3)
    #expect((43...44).contains(three.images))
    #expect(near(three.forward, 3500 * Double(three.images)))
    let many = model(parts(batch: 128), network()).prediction(ranks: 1024)
    #expect(many.images == 1 && near(many.forward, 3500))
  }

  @Test func featuresGoThroughOneLink() {
    // There are 2 images a rank, and 8 ranks on 4 nodes; a rank has one leaf, so it sends two messages. 2·1000 features
    // are 8000 bytes.
    let cluster = network(latency: 10, bandwidth: 1000, localLatency: 1, localBandwidth: 4000)
    let step = model(parts(), cluster, cores: 2).prediction(ranks: 8)
    // The one neighbor takes 2·1 + 2 s, the six others take 12·10 + 48 s.
    #expect(near(step.gather, 172_000))
    // 2 s of fc's update on two cores hide as much of the way back.
    #expect(near(step.scatter, 170_000))
    let long = model(parts(features: 10000), cluster, cores: 2).prediction(ranks: 8)
    #expect(near(long.gather, 622_000) && near(long.scatter, 620_000))
  }

  @Test func reductionHiddenButForItsLastPart() {
    // conv2's 2·10⁶ floats, 8 MB back and forth between two nodes, take 1 s, while pool1 and conv1 take 8·(1 + 2) s;
    // only conv1's 4 MB, 0.5 s, are left over.
    let step = model(parts(features: 0), network(bandwidth: 8e6)).prediction(ranks: 2)
    #expect(near(step.exposedReduction, 500))
    #expect(near(step.backward, 56_000))
  }

  @Test func reductionThatTakesLongerThanTheLayersBelow() {
    // conv2's part takes 100 s, 24 of which fit under the layers below; then conv1's 50 s.
    let step = model(parts(features: 0), network(bandwidth: 8e4)).prediction(ranks: 2)
    #expect(near(step.exposedReduction, 126_000))
  }

  @Test func reductionFullyExposed() {
    // Nothing is computed after the gradient of the lowest layer, the only one here.
    let step = model(parts(parameters: (1_000_000, 0), features: 0), network(bandwidth: 4e6)).prediction(ranks: 2)
    #expect(near(step.exposedReduction, 1000))
  }

  @Test func eachRankUpdatesItsPart() {
    // An update of 10⁶ floats takes a second: conv2's runs behind the layers below, which it makes longer, conv1's
    // after them.
    let given = parts(update: 3, features: 0)
    let four = model(given, network()).prediction(ranks: 4)
    #expect(near(four.backward, 28_500) && near(four.exposedReduction, 250) && four.update == 0)
    // Three ranks have all sums, and update all.
    let three = model(given, network()).prediction(ranks: 3)
    #expect(near(three.exposedReduction, 1000))
    // Short vectors are added whole.
    let short = model(parts(parameters: (1000, 2000), update: 3, features: 0), network()).prediction(ranks: 4)
    #expect(near(short.exposedReduction, 3000))
  }

  @Test func smallLayersAreAddedTogether() {
    // One sum of 3000 floats takes the place of two: one message of 12 kB back and forth, and the agreement's two
    // latencies.
    let step = model(parts(parameters: (1000, 2000), features: 0), network(latency: 1)).prediction(ranks: 2)
    #expect(near(step.exposedReduction, 3000))
  }

  @Test func withinANodeBothDirectionsShareTheMemory() {
    // Twice, 2·10⁶ bytes go each way at a time: 4·4·10⁶/2 bytes go through the memory.
    let given = parts(parameters: (1_000_000, 0), features: 0)
    let inside = model(given, network(localBandwidth: 4e6), cores: 2).prediction(ranks: 2)
    #expect(near(inside.exposedReduction, 2000))
    // Four ranks on two nodes send 2·10⁶ bytes within a node, then 10⁶ between nodes, but both ranks of a node at once,
    // and the same back.
    let both = model(given, network(bandwidth: 4e6, localBandwidth: 4e6), cores: 2).prediction(ranks: 4)
    #expect(near(both.exposedReduction, 3000))
  }

  @Test func exchangesAreTakenAsMeasured() {
    var cluster = network(bandwidth: 1e9)
    cluster.betweenNodes.exchange = ExchangeCost(seconds: 1e-6, work: 0.25e-6)
    // conv2's 8·10⁶ bytes each way take 2 s from the layers below, which take 24; conv1's 4·10⁶ take 4 s after them.
    let two = model(parts(features: 0), cluster).prediction(ranks: 2)
    #expect(near(two.backward, 58_000) && near(two.exposedReduction, 4000))
    // Between two nodes of two ranks half as many bytes go, but both ranks of a node send at once.
    let four = model(parts(parameters: (1_000_000, 0), features: 0), cluster, cores: 2).prediction(ranks: 4)
    #expect(near(four.exposedReduction, 4000))
    let inside = model(parts(features: 0), cluster, cores: 2).prediction(ranks: 2)
    #expect(near(inside.backward, 56_000) && inside.exposedReduction == 0)
    // The way back and forth has twice the latency.
    cluster.betweenNodes.exchange?.latency = 3
    #expect(near(model(parts(features: 0), cluster).prediction(ranks: 2).exposedReduction, 10_000))
  }

  @Test func anExchangeIsTheLineThroughTwoLengths() {
    // An exchange takes 1 s, and a tenth of a second for each byte, half of which is the core's.
    let line = ExchangeCost(short: (bytes: 10, seconds: 2), long: (bytes: 80, seconds: 9, work: 4))
    #expect(near(line.latency, 1) && near(line.seconds, 0.1) && near(line.work, 0.05))
    // A line that would begin below 0, and one that falls, are noise.
    for short in [0.5, 10] {
      let noise = ExchangeCost(short: (bytes: 10, seconds: short), long: (bytes: 80, seconds: 8, work: 0))
      #expect(noise.latency == 0 && near(noise.seconds, 0.1) && noise.work == 0)
    }
  }

  @Test func threeRanksAreMPIsBusiness() {
    // There are 2·(1 − 1/3)·4·10⁶ bytes, and 2·2 latencies, twice: the agreement has as many.
    let step = model(parts(parameters: (1_000_000, 0), features: 0), network(latency: 1, bandwidth: 4e6))
      .prediction(ranks: 3)
    #expect(near(step.exposedReduction, 28_000.0 / 3))
  }

  @Test(arguments: [2, 3, 8, 64, 1024]) func moreBandwidthIsNeverSlower(ranks: Int) {
    var last = Double.infinity
    for bandwidth in [1e5, 1e6, 1e7, 1e8, 1e9, 1e10, .infinity] {
      let cluster = network(latency: 1e-5, bandwidth: bandwidth, localLatency: 1e-6, localBandwidth: 1e9)
      let step = model(parts(batch: 128, copy: 1e-9, add: 1e-9), cluster, cores: 8).prediction(ranks: ranks).step
      #expect(step <= last)
      last = step
    }
  }

  @Test func contentionIsTheTowers() {
    var crowded = model(parts(update: 3), network())
    crowded.contention = 1.5
    let (alone, beside) = (model(parts(update: 3), network()).prediction(ranks: 2), crowded.prediction(ranks: 2))
    #expect(near(beside.forward, 1.5 * alone.forward) && near(beside.backward, 1.5 * alone.backward))
    #expect(
      near(beside.exposedReduction, 1.5 * alone.exposedReduction) && beside.fullyConnected == alone.fullyConnected)
  }

  @Test func threadsTakeWholeLeavesAndShareTheRest() {
    // Three images, a leaf each: of 7 s a leaf forward and backward together 10.5 s. Two threads take a leaf each and
    // share the third.
    let step = model(parts(batch: 3), network(), threads: 2).prediction(ranks: 1)
    #expect(near(step.forward, 3500 * 1.5) && near(step.backward, 7000 * 1.5))
    #expect(step.threads == 2 && step.images == 3)
    // Each of eight threads has a leaf; with nine leaves, eight share the ninth.
    let eight = model(parts(batch: 8), network(), threads: 8).prediction(ranks: 1)
    #expect(near(eight.forward, 3500))
    #expect(near(eight.fullyConnected, 12_000 / 8.0))
  }

  @Test func aSharedLeafTakesItsImbalanceItsFactorAndItsWaits() {
    // One image on one rank of four threads: each layer takes a quarter, 1.2 times for the busiest thread, 1.5 times by
    // the measured factor. A pass waits three times, for 0.1 s for each of three others, and starts for 0.2 s each.
    var given = parts(batch: 1)
    given.threads = ThreadCosts(threads: 2, sharedForward: 1.5, sharedBackward: 2, wait: 0.1, start: 0.2)
    let even = Evenly(team: TeamBalance(largestOverMean: 1.2, waits: 3))
    let step = model(given, network(), threads: 4, balance: even).prediction(ranks: 1)
    let overhead = 3 * (3 * 0.1 * 3 + 0.2 * 3)
    #expect(near(step.forward, 1e3 * (3.5 / 4 * 1.2 * 1.5 + overhead)))
    #expect(near(step.backward, 1e3 * (7 / 4.0 * 1.2 * 2 + overhead)))
  }

  @Test func filtersAreSharedByTheThreads() {
    // Two layers' filters, both ways, on two threads, of which one has two thirds.
    let even = Evenly(ofFilters: TeamBalance(largestOverMean: 4.0 / 3, waits: 1))
    let given = parts(batch: 2, filters: 0.3)
    let step = model(given, network(), threads: 2, balance: even).prediction(ranks: 1)
    #expect(near(step.forward, 3500 + 1e3 * 2 * 0.3 * 2 / 3))
  }

  @Test func lossesMakeUpTheDifferenceFromAPerfectDivision() {
    var given = parts(filters: 0.25, copy: 1e-7, add: 1e-7, update: 3)
    given.threads = ThreadCosts(
      threads: 2, sharedForward: 1.1, sharedBackward: 1.2, beside: 1.05, wait: 1e-3, start: 1e-3)
    let even = Evenly(
      team: TeamBalance(largestOverMean: 1.1, waits: 2), ofFilters: TeamBalance(largestOverMean: 1.3, waits: 1))
    let cluster = network(latency: 0.01, bandwidth: 1e7, localLatency: 0.001, localBandwidth: 1e8)
    for (cores, threads, ranks) in [(1, 1, 1), (1, 1, 8), (2, 1, 8), (1, 4, 1), (2, 4, 2), (2, 4, 8), (1, 8, 16)] {
      let step = model(given, cluster, cores: cores, threads: threads, balance: even).prediction(ranks: ranks)
      let one = model(given, cluster, balance: even).prediction(ranks: 1)
      let lost = step.losses.reduce(0) { $0 + $1.milliseconds }
      #expect(abs(step.step - one.step / Double(ranks * threads) - lost) < 1e-6 * step.step, "\(ranks) × \(threads)")
      #expect(step.losses.map(\.milliseconds) == step.losses.map(\.milliseconds).sorted(by: >))
      #expect(Set(step.losses.map(\.reason)) == Set(StepLoss.Reason.allCases))
      #expect(near(step.efficiency, one.step / step.step / Double(ranks * threads)))
    }
  }

  @Test func theThreadThatAddsSharesItsCoreWithOthers() {
    // The work for conv2's sum is taken from two threads instead of one.
    let given = parts(copy: 1e-6, add: 2e-6, features: 0)
    let one = model(given, network()).prediction(ranks: 8)
    let two = model(given, network(), threads: 2).prediction(ranks: 8)
    #expect(near(one.backward - 14_000, 10_500) && near(two.backward - 7_000, 5250))
  }

  @Test func moreRanksThanLeavesGetALeafEach() {
    // 32 ranks of a mini-batch of 64 have two images each, in a leaf; with 128 ranks half of them have none.
    let many = model(parts(batch: 64), network())
    #expect(many.prediction(ranks: 32).images == 2 && many.prediction(ranks: 128).images == 1)
  }

  @Test func theHeadTakesAsLongAsTheNodesMemory() {
    var given = parts()
    given.headParameters = 1000
    var slow = model(given, network(), threads: 4)
    // 8 and 4 s on four cores are 2 and 1 s; the parameters pass twice and four times.
    #expect(near(slow.prediction(ranks: 1).fullyConnected, 3000))
    slow.memoryBandwidth = 2000
    #expect(near(slow.prediction(ranks: 1).fullyConnected, 1e3 * (4 + 8)))
    slow.memoryBandwidth = 8000
    #expect(near(slow.prediction(ranks: 1).fullyConnected, 1e3 * (2 + 2)))
  }

  @Test func theSerialPartIsTheIdleTime() {
    // Of 10 s on one core 2 are serial: on 4 cores the rest takes 8/4 s, 1.5 times as long by contention, so that the
    // cores are busy for 2 + 12 s in 5.
    let cost = CoreCost(oneCore: 10, run: .init(cores: 4, seconds: 5, busySeconds: 14))
    #expect(near(cost.serial, 2) && near(cost.factor, 1.5))
    #expect(near(cost.seconds(cores: 4), 5) && cost.seconds(cores: 1) == 10)
    #expect(near(cost.seconds(cores: 8), 2 + 1.5))
    // Cores that were never idle, and one core.
    let busy = CoreCost(oneCore: 10, run: .init(cores: 2, seconds: 5.5, busySeconds: 11.2))
    #expect(busy.serial == 0 && near(busy.seconds(cores: 2), 5.5))
    #expect(CoreCost(oneCore: 10, run: .init(cores: 1, seconds: 10, busySeconds: 10)) == CoreCost(oneCore: 10))
  }

  @Test func aThreadIsIdleOutsideOfItsPhases() {
    let pool = ThreadPool(threads: 2, spins: false)
    let begun = Atomic(0)
    let run = traceLock.withLock {
      CoreCost.Run.timed(on: pool) {
        usleep(20_000)
        pool.parallelFor(2) { _, _ in
          // Each piece waits for the other one to begin, so that both threads have one.
          begun.wrappingAdd(1, ordering: .relaxed)
          while begun.load(ordering: .relaxed) < 2 { usleep(100) }
          usleep(40_000)
        }
      }
    }
    #expect(run.serial >= 0.02)
    #expect(run.busySeconds >= run.seconds + 0.04)
  }
}
