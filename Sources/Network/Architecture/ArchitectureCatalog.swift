import System

/// The architectures that are built in, by name.
public enum ArchitectureCatalog {
  /// One built-in architecture, with the choices that it leaves.
  public struct Entry: Sendable {
    public let name: String
    public let summary: String
    /// The input that it is meant for. It takes any other input on which its maps fit.
    public let input: Extents
    /// The classes that it is meant for.
    public let classes: Int
    /// The filters of the narrowest layers, to which the others are in proportion, or `nil` if they are fixed.
    public let width: Int?
    /// The numbers of convolutions that can be added.
    public let extraLayers: ClosedRange<Int>
    let layers: @Sendable (Request) -> [LayerDescription]
  }

  /// The choices for which the layers of an entry are made.
  struct Request {
    let activation: Activation
    let classes: Int
    let extraLayers: Int
    let width: Int
  }

  public static let entries: [Entry] = fashionEntries + paperEntries

  public static var names: [String] { entries.map(\.name) }

  /// Returns the entry called `name`.
  public static func entry(named name: String) throws(ArchitectureError) -> Entry {
    guard let entry = entries.first(where: { $0.name == name }) else {
      let meant = nearMiss(name, among: names).map { " Did you mean \($0)?" } ?? ""
      throw ArchitectureError(
        problem: "there is no architecture \(String(name.prefix(120)).debugDescription)."
          + "\(meant) There are \(names.joined(separator: ", ")).", setting: "architecture")
    }
    return entry
  }

  /// Returns an entry's architecture for a task. The entry's own value stands for `nil`.
  ///
  /// - Parameters:
  ///   - activation: The function after every layer but the last.
  ///   - classes: The outputs of the last layer.
  ///   - extraLayers: The number of convolutions to add, if the entry takes some.
  ///   - width: The filters of the narrowest layers, if the entry can be made wider.
  public static func architecture(
    named name: String, activation: Activation = .prelu, classes: Int? = nil, input: Extents? = nil,
    extraLayers: Int = 0, width: Int? = nil
  ) throws(ArchitectureError) -> Architecture {
    let entry = try entry(named: name)
    guard entry.extraLayers.contains(extraLayers) else {
      let range = entry.extraLayers
      throw ArchitectureError(
        problem: range.upperBound == 0
          ? "\(name) takes no extra layers, found \(extraLayers)"
          : "\(name) takes \(range.lowerBound) to \(range.upperBound) extra layers, found \(extraLayers)",
        setting: "extraLayers")
    }
    if let width {
      guard entry.width != nil else {
        throw ArchitectureError(
          problem: "the widths of \(name) are fixed, found width \(width): leave it out", setting: "width")
      }
      guard (1...4096).contains(width) else {
        throw ArchitectureError(problem: "expected 1 to 4096 for \(name), found \(width)", setting: "width")
      }
    }
    let request = Request(
      activation: activation, classes: classes ?? entry.classes, extraLayers: extraLayers,
      width: width ?? entry.width ?? 0)
    return Architecture(
      name: extraLayers == 0 ? name : "\(name)+\(extraLayers)", input: input ?? entry.input,
      layers: entry.layers(request))
  }
}

// MARK: - The vocabulary of the tables

extension ArchitectureCatalog.Request {
  func conv(_ name: String, _ filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0) -> LayerDescription {
    .convolution(
      .init(
        name: name, filters: filters, kernel: kernel, stride: stride, padding: padding, activation: activation))
  }

  /// Returns `count` 3×3 convolutions `<name>_1`, `<name>_2` … that keep the map's extents.
  func conv3x3(_ name: String, _ filters: Int, count: Int) -> [LayerDescription] {
    (1...count).map { conv("\(name)_\($0)", filters, kernel: 3, padding: 1) }
  }

  /// Returns `count` 2×2 convolutions with padding 0 and 1 in turn, so that every second map has the first one's
  /// extents.
  func conv2x2(_ name: String, _ filters: Int, count: Int) -> [LayerDescription] {
    (1...count).map { conv("\(name)_\($0)", filters, kernel: 2, padding: ($0 + 1) % 2) }
  }

  func pool(_ name: String, _ size: Int = 2, stride: Int = 2) -> LayerDescription {
    .maxPooling(.init(name: name, size: size, stride: stride))
  }

  func spp(_ levels: [Int]) -> LayerDescription {
    .spatialPyramidPooling(.init(name: "spp", levels: levels))
  }

  /// Returns the layers fc1, fc2 … with activation and dropout, then the scores.
  func connected(_ hidden: [Int], dropout: Float = 0.5) -> [LayerDescription] {
    hidden.enumerated().map { index, outputs in
      .fullyConnected(.init(name: "fc\(index + 1)", outputs: outputs, activation: activation, dropout: dropout))
    } + [.fullyConnected(.init(name: "fc\(hidden.count + 1)", outputs: classes, activation: .none))]
  }
}
