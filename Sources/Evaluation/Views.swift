import Network
import System

/// A rectangle of an image as a network sees it.
struct Frame: Equatable, Sendable {
  /// The rows of the image in the frame; those outside the image are the padding's zeros.
  var rows: Range<Int>
  /// The columns of the image in the frame; those outside the image are the padding's zeros.
  var columns: Range<Int>
  var mirrored: Bool
  /// The rows of the part of the image that is read for this frame; several frames may share it.
  var sourceRows: Range<Int>
  /// The columns of that part.
  var sourceColumns: Range<Int>
}

/// Frames of one size that an image of given extents is scored by, with the windows that count in each.
struct FrameSet: Sendable {
  var extents: PlaneExtents
  /// The windows that count; nil means all of them.
  var windows: WindowRange?
  var frames: [Frame]
  /// The weight of a window's scores; over all windows of an image's frame sets the weights add up to 1.
  var weight: Double
  /// The number of multiply-adds.
  var cost: Double
}

extension EnsembleMember {
  /// Returns the frames that `test` shows this network of an image of these extents.
  ///
  /// - Parameter pixelLimit: the number of pixels of an image that are read or go through a tower at once; larger
  ///   images are cut.
  func frameSets(
    _ test: TestProtocol, image: PlaneExtents, pixelLimit: Int
  ) throws(ArchitectureError) -> [FrameSet] {
    switch test.views {
    case .center, .tenView: [crops(test, image, pixelLimit)]
    case .dense: try wholeImage(test, image, pixelLimit)
    }
  }

  private func crops(_ test: TestProtocol, _ image: PlaneExtents, _ pixelLimit: Int) -> FrameSet {
    let (down, across) = (
      image.height + 2 * padding - crop.height, image.width + 2 * padding - crop.width
    )
    let places =
      test.views == .center
      ? [(down / 2, across / 2)] : [(0, 0), (0, across), (down, 0), (down, across), (down / 2, across / 2)]
    var frames: [Frame] = []
    for (row, column) in places {
      let rows = row - padding..<row - padding + crop.height
      let columns = column - padding..<column - padding + crop.width
      for mirrored in test.mirror || test.views == .tenView ? [false, true] : [false] {
        // Ten views cover most of an image, which is therefore decoded once for all of them.
        let all = test.views == .tenView && image.height * image.width <= pixelLimit
        frames.append(
          Frame(
            rows: rows, columns: columns, mirrored: mirrored,
            sourceRows: all ? 0..<image.height : rows.clamped(to: 0..<image.height),
            sourceColumns: all ? 0..<image.width : columns.clamped(to: 0..<image.width)))
      }
    }
    let own = network.architecture.multiplyAdds
    return FrameSet(
      extents: crop, windows: nil, frames: frames, weight: 1 / Double(frames.count),
      cost: Double(own) * Double(frames.count))
  }

  private func wholeImage(
    _ test: TestProtocol, _ image: PlaneExtents, _ pixelLimit: Int
  ) throws(ArchitectureError) -> [FrameSet] {
    let padded = PlaneExtents(height: image.height + 2 * padding, width: image.width + 2 * padding)
    let tiles = try network.tiles(of: padded, pixelLimit: pixelLimit)
    let sides = test.mirror ? [false, true] : [false]
    let windows = tiles.reduce(0) { $0 + $1.windows.count }
    var sets: [FrameSet] = []
    for tile in tiles {
      let rows = tile.rows.lowerBound - padding..<tile.rows.upperBound - padding
      let frames = sides.map { mirrored in
        let first = mirrored ? padded.width - tile.columns.upperBound : tile.columns.lowerBound
        let columns = first - padding..<first - padding + tile.columns.count
        return Frame(
          rows: rows, columns: columns, mirrored: mirrored, sourceRows: rows.clamped(to: 0..<image.height),
          sourceColumns: columns.clamped(to: 0..<image.width))
      }
      let tower = try network.denseShape(tile.extents).multiplyAdds
      let cost = Double(tower) + Double(tile.windows.count) * Double(network.headMultiplyAdds)
      sets.append(
        FrameSet(
          extents: tile.extents, windows: tile.windows, frames: frames, weight: 1 / Double(sides.count * windows),
          cost: cost * Double(sides.count)))
    }
    return sets
  }
}
