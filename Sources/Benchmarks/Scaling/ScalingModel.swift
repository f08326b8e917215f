import Communication
import System

/// The predicted step of rank 0, which ends last: the milliseconds of its parts, as `StepTimings.Rank` measures them.
public struct StepPrediction: Codable, Equatable, Sendable {
  public var ranks: Int
  public var nodes: Int
  /// The number of ranks on the first node, whose cores the fully connected layers may use.
  public var ranksPerNode: Int
  /// The number of images of the largest share.
  public var images: Int
  public var forward: Double
  public var gather: Double
  public var fullyConnected: Double
  public var scatter: Double
  public var backward: Double
  public var exposedReduction: Double
  public var update: Double
  /// The sum of the parts.
  public var step: Double
  /// The time of a step on one rank over the time of this one.
  public var speedup: Double
  /// `speedup` over the number of ranks, from 0 to 1.
  public var efficiency: Double
}

/// Predicts a training step on many ranks, each with one core, from its measured parts and a model of the network.
///
/// The step is that of `DistributedStep`, and rank 0 is the one that ends last. With p ranks, r of them on each node, c
/// cores for the fully connected (fc) layers, the largest share's leaves L, D floats of features for an image, and the
/// α and β of the links (`Link`):
///
/// - forward = k·Σ over layers (filters + Σ over L of the leaf's pass);
/// - gather = the share's own copy + (messages·α + bytes/β) of the other ranks' features: those of its node go through
///   the memory, those of other nodes through rank 0's one link. A rank sends a message for each leaf, and a short one;
/// - fc = (forward, loss, backward to the features)(c) + (weight gradients and update)(c), c = min(r, cores of a node);
/// - scatter = the same bytes back. Gradients for other nodes leave before fc's update and are hidden behind it as far
///   as it is long enough;
/// - backward = k·Σ over layers (filters + Σ over L of the leaf's pass + the sum of its gradients over L) + the work of
///   the thread that adds over the ranks (`ReductionModel`) while there are layers to compute, as measured where there
///   are such links (`ExchangeCost`);
/// - exposed reduction = what remains to be added when backward ends + the agreement after the update; parts of the
///   gradient are added one after the other, each from the moment when its layers are complete;
/// - update = k·(update of the tower) with one rank; several ranks update a part each, behind backward
///   (`ReductionModel`).
///
/// k is the contention: the factor by which the tower takes longer on cores whose neighbors compute, too.
public struct ScalingModel: Sendable {
  public var parts: StepParts
  public var network: ClusterNetwork
  public var coresPerNode: Int
  /// The number of ranks on each node; ranks fill one node after the other.
  public var ranksPerNode: Int
  /// The number of leaves of the mini-batch, as for `Shares`.
  public var leaves: Int
  /// The least number of floats of gradient that are added over the ranks by themselves.
  public var leastPart: Int

  public init(
    parts: StepParts, network: ClusterNetwork, coresPerNode: Int, ranksPerNode: Int? = nil, leaves: Int, leastPart: Int
  ) {
    self.parts = parts
    self.network = network
    self.coresPerNode = coresPerNode
    self.ranksPerNode = ranksPerNode ?? coresPerNode
    self.leaves = leaves
    self.leastPart = leastPart
  }

  /// Predicts the step on a number of ranks.
  ///
  /// - Parameter contention: k, which is 1 where a core computes as fast beside others as by itself.
  public func prediction(ranks: Int, contention: Double = 1) -> StepPrediction {
    let shares = Shares(batch: parts.batch, ranks: ranks, leaves: leaves)
    let own = shares.leaves(ofRank: 0).map { shares.slots(ofLeaf: $0).count }
    let images = own.reduce(0, +)
    let local = min(ranks, ranksPerNode)
    let cores = min(local, coresPerNode)
    func leafSum(_ cost: LeafCost) -> Double { own.reduce(0) { $0 + cost.seconds(images: $1) } }

    let forward = parts.layers.reduce(0) { $0 + $1.forwardFilters + leafSum($1.forward) }
    let traffic = traffic(shares, local: local)
    let copied = parts.copy * Double(images * parts.featureCount)
    let headUpdate = parts.headUpdate.seconds(cores: cores)
    let hidden = min(traffic.remote, headUpdate)
    let (backward, exposed) = backward(ranks: ranks, own: own, contention: contention)
    var prediction = StepPrediction(
      ranks: ranks, nodes: ranks.dividedUp(by: ranksPerNode), ranksPerNode: local, images: images,
      forward: 1e3 * contention * forward, gather: 1e3 * (copied + traffic.local + traffic.remote),
      fullyConnected: 1e3 * (parts.fullyConnected.seconds(cores: cores) + headUpdate),
      scatter: 1e3 * (copied + traffic.local + traffic.remote - hidden), backward: 1e3 * backward,
      exposedReduction: 1e3 * exposed, update: ranks > 1 ? 0 : 1e3 * contention * parts.towerUpdate, step: 0,
      speedup: 1, efficiency: 1)
    prediction.step =
      prediction.forward + prediction.gather + prediction.fullyConnected + prediction.scatter + prediction.backward
      + prediction.exposedReduction + prediction.update
    if ranks > 1 {
      prediction.speedup = self.prediction(ranks: 1).step / prediction.step
      prediction.efficiency = prediction.speedup / Double(ranks)
    }
    return prediction
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

  /// Returns the seconds of the backward pass, and of the reduction after it.
  private func backward(ranks: Int, own: [Int], contention: Double) -> (backward: Double, exposed: Double) {
    let floats = parts.layers.reduce(0) { $0 + $1.parameters }
    let reduction = ReductionModel(
      ranks: ranks, ranksPerNode: ranksPerNode, network: network, copy: parts.copy, add: parts.add,
      update: contention * parts.towerUpdate / Double(max(floats, 1)))
    // These are the times at which the layers so far are computed, and at which their gradients are added.
    var (computed, added) = (0.0, 0.0)
    var waiting = 0
    let lowest = parts.layers.firstIndex { $0.parameters > 0 }
    for (index, layer) in parts.layers.enumerated().reversed() {
      computed += contention * (layer.backwardFilters + own.reduce(0) { $0 + layer.backward.seconds(images: $1) })
      if own.count > 1 {
        // The leaves' gradients are summed, and the sum is copied to where the gradient lies.
        let floats = Double(layer.parameters)
        computed += contention * floats * (parts.add * Double(own.count - 1) + parts.copy)
      }
      waiting += layer.parameters
      guard waiting > 0, waiting >= leastPart || index == lowest else { continue }
      let time = reduction.time(floats: waiting)
      added = max(added, computed) + time.seconds
      if index > 0 { computed += time.work }
      waiting = 0
    }
    return (computed, max(0, added - computed) + reduction.agreement)
  }
}
