import Network
import System
import Testing

/// Every kind of layer against central differences in Double. A new layer is one more line.
@Suite struct GradientTests {
  private static func map(_ channels: Int, _ height: Int, _ width: Int) -> Extents {
    Extents(channels: channels, height: height, width: width)
  }

  private static func convolution(
    _ kernel: Int, stride: Int = 1, padding: Int = 0, filters: Int = 5, _ activation: Activation = .none
  ) -> LayerDescription {
    .convolution(
      .init(name: "conv", filters: filters, kernel: kernel, stride: stride, padding: padding, activation: activation))
  }

  private static func average(_ size: Int, stride: Int) -> LayerDescription {
    .averagePooling(.init(name: "average", size: size, stride: stride))
  }

  private static let cases: [GradientCase] = [
    // Convolutions behind another layer: filters, strides and padding of all kinds, windows that do not fit.
    GradientCase("1×1", map: map(3, 3, 4), convolution(1)),
    GradientCase("1×1, stride 2", map: map(3, 5, 4), convolution(1, stride: 2)),
    GradientCase("2×2", map: map(3, 4, 5), convolution(2)),
    GradientCase("2×2, padding 1", map: map(3, 4, 3), convolution(2, padding: 1)),
    GradientCase("2×2 over two blocks of channels", map: map(17, 4, 4), convolution(2, filters: 18)),
    GradientCase("3×3", map: map(3, 5, 4), convolution(3)),
    GradientCase("3×3, padding 1", map: map(3, 6, 5), convolution(3, padding: 1)),
    GradientCase("3×3, padding 2", map: map(2, 4, 4), convolution(3, padding: 2)),
    GradientCase("3×3, padding 1, one pixel", map: map(3, 1, 1), convolution(3, padding: 1)),
    GradientCase("3×3, padding 1, one row", map: map(3, 1, 5), convolution(3, padding: 1)),
    GradientCase(
      "3×3, padding 1, over two blocks of channels", map: map(18, 5, 4), convolution(3, padding: 1, filters: 17)),
    GradientCase("3×3, padding 1, several tiles", map: map(2, 9, 10), convolution(3, padding: 1, filters: 3)),
    GradientCase("3×3, stride 2", map: map(3, 6, 7), convolution(3, stride: 2)),
    GradientCase("3×3, stride 2, padding 1", map: map(3, 6, 5), convolution(3, stride: 2, padding: 1)),
    GradientCase("3×3, stride 3, padding 1", map: map(2, 8, 7), convolution(3, stride: 3, padding: 1)),
    GradientCase("4×4, stride 3", map: map(2, 8, 9), convolution(4, stride: 3, filters: 3)),
    GradientCase("5×5, padding 2", map: map(2, 5, 6), convolution(5, padding: 2, filters: 3)),
    GradientCase("5×5, stride 2, padding 1", map: map(2, 8, 7), convolution(5, stride: 2, padding: 1, filters: 3)),
    GradientCase("7×7, stride 2, padding 3", map: map(2, 9, 8), convolution(7, stride: 2, padding: 3, filters: 3)),
    // Convolutions of the image.
    GradientCase("first: 1×1", input: map(3, 3, 4), [convolution(1)]),
    GradientCase("first: 3×3, padding 1", input: map(3, 5, 4), [convolution(3, padding: 1, filters: 17)]),
    GradientCase("first: 5×5, stride 2", input: map(1, 9, 8), [convolution(5, stride: 2)]),
    GradientCase("first: 7×7, stride 2", input: map(3, 11, 10), [convolution(7, stride: 2)]),
    // Activations after a convolution: below another, so that what they pass down counts too.
    GradientCase("convolution, ReLU", map: map(3, 4, 3), convolution(3, padding: 1, .relu)),
    GradientCase("convolution, LReLU", map: map(3, 4, 3), convolution(3, padding: 1, .lrelu)),
    GradientCase("convolution, PReLU", map: map(3, 4, 3), convolution(3, padding: 1, filters: 18, .prelu)),
    GradientCase("convolution, PReLU shared", map: map(3, 4, 3), convolution(3, padding: 1, filters: 18, .preluShared)),
    // Pooling: plain, overlapping, windows that leave a rest, one pixel.
    GradientCase("pool 2, stride 2", map: map(3, 4, 6), .maxPooling(.init(name: "pool", size: 2, stride: 2))),
    GradientCase(
      "pool 2, stride 2, odd extents", map: map(18, 5, 3), .maxPooling(.init(name: "pool", size: 2, stride: 2))),
    GradientCase(
      "pool 3, stride 2, overlapping", map: map(3, 7, 6), .maxPooling(.init(name: "pool", size: 3, stride: 2))),
    GradientCase(
      "pool 3, stride 1, overlapping", map: map(3, 4, 5), .maxPooling(.init(name: "pool", size: 3, stride: 1))),
    GradientCase("pool 2, stride 3, gaps", map: map(3, 5, 6), .maxPooling(.init(name: "pool", size: 2, stride: 3))),
    GradientCase("pool 1, one pixel", map: map(3, 1, 1), .maxPooling(.init(name: "pool", size: 1, stride: 1))),
    GradientCase(
      "pool of the image", input: map(2, 4, 5), [.maxPooling(.init(name: "pool", size: 2, stride: 2)), convolution(2)]),
    // Averages: plain, overlapping, windows that leave a rest, gaps, the whole map, the image.
    GradientCase("average 2, stride 2", map: map(3, 4, 6), average(2, stride: 2)),
    GradientCase("average 2, stride 2, odd extents", map: map(18, 5, 3), average(2, stride: 2)),
    GradientCase("average 3, stride 2, overlapping", map: map(3, 7, 6), average(3, stride: 2)),
    GradientCase("average 3, stride 1, overlapping", map: map(3, 4, 5), average(3, stride: 1)),
    GradientCase("average 2, stride 3, gaps", map: map(3, 5, 6), average(2, stride: 3)),
    GradientCase("average of the map", map: map(17, 5, 5), average(5, stride: 1)),
    GradientCase("average of the image", input: map(2, 4, 5), [average(2, stride: 2), convolution(2)]),
    // Spatial pyramids: bins that overlap, more bins than pixels, no levels.
    GradientCase("pyramid 3 2 1", map: map(3, 7, 5), .spatialPyramidPooling(.init(name: "spp", levels: [3, 2, 1]))),
    GradientCase(
      "pyramid 7 3 2 1", map: map(2, 8, 9), .spatialPyramidPooling(.init(name: "spp", levels: [7, 3, 2, 1]))),
    GradientCase("pyramid 4 2 on 3×2", map: map(17, 3, 2), .spatialPyramidPooling(.init(name: "spp", levels: [4, 2]))),
    GradientCase("pyramid 1 on one pixel", map: map(3, 1, 1), .spatialPyramidPooling(.init(name: "spp", levels: [1]))),
    GradientCase("no pyramid", map: map(3, 3, 4), .spatialPyramidPooling(.init(name: "spp", levels: []))),
    // Fully connected layers and their activations.
    GradientCase("connected, none", map: map(2, 2, 3), connected(.none)),
    GradientCase("connected, ReLU", map: map(2, 2, 3), connected(.relu)),
    GradientCase("connected, LReLU", map: map(2, 2, 3), connected(.lrelu)),
    GradientCase("connected, PReLU", map: map(2, 2, 3), connected(.prelu)),
    GradientCase("connected, PReLU shared", map: map(2, 2, 3), connected(.preluShared)),
    GradientCase(
      "scores alone", input: map(2, 2, 3), [.fullyConnected(.init(name: "scores", outputs: 7, activation: .none))]),
    // All of them in one net.
    GradientCase(
      "a whole net", input: map(3, 14, 11),
      [
        .convolution(.init(name: "conv1", filters: 6, kernel: 3, stride: 2, padding: 1, activation: .prelu)),
        .maxPooling(.init(name: "pool1", size: 3, stride: 2)),
        .convolution(.init(name: "conv2", filters: 5, kernel: 3, padding: 1, activation: .preluShared)),
        .convolution(.init(name: "conv3", filters: 4, kernel: 2, padding: 1, activation: .lrelu)),
        .spatialPyramidPooling(.init(name: "spp", levels: [2, 1])),
        .fullyConnected(.init(name: "fc1", outputs: 9, activation: .prelu)),
        .fullyConnected(.init(name: "fc2", outputs: 5, activation: .none)),
      ]),
  ]

