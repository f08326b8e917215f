import Kernels
import Network
import Randomness
import System
import Testing

/// Tests of `Tower.writeInput` against the network's definition.
@Suite struct LayerInputsTests {
  @Test func eachLayerReadsTheActivatedMapBelowIt() throws {
    let (seed, images) = (11 as UInt64, 2)
    let architecture = try Architecture(
      name: "inputs", input: Extents(channels: 2, height: 7, width: 6),
      layers: [
        .convolution(.init(name: "first", filters: 18, kernel: 3, padding: 1, activation: .prelu)),
        .convolution(.init(name: "second", filters: 5, kernel: 3, padding: 1, activation: .preluShared)),
        .maxPooling(.init(name: "pool", size: 2, stride: 2)),
        .convolution(.init(name: "third", filters: 3, kernel: 3, activation: .none)),
        .fullyConnected(.init(name: "fc", outputs: 3, activation: .none)),
      ]
    ).resolved()
    let network = Network(architecture)
    var stream = RandomStream(seed: seed, purpose: .initialization, owner: 0)
    for place in 0..<network.parameters.count { network.parameters.base[place] = Float(stream.gaussian()) }
    let inputs = (0..<images).map { _ in (0..<architecture.input.count).map { _ in Float(stream.gaussian()) } }
    let (tower, pool) = (network.tower, ThreadPool(threads: 1))
    let memory = LeafMemory(tower, capacity: images)
    let scratch = FloatBuffer(tower.scratchCount(images: images))
    let filters = TowerFilters(tower, keepsAll: false)
    for (place, value) in inputs.joined().enumerated() { memory.images[place] = value }
    tower.prepare(network.parameters, on: pool)
    let reference = ReferenceNetwork(architecture)
    for (index, layer) in tower.layers.enumerated() {
      let input = FloatBuffer(images * layer.inputCount)
      tower.writeInput(ofLayer: index, memory, images: images, into: input.base)
      let maps = reference.forward(
        inputs.map { $0.map(Double.init) }, layers: 0..<index, parameters: { Double(network.parameters.base[$0]) }
      ).maps
      let extents = BlockedExtents(architecture.layers[index].input)
      for (image, map) in maps.enumerated() {
        for (place, expected) in map.enumerated() {
          let own = index == 0 ? place : extents.place(ofPlanar: place)
          let found = Double(input.base[image * layer.inputCount + own])
          #expect(abs(found - expected) <= 1e-4 * (1 + abs(expected)), "\(layer.name), image \(image), place \(place)")
        }
      }
      tower.transformFilters(ofLayer: index, for: .forward, network.parameters, into: filters, on: pool)
      tower.forward(layer: index, LeafPass(memory, images: images, filters: filters, scratch: scratch.base))
    }
  }
}
