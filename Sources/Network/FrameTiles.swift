/// A part of a large image, scored as an image of its own, and which of its windows are those of the whole image.
public struct FrameTile: Equatable, Sendable {
  /// Pixels of the whole image.
  public var rows: Range<Int>
  public var columns: Range<Int>
  /// In the tile's own last map.
  public var windows: WindowRange

  public var extents: FrameExtents { FrameExtents(height: rows.count, width: columns.count) }
}

extension Network {
  /// Cuts an image along its longer side into tiles whose windows together are the image's own, each once, so that memory
  /// does not grow with the image. One tile is enough for an image of up to `pixelLimit` pixels.
  ///
  /// Where an image is cut, convolutions pad with zeros what is more image in truth. Tiles therefore overlap, and windows
  /// that the cut has reached count in the neighbouring tile.
  public func tiles(of extents: FrameExtents, pixelLimit: Int) throws(ArchitectureError) -> [FrameTile] {
    let whole = try denseShape(extents)
    guard extents.height * extents.width > pixelLimit else {
      return [
        FrameTile(rows: 0..<extents.height, columns: 0..<extents.width, windows: whole.allWindows)
      ]
    }
    let isTall = extents.height > extents.width
    let (length, breadth) = isTall ? (extents.height, extents.width) : (extents.width, extents.height)
    let spans = architecture.layers[architecture.towerLayers.dropLast()].compactMap(\.description.span)
    let period = spans.reduce(1) { $0 * $1.stride }
    let window = isTall ? whole.window.height : whole.window.width
    let windowCount = isTall ? whole.windowRows : whole.windowColumns
    // Positions at the start of a tile's last map that a cut there reaches.
    let reached = spans.reduce(0) { reached, span in (reached + span.padding + span.stride - 1) / span.stride }

    var tiles: [FrameTile] = []
    var next = 0
    while next < windowCount {
      let skipped = next == 0 ? 0 : min(reached, next)
      let start = period * (next - skipped)
      var room = max(1, pixelLimit / breadth)
      var end = start
      var windows = 0
      while windows < 1 {
        end = min(length, start + room)
        let good = goodPositions(spans, length: end - start, isCut: end < length)
        windows = min(good - skipped - window + 1, windowCount - next)
        precondition(windows >= 1 || end < length, "no window of \(extents) in pixels \(start) to \(end)")
        room += room
      }
      let pixels = start..<end
      let places = skipped..<skipped + windows
      tiles.append(
        isTall
          ? FrameTile(
            rows: pixels, columns: 0..<breadth, windows: WindowRange(rows: places, columns: 0..<whole.windowColumns))
          : FrameTile(
            rows: 0..<breadth, columns: pixels, windows: WindowRange(rows: 0..<whole.windowRows, columns: places)))
      next += windows
    }
    return tiles
  }

  /// Positions from the start of the last map on that depend on nothing behind `length` pixels.
  private func goodPositions(_ spans: [LayerSpan], length: Int, isCut: Bool) -> Int {
    var (extent, good) = (length, length)
    for span in spans {
      guard extent + 2 * span.padding >= span.size else { return 0 }
      let output = (extent + 2 * span.padding - span.size) / span.stride + 1
      if isCut {
        let room = good + span.padding - span.size
        good = room < 0 ? 0 : min(output, room / span.stride + 1)
      } else {
        good = output
      }
      extent = output
    }
    return good
  }
}

/// How a layer's outputs lie over its inputs.
private struct LayerSpan {
  var size: Int
  var stride: Int
  var padding: Int
}

extension LayerDescription {
  fileprivate var span: LayerSpan? {
    switch self {
    case .convolution(let layer): LayerSpan(size: layer.kernel, stride: layer.stride, padding: layer.padding)
    case .maxPooling(let layer): LayerSpan(size: layer.size, stride: layer.stride, padding: 0)
    case .spatialPyramidPooling, .fullyConnected: nil
    }
  }
}
