import Kernels
import System

/// The way of images of one size through a network up to its last map: extents and operations, before memory is taken.
public struct DenseShape: Sendable {
  public let extents: PlaneExtents
  /// The multiply-adds of the convolutions for one image.
  public let multiplyAdds: Int
  let architecture: ResolvedArchitecture
  let map: Extents
  /// The extents of a window: those of the map of an image of the network's own size.
  let window: Extents

  /// The number of windows below each other.
  public var windowRows: Int { map.height - window.height + 1 }
  /// The number of windows beside each other.
  public var windowColumns: Int { map.width - window.width + 1 }

  public var allWindows: WindowRange { WindowRange(rows: 0..<windowRows, columns: 0..<windowColumns) }
}

/// A network's tower on images of one size up to its last map, and the windows of that map.
public final class DenseForm: Sendable {
  public let shape: DenseShape
  let tower: Tower
  /// The last layer's settings, which tell how the windows of the last map become features.
  let kind: any FeatureLayerKind
  /// The extents of one image's last map.
  let map: BlockedExtents
  let windows: any WindowFeatures

  init(_ network: Network, _ shape: DenseShape) {
    self.shape = shape
    tower = Tower(network.tower, upToLastMapOf: shape.architecture)
    let last = network.architecture.layers[network.architecture.towerLayers.upperBound - 1]
    guard let kind = last.description.settings as? any FeatureLayerKind else {
      preconditionFailure("the tower ends in \(last.name), which does not make features")
    }
    self.kind = kind
    map = BlockedExtents(shape.map)
    windows = kind.windowFeatures(of: shape.map, window: shape.window.plane)
  }
}

extension Network {
  /// Returns the network's form on images of these extents, no side shorter than the network's input.
  ///
  /// - Throws: An error if the maps would be too large to count.
  public func denseShape(_ extents: PlaneExtents) throws(ArchitectureError) -> DenseShape {
    let input = architecture.input
    precondition(
      extents.height >= input.height && extents.width >= input.width, "images of \(extents) for an input of \(input)")
    var other = architecture.architecture
    other.input = Extents(channels: input.channels, extents)
    let resolved = try other.resolved()
    return DenseShape(
      extents: extents, multiplyAdds: resolved.layers[resolved.towerLayers].reduce(0) { $0 + $1.multiplyAdds },
      architecture: resolved, map: resolved.layers[resolved.towerLayers.upperBound - 1].input,
      window: architecture.layers[architecture.towerLayers.upperBound - 1].input)
  }

  /// The multiply-adds of the head for one window.
  public var headMultiplyAdds: Int {
    architecture.layers[architecture.headLayers].reduce(0) { $0 + $1.multiplyAdds }
  }
}
