import Kernels

/// Height and width of an image that goes through a tower.
public struct FrameExtents: Hashable, Sendable, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public var description: String { "\(height)×\(width)" }
}

/// What a network makes of images of one size up to its last map: extents and operations, before memory is taken.
public struct DenseShape: Sendable {
  public let extents: FrameExtents
  /// Multiply-adds of the convolutions for one image.
  public let multiplyAdds: Int
  let architecture: ResolvedArchitecture
  let map: MapShape
  /// The extents of a window: those of the map of an image of the network's own size.
  let window: MapShape

  /// How many windows lie below and beside each other.
  public var windowRows: Int { map.height - window.height + 1 }
  public var windowColumns: Int { map.width - window.width + 1 }

  public var allWindows: WindowRange { WindowRange(rows: 0..<windowRows, columns: 0..<windowColumns) }
}

/// A network's tower on images of one size up to its last map, and the windows of that map.
public final class DenseForm: Sendable {
  public let shape: DenseShape
  let tower: Tower
  let pooling: WindowPooling

  init(_ network: Network, _ shape: DenseShape) {
    self.shape = shape
    tower = Tower(network.tower, upToLastMapOf: shape.architecture)
    let last = network.architecture.layers[network.architecture.towerLayers.upperBound - 1]
    guard case .spatialPyramidPooling(let description) = last.description else {
      preconditionFailure("the tower ends in \(last.name), which pools nothing into features")
    }
    pooling = WindowPooling(
      map: BlockedExtents(channels: shape.map.channels, height: shape.map.height, width: shape.map.width),
      windowHeight: shape.window.height, windowWidth: shape.window.width, levels: description.levels)
  }
}

extension Network {
  /// The network on images of these extents, no side shorter than the network's input.
  ///
  /// - Throws: where the maps would be too large to count.
  public func denseShape(_ extents: FrameExtents) throws(ArchitectureError) -> DenseShape {
    let input = architecture.input
    precondition(
      extents.height >= input.height && extents.width >= input.width, "images of \(extents) for an input of \(input)")
    var other = architecture.architecture
    other.input = MapShape(channels: input.channels, height: extents.height, width: extents.width)
    let resolved = try other.resolved()
    return DenseShape(
      extents: extents, multiplyAdds: resolved.layers[resolved.towerLayers].reduce(0) { $0 + $1.multiplyAdds },
      architecture: resolved, map: resolved.layers[resolved.towerLayers.upperBound - 1].input,
      window: architecture.layers[architecture.towerLayers.upperBound - 1].input)
  }

  /// Multiply-adds of the head for one window.
  public var headMultiplyAdds: Int {
    architecture.layers[architecture.headLayers].reduce(0) { $0 + $1.multiplyAdds }
  }
}