  private static func connected(_ activation: Activation, dropout: Float = 0) -> LayerDescription {
    .fullyConnected(.init(name: "fc", outputs: 19, activation: activation, dropout: dropout))
  }

  @Test func everyKindHasACase() {
    let checked = Set(Self.cases.flatMap { $0.architecture.layers.map { type(of: $0.settings).key } })
    #expect(checked == Set(LayerDescription.kinds.map { $0.key }))
  }

  @Test(arguments: cases) func centralDifferences(_ test: GradientCase) throws {
    try checkGradients(test)
  }

  /// Dropout is checked with the masks of one iteration, whose random numbers are counted and so are known.
  @Test(arguments: [
    GradientCase("dropout 0.5", map: map(2, 2, 3), connected(.prelu, dropout: 0.5)),
    GradientCase("dropout 0.2, ReLU", map: map(2, 2, 3), connected(.relu, dropout: 0.2)),
    GradientCase(
      "two layers of dropout", input: map(2, 3, 3),
      [
        convolution(2, .prelu),
        .fullyConnected(.init(name: "fc1", outputs: 10, activation: .preluShared, dropout: 0.5)),
        .fullyConnected(.init(name: "fc2", outputs: 11, activation: .prelu, dropout: 0.4)),
      ]),
  ]) func centralDifferencesWithDropout(_ test: GradientCase) throws {
    try checkGradients(test, dropout: true)
  }
}
