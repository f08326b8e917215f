import System

/// Small architectures for images of 28×28 to 64×64.
extension ArchitectureCatalog {
  static let fashionEntries: [Entry] = [
    entry("fashion-6", "six 3×3 convolutions for images of 28×28 to 64×64", width: 32) { $0.plain() },
    entry("fashion-8", "eight 3×3 convolutions for images of 28×28 to 64×64", width: 64) { $0.wide() },
    entry("fashion-14", "the form of small-14 in small, 14 weight layers", extraLayers: 0...1000) {
      $0.deep(weightLayers: 14)
    },
    entry("fashion-22", "the form of small-14 in small, 22 weight layers", extraLayers: 0...1000) {
      $0.deep(weightLayers: 22)
    },
    entry("fashion-30", "the form of small-30 in small, 30 weight layers", extraLayers: 0...1000) {
      $0.deep(weightLayers: 30)
    },
  ]

  private static func entry(
    _ name: String, _ summary: String, width: Int = 16, extraLayers: ClosedRange<Int> = 0...0,
    layers: @escaping @Sendable (Request) -> [LayerDescription]
  ) -> Entry {
    Entry(
      name: name, summary: summary, input: Extents(channels: 1, height: 28, width: 28), classes: 10, width: width,
      extraLayers: extraLayers, layers: layers)
  }
}

extension ArchitectureCatalog.Request {
  /// Six convolutions, whose maps are 28, 14 and 7 pixels wide on inputs of 28×28.
  fileprivate func plain() -> [LayerDescription] {
    [
      conv3x3("conv1", width, count: 2), [pool("pool1")],
      conv3x3("conv2", 2 * width, count: 2), [pool("pool2")],
      conv3x3("conv3", 4 * width, count: 2), [spp([4, 2, 1])],
      // So small a network cannot spare half of its units.
      connected([256], dropout: 0.3),
    ].flatMap { $0 }
  }

  /// Eight convolutions, whose maps are 28, 14 and 7 pixels wide on inputs of 28×28.
  fileprivate func wide() -> [LayerDescription] {
    [
      conv3x3("conv1", width, count: 2), [pool("pool1")],
      conv3x3("conv2", 2 * width, count: 3), [pool("pool2")],
      conv3x3("conv3", 4 * width, count: 3), [spp([4, 2, 1])],
      connected([512, 512]),
    ].flatMap { $0 }
  }

  /// The paper's small model with a quarter of the filters and maps of 28, 14 and 7: one convolution, four of 2×2,
  /// the rest of 2×2, and three fully connected layers. Extra layers go to the end of conv3.
  fileprivate func deep(weightLayers: Int) -> [LayerDescription] {
    [
      [conv("conv1", width, kernel: 3, padding: 1), pool("pool1")],
      conv2x2("conv2", 2 * width, count: 4), [pool("pool2")],
      conv2x2("conv3", 4 * width, count: weightLayers - 8 + extraLayers), [spp([3, 2, 1])],
      connected([256, 256]),
    ].flatMap { $0 }
  }
}
