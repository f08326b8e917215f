import Foundation
import Network
import System

/// A summary of a network's layers, with their shapes, parameters, operations and memory, for people and for programs.
public struct ModelSummary: Sendable {
  private let network: ResolvedArchitecture

  public init(_ network: ResolvedArchitecture) {
    self.network = network
  }

  // MARK: - For people

  /// A table with a line for each layer and one with the totals.
  public var text: String {
    let header = ["layer", "kind", "output", "parameters", "multiply-adds", "memory"]
    let rows = network.layers.map { layer in
      [
        layer.name, layer.description.settings.summary + Self.rate(of: layer), "\(layer.output)",
        layer.parameterCount.grouped, layer.multiplyAdds.grouped, byteText(layer.activationBytes, bytesName: "B"),
      ]
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    // Words are aligned on the left, numbers on the right.
    let lines = ([header] + rows).map { row in
      row.enumerated().map { column, cell in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column < 3 ? cell + space : space + cell
      }.joined(separator: "  ")
    }
    return (["\(network.name), input \(network.input)", ""] + lines + ["", totals]).joined(separator: "\n")
  }

  /// Returns what distinguishes the training of a layer, after its summary; empty for a layer like all others.
  private static func rate(of layer: ResolvedLayer) -> String {
    layer.rate == 1 ? "" : layer.rate == 0 ? ", frozen" : ", rate ×\(layer.rate)"
  }

  /// The totals, such as "19 weight layers, 1.906·10¹⁰ multiply-adds, 179.3 M parameters (717.3 MB), activations 61.0
  /// MB an image".
  public var totals: String {
    let count = network.parameterCount
    let parameters = count >= 1_000_000 ? "\(Self.fixed(Double(count) / 1e6, digits: 1)) M" : count.grouped
    return
      "\(network.weightLayerCount.counted("weight layer")), \(Self.scientific(network.multiplyAdds)) multiply-adds, "
      + "\(parameters) parameters (\(byteText(4 * count))), "
      + "activations \(byteText(network.activationBytes)) an image"
  }

  /// Returns a number with four digits, such as 1.906·10¹⁰.
  private static func scientific(_ count: Int) -> String {
    guard count >= 10_000 else { return String(count) }
    var exponent = String(count).count - 1
    var digits = fixed(Double(count) / pow(10, Double(exponent)), digits: 3)
    if digits == "10.000" { (digits, exponent) = ("1.000", exponent + 1) }
    let raised = String(exponent).compactMap(\.wholeNumberValue).map { Array("⁰¹²³⁴⁵⁶⁷⁸⁹")[$0] }
    return "\(digits)·10\(String(raised))"
  }

  private static func fixed(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  // MARK: - For programs

  /// The summary as JSON, with exact numbers; an architecture's own description is under `layers[].settings`.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Document(network)) else {
      preconditionFailure("texts, whole numbers and finite shares are always JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }

  private struct Document: Encodable {
    let name: String
    let input: Extents
    let layers: [Layer]
    let weightLayers: Int
    let parameters: Int
    let multiplyAdds: Int
    let activationBytes: Int

    init(_ network: ResolvedArchitecture) {
      name = network.name
      input = network.input
      layers = network.layers.map(Layer.init)
      weightLayers = network.weightLayerCount
      parameters = network.parameterCount
      multiplyAdds = network.multiplyAdds
      activationBytes = network.activationBytes
    }
  }

  private struct Layer: Encodable {
    let name: String
    let settings: LayerDescription
    let output: Extents
    let parameters: Int
    let multiplyAdds: Int
    let activationBytes: Int
    /// The factor of the learning rate, 0 for a frozen layer; nil, and left out of the JSON, where it is 1.
    let rate: Float?

    init(_ layer: ResolvedLayer) {
      name = layer.name
      settings = layer.description
      output = layer.output
      parameters = layer.parameterCount
      multiplyAdds = layer.multiplyAdds
      activationBytes = layer.activationBytes
      rate = layer.rate == 1 ? nil : layer.rate
    }
  }
}
