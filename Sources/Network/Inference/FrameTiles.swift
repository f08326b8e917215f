import System

/// A part of a large image that is scored as an image of its own, and those of its windows that are the whole image's.
public struct FrameTile: Equatable, Sendable {
  /// The rows of the whole image.
  public var rows: Range<Int>
  /// The columns of the whole image.
  public var columns: Range<Int>
  /// The windows by their places in the tile's own last map.
  public var windows: WindowRange

  public var extents: PlaneExtents { PlaneExtents(height: rows.count, width: columns.count) }
}

extension Network {
  /// Cuts an image into tiles whose windows together are the image's own, each once, so that memory does not grow with
  /// the image. One tile is enough for an image of up to `pixelLimit` pixels; larger ones are cut along their longer
  /// side or along both. A tile has more pixels than the limit only if a single window needs them.
  ///
  /// At a cut, convolutions pad with zeros although the image goes on there. Tiles therefore overlap, and windows that
  /// depend on a cut are taken from the neighboring tile.
  public func tiles(of extents: PlaneExtents, pixelLimit: Int) throws(ArchitectureError) -> [FrameTile] {
    let (height, width) = (extents.height, extents.width)
    guard height * width > pixelLimit else {
      let whole = try denseShape(extents)
      return [FrameTile(rows: 0..<height, columns: 0..<width, windows: whole.allWindows)]
    }
    let input = architecture.input
    /// Returns tiles of about these extents.
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
        (max(cost.0, tile.extents.count), cost.1 + tile.extents.count)
      }
    }
    return cost(squares) < cost(strips) ? squares : strips
  }

  /// A part of a side, and those places of its own last map that are the whole side's.
  private struct Cut {
    var pixels: Range<Int>
    var windows: Range<Int>
  }

  /// Cuts a side of `length` pixels into parts of about `room`.
  ///
  /// - Parameter window: The pixels of the network's own input on that side.
  private func cut(_ length: Int, window input: Int, room wanted: Int) -> [Cut] {
    let windows = architecture.layers[architecture.towerLayers.dropLast()].compactMap(\.description.settings.window)
    let period = windows.reduce(1) { $0 * $1.stride }
    let own = goodPositions(windows, length: input, isCut: false)
    let count = goodPositions(windows, length: length, isCut: false) - own + 1
    guard wanted < length else { return [Cut(pixels: 0..<length, windows: 0..<count)] }
    // The positions at the start of a part's last map that depend on a cut there.
    let reached = windows.reduce(0) { reached, window in (reached + window.padding).dividedUp(by: window.stride)
    }
    var cuts: [Cut] = []
    var next = 0
    while next < count {
      let skipped = next == 0 ? 0 : min(reached, next)
      let start = period * (next - skipped)
      var room = wanted
      var end = start
      var found = 0
      while found < 1 {
        end = min(length, start + room)
        let good = goodPositions(windows, length: end - start, isCut: end < length)
        found = min(good - skipped - own + 1, count - next)
        precondition(found >= 1 || end < length, "no window of \(length) in pixels \(start) to \(end)")
        room += period
      }
      cuts.append(Cut(pixels: start..<end, windows: skipped..<skipped + found))
      next += found
    }
    return cuts
  }

  /// The number of positions from the start of the last map on that do not depend on anything behind `length` pixels.
  private func goodPositions(_ windows: [LayerWindow], length: Int, isCut: Bool) -> Int {
    var (extent, good) = (length, length)
    for window in windows {
      let output = window.positions(extent)
      guard output > 0 else { return 0 }
      if isCut {
        let room = good + window.padding - window.size
        good = room < 0 ? 0 : min(output, room / window.stride + 1)
      } else {
        good = output
      }
      extent = output
    }
    return good
  }
}
