import Foundation
import Network
import SwiftProtobuf
import System

extension ExportedNetwork {
  /// The largest model that is written, in bytes: no protobuf may have 2 GiB.
  private static let largestModel = (1 << 31) - (1 << 20)
  /// The version of ONNX's own format that the files have.
  static let onnxVersion = 8
  static let producer = "prelu-dist"

  /// Writes an ONNX model (operator set 13) for batches of any size. Its output `scores` holds the classes' scores.
  ///
  /// - Parameter fromPixels: whether the input is `pixels`, red, green, blue, from 0 to 255, from which the model
  ///   subtracts the mean itself, instead of `input`, from which it is subtracted already.
  /// - Throws: `Refusal` for a network that is too large, `FileError` where the file cannot be written.
  public func writeONNX(to path: String, fromPixels: Bool) throws {
    let bytes = 4 * (architecture.parameterCount + mean.count)
    guard bytes <= Self.largestModel else {
      throw Refusal(
        .badData,
        "\(path): expected a network of at most \(byteText(Self.largestModel)), which an ONNX file can hold, found "
          + "\(byteText(bytes)): export it as safetensors")
    }
    try writeWhole(path, head: Array(try model(fromPixels: fromPixels).serializedData() as Data))
  }

  package func model(fromPixels: Bool) -> PreluDist_Onnx_ModelProto {
    var model = PreluDist_Onnx_ModelProto()
    model.irVersion = Int64(Self.onnxVersion)
    model.producerName = Self.producer
    model.docString = metadata.origin
    var operators = PreluDist_Onnx_OperatorSetIdProto()
    operators.version = 13
    model.opsetImport = [operators]
    model.metadataProps = metadata.texts.sorted { $0.key < $1.key }.filter { $0.key != "format" }.map { text in
      var entry = PreluDist_Onnx_StringStringEntryProto()
      (entry.key, entry.value) = (text.key, text.value)
      return entry
    }
    model.graph = graph(fromPixels: fromPixels)
    return model
  }

  /// The nodes' names begin with a slash, which no layer's name and so no constant's has.
  private func graph(fromPixels: Bool) -> PreluDist_Onnx_GraphProto {
    var graph = ONNXGraph(name: architecture.name)
    let input = architecture.input
    let extents = [input.channels, input.height, input.width]
    var value = fromPixels ? "pixels" : "input"
    graph.declare(input: value, extents: extents)
    if fromPixels {
      let centered = graph.node("Sub", "/pixels/centered", [value, graph.constant("mean", shape: [1] + extents, mean)])
      let scale = graph.constant("scale", shape: [], [Float(metadata.scale)])
      value = graph.node("Mul", "/pixels/scaled", [centered, scale])
    }
    for (index, layer) in architecture.layers.enumerated() {
      value = add(layer, index, to: &graph, value, output: index == architecture.layers.count - 1 ? "scores" : nil)
    }
    graph.declare(output: value, extents: [architecture.classes])
    return graph.graph
  }

