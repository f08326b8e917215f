import System

/// The paper's architectures: Table 1 (the 14-layer model and its 30-layer form) and Table 3.
extension ArchitectureCatalog {
  static let paperEntries: [Entry] = [
    entry("small-14", "Table 1's 14-layer model", extraLayers: 0...1000) { $0.small(extraLayers: 0) },
    entry("small-30", "small-14 with sixteen more 2×2 convolutions", extraLayers: 0...1000) {
      $0.small(extraLayers: 16)
    },
    entry("vgg-19", "Table 3's VGG-19, a 7×7 map into fc1") { $0.vgg(last: [$0.pool("pool5")]) },
    entry("vgg-19-spp", "VGG-19 with spatial pyramid pooling of the 14×14 map") {
      $0.vgg(last: [$0.spp([7, 3, 2, 1])])
    },
    entry("A", "Table 3's model A", extraLayers: 0...1000) { $0.large(stage: 5, filters: 256, 512, 512) },
    entry("B", "Table 3's model B; 3 to 9 more layers were tried too", extraLayers: 0...1000) {
      $0.large(stage: 6, filters: 256, 512, 512)
    },
    entry("C", "Table 3's model C, B made wider", extraLayers: 0...1000) { $0.large(stage: 6, filters: 384, 768, 896) },
  ]

  private static func entry(
    _ name: String, _ summary: String, extraLayers: ClosedRange<Int> = 0...0,
    layers: @escaping @Sendable (Request) -> [LayerDescription]
  ) -> Entry {
    Entry(
      name: name, summary: summary, input: Extents(channels: 3, height: 224, width: 224), classes: 1000, width: nil,
      extraLayers: extraLayers, layers: layers)
  }
}

extension ArchitectureCatalog.Request {
  /// The model of Table 1. Extra layers are 2×2 convolutions at the end of conv3.
  fileprivate func small(extraLayers own: Int) -> [LayerDescription] {
    [
      [conv("conv1", 64, kernel: 7, stride: 2)],
      [pool("pool1", 3, stride: 3)],
      conv2x2("conv2", 128, count: 4),
      [pool("pool2")],
      conv2x2("conv3", 256, count: 6 + own + extraLayers),
      [spp([6, 3, 2, 1])],
      connected([4096, 4096]),
    ].flatMap { $0 }
  }

  /// VGG-19 up to its last 14×14 map, then `last`.
  fileprivate func vgg(last: [LayerDescription]) -> [LayerDescription] {
    [
      conv3x3("conv1", 64, count: 2), [pool("pool1")],
      conv3x3("conv2", 128, count: 2), [pool("pool2")],
      conv3x3("conv3", 256, count: 4), [pool("pool3")],
      conv3x3("conv4", 512, count: 4), [pool("pool4")],
      conv3x3("conv5", 512, count: 4), last,
      connected([4096, 4096]),
    ].flatMap { $0 }
  }

  /// Models A, B and C: `stage` convolutions on each of the maps 56×56, 28×28 and 14×14, with these filters.
  ///
  /// The paper does not say where its added layers went. Here they go to the three maps in turn: 28, 14, 56, 28, …
  fileprivate func large(stage: Int, filters at56: Int, _ at28: Int, _ at14: Int) -> [LayerDescription] {
    [
      [conv("conv1", 96, kernel: 7, stride: 2, padding: 3), pool("pool1")],
      conv3x3("conv2", at56, count: stage + extraLayers / 3), [pool("pool2")],
      conv3x3("conv3", at28, count: stage + (extraLayers + 2) / 3), [pool("pool3")],
      conv3x3("conv4", at14, count: stage + (extraLayers + 1) / 3), [spp([7, 3, 2, 1])],
      connected([4096, 4096]),
    ].flatMap { $0 }
  }
}
