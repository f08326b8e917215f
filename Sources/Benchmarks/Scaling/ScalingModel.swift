import Communication
import System

/// Predicts a training step on many ranks from its measured parts and a model of the network.
///
/// The step is that of `DistributedStep`, and rank 0 is the one that ends last. With p ranks of T threads, r of them on
/// each node, c = min(r·T, cores of a node) cores for the fully connected (fc) layers, the largest share's leaves L, D
/// floats of features for an image, and the α and β of the links (`Link`):
///
/// - forward = Σ over layers (filters + leaves). A thread takes whole leaves as long as there are T of them; the
///   threads share each of the leaves that are left. A pass that they share takes its time on one thread over T, times
///   the busiest thread's work over the mean, which follows from the pass's plan, times the factor that was measured
///   with the threads that there are here (`ThreadCosts`); and each wait takes its time;
/// - gather = the share's own copy + (messages·α + bytes/β) of the other ranks' features: those of its node go through
///   the memory, those of other nodes through rank 0's one link. A rank sends a message for each leaf, and a short one;
/// - fc = (forward, loss, backward to the features)(c) + (weight gradients and update)(c), each at least as long as the
///   node's memory needs to move the parameters;
/// - scatter = the same bytes back. Gradients for other nodes leave before fc's update and are hidden behind it as far
///   as it is long enough;
/// - backward = Σ over layers (filters + leaves + the sum of the leaves' gradients) + the work of the thread that adds
///   over the ranks (`ReductionModel`) while there are layers to compute, over T, as measured where there are such
///   links (`ExchangeCost`);
/// - exposed reduction = what remains to be added when backward ends + the agreement after the update; parts of the
///   gradient are added one after the other, each from the moment when its layers are complete;
/// - update = (update of the tower)(T) with one rank; several ranks update a part each, behind backward
///   (`ReductionModel`).
public struct ScalingModel: Sendable {
  public var parts: StepParts
  public var balance: any TowerBalance
  public var network: ClusterNetwork
  public var node: NodeShape
  /// The bytes that a node's memory moves in a second; nil where that is not taken into account.
  public var memoryBandwidth: Double?
  /// The number of leaves of the mini-batch, as for `Shares`. More ranks have at least one each, while there are
  /// images.
  public var leaves: Int
  /// The least number of floats of gradient that are added over the ranks by themselves.
  public var leastPart: Int
  /// The factor by which a rank's tower takes longer beside other ranks of its node.
  public var contention = 1.0

  public init(
    parts: StepParts, balance: any TowerBalance, network: ClusterNetwork, node: NodeShape, leaves: Int, leastPart: Int
  ) {
    self.parts = parts
    self.balance = balance
    self.network = network
    self.node = node
    self.leaves = leaves
    self.leastPart = leastPart
  }

  /// Predicts the step on a number of ranks, which fill one node after the other.
  public func prediction(ranks: Int) -> StepPrediction {
    let (own, losses) = step(ranks: ranks)
    let (one, oneLosses) = oneCore.step(ranks: 1)
    var prediction = own
    let cores = Double(ranks * node.threads)
    prediction.speedup = one.step / own.step
    prediction.efficiency = prediction.speedup / cores
    prediction.losses = StepLoss.Reason.allCases
      .map { StepLoss($0, milliseconds: (losses[$0] ?? 0) - (oneLosses[$0] ?? 0) / cores) }
      .sorted { $0.milliseconds > $1.milliseconds }
    return prediction
  }

  /// The same work on one core by itself.
  private var oneCore: ScalingModel {
    var model = self
    model.node = .oneCore
    model.contention = 1
    return model
  }

