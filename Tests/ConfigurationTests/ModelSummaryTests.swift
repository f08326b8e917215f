import Configuration
import Foundation
import Network
import System
import Testing

private func summary(_ name: String, activation: Activation = .prelu) throws -> ModelSummary {
  ModelSummary(try ArchitectureCatalog.architecture(named: name, activation: activation).resolved())
}

@Test func tableOfASmallNetwork() throws {
  let layers: [LayerDescription] = [
    .convolution(.init(name: "conv1", filters: 8, kernel: 5, stride: 2, padding: 2, activation: .prelu)),
    .maxPooling(.init(name: "pool1", size: 3, stride: 2)),
    .averagePooling(.init(name: "pool2", size: 2, stride: 1)),
    .spatialPyramidPooling(.init(name: "spp", levels: [2, 1])),
    .fullyConnected(.init(name: "fc1", outputs: 100, activation: .relu, dropout: 0.5)),
    .fullyConnected(.init(name: "fc2", outputs: 10, activation: .none)),
  ]
  let network = try Architecture(
    name: "own", input: Extents(channels: 1, height: 28, width: 28), layers: layers
  ).resolved()
  let expected = """
    own, input 1×28×28

    layer  kind                                         output   parameters  multiply-adds  memory
    conv1  5×5 convolution, stride 2, padding 2, prelu  8×14×14         216         39,200  6.3 kB
    pool1  3×3 maximum, stride 2                        8×6×6             0              0  1.2 kB
    pool2  2×2 average, stride 1                        8×5×5             0              0   800 B
    spp    spatial pyramid {2, 1}                       40×1×1            0              0   160 B
    fc1    fully connected, relu, dropout 0.5           100×1×1       4,100          4,000   400 B
    fc2    fully connected                              10×1×1        1,010          1,000    40 B

    3 weight layers, 4.420·10⁴ multiply-adds, 5,326 parameters (21.3 kB), activations 8.8 kB an image
    """
  #expect(ModelSummary(network).text == expected)
}

@Test func totalsAreThePapers() throws {
  #expect(try summary("A").totals.hasPrefix("19 weight layers, 1.906·10¹⁰ multiply-adds, "))
  #expect(try summary("C").totals.hasPrefix("22 weight layers, 5.346·10¹⁰ multiply-adds, "))
  #expect(try summary("vgg-19", activation: .relu).totals.contains("143.7 M parameters (574.7 MB)"))
  #expect(try summary("vgg-19").text.contains("flattening"))
}

@Test func jsonHasExactNumbers() throws {
  let object = try JSONSerialization.jsonObject(with: Data(try summary("vgg-19", activation: .relu).json.utf8))
  let document = try #require(object as? [String: Any])
  #expect(document["weightLayers"] as? Int == 19)
  #expect(document["parameters"] as? Int == 143_667_240)
  let layers = try #require(document["layers"] as? [[String: Any]])
  #expect(layers.count == 16 + 5 + 1 + 3)
  #expect(layers.reduce(0) { $0 + ($1["multiplyAdds"] as? Int ?? 0) } == document["multiplyAdds"] as? Int)
  let settings = try #require(layers[0]["settings"] as? [String: [String: Any]])
  #expect(settings["convolution"]?["filters"] as? Int == 64)
  let output = try #require(layers[0]["output"] as? [String: Int])
  #expect(output == ["channels": 64, "height": 224, "width": 224])
}
