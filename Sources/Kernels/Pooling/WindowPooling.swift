import System

/// Spatial pyramid pooling of the windows of one image's blocked map, as dense testing needs it (paper, section 4 on
/// testing): each window's features are those of `PyramidPooling` on the window alone, bit by bit.
///
/// Neighboring windows share their bins: the maxima of all rectangles of a bin's extents are computed once for the
/// whole map, and a window only picks its own.
public struct WindowPooling: Equatable, Sendable {
  public let map: BlockedExtents
  public let window: PlaneExtents
  /// The bins of a window, level after level, row by row of the level's grid.
  private let levels: [[Bin]]
  /// The different extents of bins.
  private let extents: [PlaneExtents]

  private struct Bin: Equatable {
    /// The bin's corner in the window.
    var row: Int
    var column: Int
    /// The place of its extents in `extents`.
    var kind: Int
  }

  /// - Parameter levels: The levels as `PyramidPooling` takes them; without any the features are the window itself.
  public init(map: BlockedExtents, window: PlaneExtents, levels: [Int]) {
    precondition(
      (1...map.height).contains(window.height) && (1...map.width).contains(window.width),
      "windows of \(window) on a map of \(map.planar.plane)")
    self.map = map
    self.window = window
    let grids = levels.isEmpty ? [(window.height, window.width)] : levels.map { ($0, $0) }
    var extents: [PlaneExtents] = []
    self.levels = grids.map { rows, columns in
      PyramidPooling.split(window.height, rows).flatMap { row in
        PyramidPooling.split(window.width, columns).map { column in
          let own = PlaneExtents(height: row.count, width: column.count)
          let kind = extents.firstIndex(of: own) ?? extents.count
          if kind == extents.count { extents.append(own) }
          return Bin(row: row.lowerBound, column: column.lowerBound, kind: kind)
        }
      }
    }
    self.extents = extents
  }

  public var windowRows: Int { map.height - window.height + 1 }
  public var windowColumns: Int { map.width - window.width + 1 }
  /// The number of features of one window.
  public var featureCount: Int { map.channels * levels.reduce(0) { $0 + $1.count } }
  /// The number of floats that `maxima` writes: a map for each of the extents of bins, and one to work in.
  public var maximaCount: Int { (extents.count + 1) * map.count }

  /// Writes the maxima that `features` picks from. f(y) of Eqn 1 is applied on the way in; a NaN is its rectangle's
  /// maximum.
  public func maxima(_ source: PendingMap, into maxima: UnsafeMutablePointer<Float>) {
    let columns = maxima + extents.count * map.count
    let (height, width) = (map.height, map.width)
    for block in 0..<map.blocks {
      let plane = block &* map.planeCount
      let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
      for (kind, bin) in extents.enumerated() {
        let target = maxima + kind &* map.count + plane
        // First down the columns, then along the rows of these maxima.
        for row in 0...height - bin.height {
          for column in 0..<width {
            let first = source.values + plane + (row &* width &+ column) &* blockWidth
            var largest = activated(load(first), slope: a)
            var next = 1
            while next < bin.height {
              largest = maximum(largest, activated(load(first + next &* width &* blockWidth), slope: a))
              next &+= 1
            }
            store(largest, columns + column &* blockWidth)
          }
          for column in 0...width - bin.width {
            let first = columns + column &* blockWidth
            var largest = load(first)
            var next = 1
            while next < bin.width {
              largest = maximum(largest, load(first + next &* blockWidth))
              next &+= 1
            }
            store(largest, target + (row &* width &+ column) &* blockWidth)
          }
        }
      }
    }
  }

  /// Writes the features of the window whose corner is at (row, column) of the map, in the order of `PyramidPooling`.
  public func features(
    row: Int, column: Int, of maxima: UnsafePointer<Float>, into features: UnsafeMutablePointer<Float>
  ) {
    precondition(
      (0..<windowRows).contains(row) && (0..<windowColumns).contains(column),
      "window (\(row), \(column)) of \(windowRows)×\(windowColumns)")
    var start = 0
    for bins in levels {
      for block in 0..<map.blocks {
        let lanes = min(blockWidth, map.channels - block * blockWidth)
        let target = features + start + block * blockWidth * bins.count
        for (index, bin) in bins.enumerated() {
          let place = ((row &+ bin.row) &* map.width &+ column &+ bin.column) &* blockWidth
          let values = load(maxima + bin.kind &* map.count + block &* map.planeCount + place)
          var lane = 0
          while lane < lanes {
            target[lane &* bins.count &+ index] = values[lane]
            lane &+= 1
          }
        }
      }
      start += map.channels * bins.count
    }
  }

  @inline(__always)
  private func maximum(_ largest: Vector, _ value: Vector) -> Vector {
    largest.replacing(with: value, where: exceeds(value, largest))
  }
}
