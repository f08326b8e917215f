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

/// A network's tower on images of one size up to its last map, and the windows of that map.
public final class DenseForm: Sendable {
  public let extents: FrameExtents
  /// Multiply-adds of the convolutions for one image.
  public let multiplyAdds: Int
  let tower: Tower
  let pooling: WindowPooling

  fileprivate init(_ extents: FrameExtents, multiplyAdds: Int, tower: Tower, pooling: WindowPooling) {
    self.extents = extents
    self.multiplyAdds = multiplyAdds
    self.tower = tower
    self.pooling = pooling
  }

  /// How many windows lie below and beside each other.
  public var windowRows: Int { pooling.windowRows }
  public var windowColumns: Int { pooling.windowColumns }

  public var allWindows: WindowRange { WindowRange(rows: 0..<windowRows, columns: 0..<windowColumns) }
}

extension Network {
  /// The network on images of these extents, no side shorter than the network's input.
  ///
  /// - Throws: where the maps would be too large to count.
  public func form(_ extents: FrameExtents) throws(ArchitectureError) -> DenseForm {
    let input = architecture.input
    precondition(
      extents.height >= input.height && extents.width >= input.width, "images of \(extents) for an input of \(input)")
    var other = architecture.architecture
    other.input = MapShape(channels: input.channels, height: extents.height, width: extents.width)
    let resolved = try other.resolved()
    let last = architecture.layers[architecture.towerLayers.upperBound - 1]
    guard case .spatialPyramidPooling(let description) = last.description else {
      preconditionFailure("the tower of \(other.name) ends in \(last.name), which pools nothing into features")
    }
    let map = resolved.layers[resolved.towerLayers.upperBound - 1].input
    return DenseForm(
      extents,
      multiplyAdds: resolved.layers[resolved.towerLayers].reduce(0) { $0 + $1.multiplyAdds },
      tower: Tower(tower, upToLastMapOf: resolved),
      pooling: WindowPooling(
        map: BlockedExtents(channels: map.channels, height: map.height, width: map.width),
        windowHeight: last.input.height, windowWidth: last.input.width, levels: description.levels))
  }

  /// Multiply-adds of the head for one window.
  public var headMultiplyAdds: Int {
    architecture.layers[architecture.headLayers].reduce(0) { $0 + $1.multiplyAdds }
  }
}