  /// Returns the prediction without its comparison with one core, and the milliseconds of each thing that may be lost.
  private func step(ranks: Int) -> (StepPrediction, [StepLoss.Reason: Double]) {
    let shares = Shares(batch: parts.batch, ranks: ranks, leaves: leaves(ranks: ranks))
    let own = shares.leaves(ofRank: 0).map { shares.slots(ofLeaf: $0).count }
    let images = own.reduce(0, +)
    let local = min(ranks, node.ranks)
    let tower = TowerModel(parts: parts, balance: balance, threads: node.threads, contention: contention)

    var forward = TowerTime()
    for layer in parts.layers.indices { forward += tower.time(layer: layer, .forward, leaves: own) }
    let traffic = traffic(shares, local: local)
    let copied = parts.copy * Double(images * parts.featureCount)
    let head = head(cores: min(local * node.threads, node.cores))
    let hidden = min(traffic.remote, head.update)
    let backward = backward(ranks: ranks, leaves: own, tower)
    let update = ranks > 1 ? 0 : contention * parts.towerUpdate.seconds(cores: node.threads)
    var prediction = StepPrediction(
      ranks: ranks, nodes: ranks.dividedUp(by: node.ranks), ranksPerNode: local, threads: node.threads, images: images,
      forward: 1e3 * forward.total, gather: 1e3 * (copied + traffic.local + traffic.remote),
      fullyConnected: 1e3 * (head.features + head.update),
      scatter: 1e3 * (copied + traffic.local + traffic.remote - hidden), backward: 1e3 * backward.total,
      exposedReduction: 1e3 * backward.exposed, update: 1e3 * update, step: 0)
    prediction.step =
      prediction.forward + prediction.gather + prediction.fullyConnected + prediction.scatter + prediction.backward
      + prediction.exposedReduction + prediction.update
    var passes = forward
    passes += backward.tower
    return (
      prediction,
      [
        .fullyConnected: prediction.fullyConnected, .features: prediction.gather + prediction.scatter,
        .reduction: prediction.exposedReduction + prediction.update + 1e3 * backward.work,
        .filters: 1e3 * passes.filters, .shares: 1e3 * (passes.images + backward.sums), .balance: 1e3 * passes.balance,
        .waits: 1e3 * passes.waits, .contention: 1e3 * passes.contention,
      ]
    )
  }

  /// Returns the number of leaves of a run on so many ranks: more of them where there are more ranks, as long as every
  /// leaf has an image.
  private func leaves(ranks: Int) -> Int {
    var leaves = leaves
    while leaves < ranks, 2 * leaves <= parts.batch { leaves *= 2 }
    return leaves
  }

  /// Returns the seconds of the fully connected layers up to the features' gradients, and of their update.
  private func head(cores: Int) -> (features: Double, update: Double) {
    let bytes = 4 * Double(parts.headParameters)
    // The weights are read for the pass forward and for the pass back; for the update weights and momentum are read and
    // written.
    func least(_ passes: Double) -> Double { memoryBandwidth.map { passes * bytes / $0 } ?? 0 }
    return (
      max(parts.fullyConnected.seconds(cores: cores), least(2)), max(parts.headUpdate.seconds(cores: cores), least(4))
    )
  }

  /// Returns the seconds that all other ranks' features, or their gradients, take through rank 0's memory and through
  /// its network link.
  private func traffic(_ shares: Shares, local: Int) -> (local: Double, remote: Double) {
    func seconds(_ ranks: Range<Int>, _ link: Link) -> Double {
      var (bytes, messages) = (0, 0)
      for rank in ranks {
        bytes += 4 * parts.featureCount * shares.slots(ofRank: rank).count
        messages += shares.leaves(ofRank: rank).count + 1
      }
      return link.seconds(bytes: Double(bytes), messages: messages)
    }
    return (
      seconds(1..<max(local, 1), network.withinNode), seconds(local..<shares.ranks, network.betweenNodes)
    )
  }

  /// The backward pass and what goes on behind it.
  private struct Backward {
    var tower = TowerTime()
    /// The additions of the leaves' gradients.
    var sums = 0.0
    /// The time that the thread that adds over the ranks takes from the computing threads.
    var work = 0.0
    /// The reduction after the pass.
    var exposed = 0.0

    var total: Double { tower.total + sums + work }
  }

  private func backward(ranks: Int, leaves: [Int], _ tower: TowerModel) -> Backward {
    let floats = parts.layers.reduce(0) { $0 + $1.parameters }
    let reduction = ReductionModel(
      ranks: ranks, ranksPerNode: node.ranks, network: network, copy: parts.copy, add: parts.add,
      update: contention * parts.towerUpdate.oneCore / Double(max(floats, 1)))
    var result = Backward()
    // This is the time at which the gradients of the layers so far are added.
    var added = 0.0
    var waiting = 0
    let lowest = parts.layers.firstIndex { $0.parameters > 0 }
    for (index, layer) in parts.layers.enumerated().reversed() {
      result.tower += tower.time(layer: index, .backward, leaves: leaves)
      result.sums += tower.sum(layer: index, leaves: leaves.count)
      waiting += layer.parameters
      guard waiting > 0, waiting >= leastPart || index == lowest else { continue }
      let time = reduction.time(floats: waiting)
      added = max(added, result.total) + time.seconds
      // The computing threads take over what one of them cannot do meanwhile.
      if index > 0 { result.work += time.work / Double(node.threads) }
      waiting = 0
    }
    result.exposed = max(0, added - result.total) + reduction.agreement
    return result
  }
}
