import Kernels
import Network
import Randomness
import System

/// Runs the tower's passes over one leaf of random images on one thread, and times each layer by itself.
final class TowerPasses {
  /// A part of a layer's work.
  enum Part: CaseIterable { case forwardFilters, forward, backwardFilters, backward }

  private let network: Network
  private let tower: Tower
  private let pool = ThreadPool(threads: 1)
  private let memory: LeafMemory
  private let scratch: FloatBuffer
  private let filters: TowerFilters
  private let gradient: FloatBuffer
  private let dFeatures: FloatBuffer

  init(_ network: Network, images: Int) {
    self.network = network
    tower = network.tower
    memory = LeafMemory(tower, capacity: images)
    scratch = FloatBuffer(tower.scratchCount(images: images))
    filters = TowerFilters(tower, keepsAll: false)
    gradient = FloatBuffer(tower.layers.map(\.parameterRange.count).max() ?? 0)
    dFeatures = FloatBuffer(images * tower.featureCount)
    var random = SplitMix64(seed: 5)
    random.fill(memory.images, count: images * tower.imageCount)
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
    let pass = LeafPass(memory, images: images, filters: filters, scratch: scratch.base)
    for layer in 0..<layerCount {
      time(.forwardFilters, layer) { transform(.forward, layer) }
      time(.forward, layer) { tower.forward(layer: layer, pass) }
    }
    memory.dFeatures.update(from: dFeatures.base, count: images * tower.featureCount)
    for layer in (0..<layerCount).reversed() {
      // An image has no gradient, so the first layer needs no filters.
      if layer > 0 { time(.backwardFilters, layer) { transform(.backward, layer) } }
      time(.backward, layer) { tower.backward(layer: layer, pass, dParameters: gradient.base) }
    }
    return seconds
  }

  /// Whether the last pass's gradient has neither NaN nor infinity.
  var isFinite: Bool {
    gradient.values[..<tower.layers[0].parameterRange.count].allSatisfy(\.isFinite)
  }

  private var layerCount: Int { tower.layers.count }

  /// Returns each layer's parts: the medians of `runs` passes over one image and over `images`.
  ///
  /// - Throws: `VerificationError` where a gradient is NaN or infinite.
  func layers(images: Int, runs: Int) throws -> [StepParts.Layer] {
    let counts = images > 1 ? [1, images] : [1]
    var medians: [Int: [Part: [Double]]] = [:]
    for count in counts {
      _ = run(images: count)
      let passes = (0..<runs).map { _ in run(images: count) }
      guard isFinite else {
        throw VerificationError(description: "the gradient of random images is NaN or infinite")
      }
      medians[count] = Dictionary(
        uniqueKeysWithValues: Part.allCases.map { part in
          (part, (0..<layerCount).map { layer in passes.map { $0[part]![layer] }.median() })
        })
    }
    return tower.layers.enumerated().map { index, layer in
      func cost(_ part: Part) -> LeafCost {
        LeafCost(counts.map { LeafCost.Point(images: $0, seconds: medians[$0]![part]![index]) })
      }
      func filters(_ part: Part) -> Double { medians[counts.last!]![part]![index] }
      return StepParts.Layer(
        name: layer.name, parameters: layer.parameterRange.count, forwardFilters: filters(.forwardFilters),
        backwardFilters: filters(.backwardFilters), forward: cost(.forward), backward: cost(.backward))
    }
  }
}
