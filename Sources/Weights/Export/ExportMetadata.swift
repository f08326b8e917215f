import Foundation

/// The texts that this program puts into a safetensors file and an ONNX model beside the weights, so that the file
/// alone suffices to classify a picture.
public struct ExportMetadata: Equatable, Sendable {
  /// The layers and the input as JSON, with the keys of an architecture file.
  public var architecture: String
  public var classNames: [String]
  /// The factor of a pixel of 0 to 255 less the mean.
  public var scale: Double
  /// The pixels that a photograph's shorter side is resized to before its middle is cropped; nil for images that are
  /// taken whole.
  public var shorterSide: Int?
  /// The program, the checkpoint and its iteration.
  public var origin: String

  public init(architecture: String, classNames: [String], scale: Double, shorterSide: Int?, origin: String) {
    self.architecture = architecture
    self.classNames = classNames
    self.scale = scale
    self.shorterSide = shorterSide
    self.origin = origin
  }

  /// The scales that a network of this program can have, as `data.scale` takes them.
  static let scales = 1e-6...1e6

  /// Reads what `texts` wrote; nil for a file that this program has not written.
  package init?(_ texts: [String: String]) {
    guard let architecture = texts["architecture"], let scale = texts["scale"].flatMap(Double.init),
      Self.scales.contains(scale), let names = texts["classes"],
      let classNames = try? JSONDecoder().decode([String].self, from: Data(names.utf8))
    else { return nil }
    self.init(
      architecture: architecture, classNames: classNames, scale: scale, shorterSide: texts["crop"].flatMap { Int($0) },
      origin: texts["origin"] ?? "")
  }

  /// Whether the texts of a file are by their names those of this program.
  static func isMeant(by texts: [String: String]) -> Bool {
    ["architecture", "classes", "scale", "origin"].allSatisfy { texts[$0] != nil }
      || texts["origin"]?.hasPrefix("prelu-dist ") == true
  }

  /// The texts by their names. `format` tells the safetensors package that the tensors are laid out as PyTorch's.
  var texts: [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let names = try? encoder.encode(classNames) else { preconditionFailure("texts are always JSON") }
    var texts = [
      "format": "pt", "architecture": architecture, "classes": String(decoding: names, as: UTF8.self),
      "scale": "\(scale)", "origin": origin,
    ]
    if let shorterSide { texts["crop"] = "\(shorterSide)" }
    return texts
  }
}