  /// Adds a layer, and returns the name of its output.
  ///
  /// - Parameter output: the name of the last layer's output; nil elsewhere.
  private func add(
    _ layer: ResolvedLayer, _ index: Int, to graph: inout ONNXGraph, _ input: String, output: String?
  ) -> String {
    let parameters = architecture.parameters.filter { $0.layerIndex == index }
    func constant(_ role: ParameterDescription.Role, shape: [Int]? = nil) -> String {
      guard let parameter = parameters.first(where: { $0.role == role }) else {
        preconditionFailure("layer \(layer.name) has no \(role)")
      }
      return graph.constant(name(parameter), shape: shape ?? parameter.shape, values(parameter))
    }
    var value: String
    switch layer.description.settings {
    case let settings as LayerDescription.Convolution:
      let (kernel, stride) = (settings.kernel, settings.stride)
      value = graph.node(
        "Conv", "/\(layer.name)", [input, constant(.weight), constant(.bias)],
        [
          "kernel_shape": .integers([kernel, kernel]), "strides": .integers([stride, stride]),
          "pads": .integers([Int](repeating: settings.padding, count: 4)),
        ])
    case let settings as LayerDescription.MaxPooling:
      value = pool("MaxPool", "/\(layer.name)", input, size: settings.size, stride: settings.stride, &graph)
    case let settings as LayerDescription.AveragePooling:
      value = pool("AveragePool", "/\(layer.name)", input, size: settings.size, stride: settings.stride, &graph)
    case let settings as LayerDescription.SpatialPyramidPooling:
      value = pyramid(settings, of: layer.input, input, &graph)
    case is any HeadLayerKind:
      value = graph.node(
        "Gemm", output ?? "/\(layer.name)", [input, constant(.weight), constant(.bias)], ["transB": .integer(1)])
    default: preconditionFailure("no ONNX operator for layer \(layer.name)")
    }
    let activated = "/\(layer.name)/\(layer.description.activation.rawValue)"
    // Coefficients go with channels: extents of 1 stand for the map's rows and columns.
    let spread = layer.weights?.count == 4 ? [1, 1] : []
    switch layer.description.activation {
    case .none: break
    case .relu: value = graph.node("Relu", activated, [value])
    case .lrelu: value = graph.node("LeakyRelu", activated, [value], ["alpha": .float(0.01)])
    case .prelu:
      value = graph.node("PRelu", activated, [value, constant(.slope, shape: [layer.output.channels] + spread)])
    case .preluShared: value = graph.node("PRelu", activated, [value, constant(.slope, shape: [1] + spread)])
    }
    return value
  }

  private func pool(
    _ kind: String, _ name: String, _ input: String, size: Int, stride: Int, _ graph: inout ONNXGraph
  ) -> String {
    graph.node(
      kind, name, [input], ["kernel_shape": .integers([size, size]), "strides": .integers([stride, stride])])
  }

  /// Adds the bins of each level. Where they divide the map they are the windows of a max pooling; elsewhere each is
  /// cut out, since they overlap and have unlike sizes: bin i of n spans ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉.
  private func pyramid(
    _ settings: LayerDescription.SpatialPyramidPooling, of map: Extents, _ input: String, _ graph: inout ONNXGraph
  ) -> String {
    let name = "/\(settings.name)"
    guard !settings.levels.isEmpty else { return graph.node("Flatten", name, [input], ["axis": .integer(1)]) }
    var parts: [String] = []
    for (place, level) in settings.levels.enumerated() {
      let own = "\(name)/\(place)"
      let bins: String
      if map.height % level == 0, map.width % level == 0 {
        let window = [map.height / level, map.width / level]
        bins = graph.node(
          "MaxPool", "\(own)/bins", [input], ["kernel_shape": .integers(window), "strides": .integers(window)])
      } else {
        let rows = (0..<level).map { row in
          let band = cut(input, "\(own)/row\(row)", bin: row, of: level, extent: map.height, axis: 2, &graph)
          let cells = (0..<level).map { column in
            cut(band, "\(own)/bin\(row)_\(column)", bin: column, of: level, extent: map.width, axis: 3, &graph)
          }
          return graph.node("Concat", "\(own)/bins\(row)", cells, ["axis": .integer(3)])
        }
        bins = graph.node("Concat", "\(own)/bins", rows, ["axis": .integer(2)])
      }
      parts.append(graph.node("Flatten", own, [bins], ["axis": .integer(1)]))
    }
    return parts.count == 1 ? parts[0] : graph.node("Concat", name, parts, ["axis": .integer(1)])
  }

  /// Adds the maximum over one bin of an axis, which keeps an extent of 1.
  private func cut(
    _ input: String, _ name: String, bin: Int, of level: Int, extent: Int, axis: Int, _ graph: inout ONNXGraph
  ) -> String {
    let bounds = (start: bin * extent / level, end: ((bin + 1) * extent).dividedUp(by: level))
    let slice = graph.node(
      "Slice", "\(name)/slice",
      [
        input, graph.constant(integers: [bounds.start]), graph.constant(integers: [bounds.end]),
        graph.constant(integers: [axis]),
      ])
    return graph.node("ReduceMax", name, [slice], ["axes": .integers([axis]), "keepdims": .integer(1)])
  }
}
