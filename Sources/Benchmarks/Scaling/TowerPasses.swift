import Kernels
import Network
import Randomness
import System

/// Runs the tower's passes over leaves of random images as a rank's threads do, and times each layer by itself.
final class TowerPasses {
  /// A part of a layer's work.
  enum Part: CaseIterable { case forwardFilters, forward, backwardFilters, backward }

  private let network: Network
  private let tower: Tower
  private let pool: ThreadPool
  private let memory: [LeafMemory]
  /// The memory of each leaf's thread, or of the team that shares the one leaf.
  private let scratch: [FloatBuffer]
  private let filters: TowerFilters
  private let gradients: [FloatBuffer]
  private let dFeatures: FloatBuffer

  /// - Parameters:
  ///   - images: the most images of a leaf.
  ///   - leaves: the number of leaves: one, which the threads share, or one for each thread.
  init(_ network: Network, images: Int, leaves: Int = 1, on pool: ThreadPool) {
    precondition(leaves == 1 || leaves == pool.threadCount, "\(leaves) leaves for \(pool.threadCount) threads")
    self.network = network
    self.pool = pool
    let tower = network.tower
    self.tower = tower
    let largest = tower.layers.map(\.parameterRange.count).max() ?? 0
    let count = tower.scratchCount(images: images, members: leaves == 1 ? pool.threadCount : 1)
    memory = (0..<leaves).map { _ in LeafMemory(tower, capacity: images) }
    scratch = (0..<leaves).map { _ in FloatBuffer(count) }
    gradients = (0..<leaves).map { _ in FloatBuffer(largest) }
    filters = TowerFilters(tower, keepsAll: false)
    dFeatures = FloatBuffer(images * tower.featureCount)
    var random = SplitMix64(seed: 5)
    for leaf in memory { random.fill(leaf.images, count: images * tower.imageCount) }
    random.fill(dFeatures.base, count: dFeatures.count)
    tower.prepare(network.parameters, on: pool)
  }

  /// Runs the forward and the backward pass once. Returns the seconds of each part of each layer.
  func run(images: Int) -> [Part: [Double]] {
    var seconds = Dictionary(
      uniqueKeysWithValues: Part.allCases.map { ($0, [Double](repeating: 0, count: layerCount)) })
    func time(_ part: Part, _ layer: Int, _ body: () -> Void) {
      let start = monotonicSeconds()
      body()
      seconds[part]![layer] = monotonicSeconds() - start
    }
    func transform(_ use: FilterUse, _ layer: Int) {
      tower.transformFilters(ofLayer: layer, for: use, network.parameters, into: filters, on: pool)
    }
    for layer in 0..<layerCount {
      time(.forwardFilters, layer) { transform(.forward, layer) }
      time(.forward, layer) { forEachLeaf(images) { pass, _ in tower.forward(layer: layer, pass) } }
    }
    for leaf in memory { leaf.dFeatures.update(from: dFeatures.base, count: images * tower.featureCount) }
    for layer in (lowestTrained..<layerCount).reversed() {
      // The lowest layer that is trained hands no gradient down, and so needs no filters.
      if layer > lowestTrained { time(.backwardFilters, layer) { transform(.backward, layer) } }
      time(.backward, layer) {
        forEachLeaf(images) { pass, leaf in
          tower.backward(layer: layer, pass, dParameters: gradients[leaf].base)
        }
      }
    }
    return seconds
  }

  private func forEachLeaf(_ images: Int, _ body: (_ pass: LeafPass, _ leaf: Int) -> Void) {
    func pass(_ leaf: Int, _ team: TeamMember) -> LeafPass {
      LeafPass(memory[leaf], images: images, filters: filters, scratch: scratch[leaf].base, team: team)
    }
    pool.run { member in
      if memory.count == 1 {
        body(pass(0, member), 0)
      } else {
        member.share(memory.count) { leaf in body(pass(leaf, .alone), leaf) }
      }
    }
  }

  /// Whether the last pass's gradient has neither NaN nor infinity.
  var isFinite: Bool {
    guard lowestTrained < layerCount else { return true }
    return gradients.allSatisfy {
      $0.values[..<tower.layers[lowestTrained].parameterRange.count].allSatisfy(\.isFinite)
    }
  }

  private var layerCount: Int { tower.layers.count }
  /// The lowest layer with a backward pass; the number of layers where all of them are frozen.
  private var lowestTrained: Int { tower.lowestTrained ?? layerCount }

  /// Returns each layer's parts on this object's one thread: the quickest of `runs` passes over one image and over
  /// `images`.
  ///
  /// - Throws: `VerificationError` where a gradient is NaN or infinite.
  func layers(images: Int, runs: Int) throws -> [StepParts.Layer] {
    let counts = images > 1 ? [1, images] : [1]
    var quickest: [Int: [Part: [Double]]] = [:]
    for count in counts {
      _ = run(images: count)
      let passes = (0..<runs).map { _ in run(images: count) }
      guard isFinite else {
        throw VerificationError(description: "the gradient of random images is NaN or infinite")
      }
      quickest[count] = Dictionary(
        uniqueKeysWithValues: Part.allCases.map { part in
          (part, (0..<layerCount).map { layer in passes.map { $0[part]![layer] }.min()! })
        })
    }
    return tower.layers.enumerated().map { index, layer in
      func cost(_ part: Part) -> LeafCost {
        LeafCost(counts.map { LeafCost.Point(images: $0, seconds: quickest[$0]![part]![index]) })
      }
      func filters(_ part: Part) -> Double { quickest[counts.last!]![part]![index] }
      return StepParts.Layer(
        name: layer.name, parameters: tower.isTrained[index] ? layer.parameterRange.count : 0,
        forwardFilters: filters(.forwardFilters),
        backwardFilters: filters(.backwardFilters), forward: cost(.forward), backward: cost(.backward))
    }
  }
}
