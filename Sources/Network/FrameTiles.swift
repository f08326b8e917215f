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
  /// Cuts an image into tiles whose windows together are the image's own, each once, so that memory does not grow with
  /// the image. One tile is enough for an image of up to `pixelLimit` pixels; larger ones are cut along their longer
  /// side or along both. A tile has more pixels than the limit only where a single window needs them.
  ///
  /// Where an image is cut, convolutions pad with zeros what is more image in truth. Tiles therefore overlap, and windows
  /// that the cut has reached count in the neighbouring tile.
  public func tiles(of extents: FrameExtents, pixelLimit: Int) throws(ArchitectureError) -> [FrameTile] {
    let (height, width) = (extents.height, extents.width)
    guard height * width > pixelLimit else {
      let whole = try denseShape(extents)
      return [FrameTile(rows: 0..<height, columns: 0..<width, windows: whole.allWindows)]
    }
    let input = architecture.input
    /// Tiles of about these extents.
    func grid(_ rowRoom: Int, _ columnRoom: Int) -> [FrameTile] {
      let columns = cut(width, window: input.width, room: columnRoom)
      return cut(height, window: input.height, room: rowRoom).flatMap { row in
        columns.map { column in
          FrameTile(
            rows: row.pixels, columns: column.pixels, windows: WindowRange(rows: row.windows, columns: column.windows))
        }
      }
    }
    // Strips overlap on two sides, squares on four, but strips of a wide image are short.
    let side = max(1, Int(Double(pixelLimit).squareRoot()))
    let strip = max(1, pixelLimit / min(height, width))
    let (strips, squares) = (height > width ? grid(strip, width) : grid(height, strip), grid(side, side))
    func cost(_ tiles: [FrameTile]) -> (largest: Int, total: Int) {
      tiles.reduce((pixelLimit, 0)) { cost, tile in
        let pixels = tile.extents.height * tile.extents.width
        return (max(cost.0, pixels), cost.1 + pixels)
      }
    }
    return cost(squares) < cost(strips) ? squares : strips
  }

  /// A part of a side, and which places of its own last map are those of the whole side's.
  private struct Cut {
    var pixels: Range<Int>
    var windows: Range<Int>
  }

  /// Cuts a side of `length` pixels into parts of about `room`.
  ///
  /// - Parameter window: the pixels of the network's own input on that side.
  private func cut(_ length: Int, window input: Int, room wanted: Int) -> [Cut] {
    let spans = architecture.layers[architecture.towerLayers.dropLast()].compactMap(\.description.span)
    let period = spans.reduce(1) { $0 * $1.stride }
    let window = goodPositions(spans, length: input, isCut: false)
    let count = goodPositions(spans, length: length, isCut: false) - window + 1
    guard wanted < length else { return [Cut(pixels: 0..<length, windows: 0..<count)] }
    // Positions at the start of a part's last map that a cut there reaches.
    let reached = spans.reduce(0) { reached, span in (reached + span.padding + span.stride - 1) / span.stride }
    var cuts: [Cut] = []
    var next = 0
    while next < count {
      let skipped = next == 0 ? 0 : min(reached, next)
      let start = period * (next - skipped)
      var room = wanted
      var end = start
      var windows = 0
      while windows < 1 {
        end = min(length, start + room)
        let good = goodPositions(spans, length: end - start, isCut: end < length)
        windows = min(good - skipped - window + 1, count - next)
        precondition(windows >= 1 || end < length, "no window of \(length) in pixels \(start) to \(end)")
        room += period
      }
      cuts.append(Cut(pixels: start..<end, windows: skipped..<skipped + windows))
      next += windows
    }
    return cuts
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
