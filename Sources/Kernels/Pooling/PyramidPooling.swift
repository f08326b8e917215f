import Glibc
import System

/// Spatial pyramid pooling of one image's blocked map into a plain feature vector.
///
/// Each level n is an n×n grid; bin i spans ⌊i·H/n⌋ … ⌈(i+1)·H/n⌉, so bins of maps smaller than the grid share pixels
/// and none is empty. Features are ordered by level, channel, bin row, bin column. Without levels the features are the
/// map itself, in the order channel, row, column. f(y) of Eqn 1 is applied on the way in. A NaN in a bin is its
/// maximum. `PyramidPoolingReference` is the same by its definition.
public struct PyramidPooling: Equatable, Sendable {
  public let input: BlockedExtents
  public let levels: [Int]
  private let bins: [Level]

  public init(input: BlockedExtents, levels: [Int]) {
    precondition(levels.allSatisfy { $0 >= 1 }, "pyramid levels \(levels)")
    precondition(input.height >= 1 && input.width >= 1, "a map of \(input.planar.plane) has no maximum")
    precondition(input.count <= Int(Int32.max), "a map of \(input.count) floats, more than \(Int32.max)")
    self.input = input
    self.levels = levels
    let grids = levels.isEmpty ? [(input.height, input.width)] : levels.map { ($0, $0) }
    bins = grids.map { Level(rows: Self.split(input.height, $0), columns: Self.split(input.width, $1)) }
  }

  /// The number of features of one image, channels · Σn².
  public var featureCount: Int {
    levels.isEmpty
      ? input.channels * input.height * input.width : input.channels * levels.reduce(0) { $0 + $1 * $1 }
  }

  /// Writes the features of one block of one image, and to `chosen` each feature's place in the blocked map, which
  /// `backward` needs. Blocks may be computed at once.
  public func forward(
    _ source: PendingMap, block: Int, features: UnsafeMutablePointer<Float>, chosen: UnsafeMutablePointer<Int32>
  ) {
    let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
    forEachRun(of: block) { level, start, lanes in
      let binCount = level.count
      for (i, rows) in level.rows.enumerated() {
        for (j, columns) in level.columns.enumerated() {
          let (largest, position) = maximum(source.values, block, rows, columns, a)
          let feature = start + i * level.columns.count + j
          for lane in 0..<lanes {
            features[feature + lane * binCount] = largest[lane]
            chosen[feature + lane * binCount] = position[lane]
          }
        }
      }
    }
  }

  /// Writes the gradient with respect to the activated input for one block of one image.
  public func backward(
    block: Int, dFeatures: UnsafePointer<Float>, chosen: UnsafePointer<Int32>, dInput: UnsafeMutablePointer<Float>
  ) {
    memset(dInput + block * input.planeCount, 0, input.planeCount * MemoryLayout<Float>.stride)
    forEachRun(of: block) { level, start, lanes in
      for feature in start..<start + lanes * level.count { dInput[Int(chosen[feature])] += dFeatures[feature] }
    }
  }

  /// Calls `body(level, first feature, channels)` for each level: a block's features of a level lie one behind the
  /// other, channel after channel.
  private func forEachRun(of block: Int, _ body: (_ level: Level, _ start: Int, _ lanes: Int) -> Void) {
    let lanes = min(blockWidth, input.channels - block * blockWidth)
    var start = 0
    for level in bins {
      body(level, start + block * blockWidth * level.count, lanes)
      start += input.channels * level.count
    }
  }

  /// The division of a team's pass over `images` images.
  public func plan(images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    plan.share(
      "blocks", pieces: images * input.blocks,
      cost: realProduct(images, input.count, max(1, levels.count)) * costOfMovedValue)
    plan.wait()
    return plan
  }

  private struct Level: Equatable {
    var rows: [Range<Int>]
    var columns: [Range<Int>]
    /// The number of bins.
    var count: Int { rows.count * columns.count }
  }

  /// The spans of `n` bins along a side of a map of `extent` pixels.
  static func split(_ extent: Int, _ n: Int) -> [Range<Int>] {
    (0..<n).map { $0 * extent / n..<(($0 + 1) * extent).dividedUp(by: n) }
  }

  /// The largest values of a bin for 16 channels, and their places: the first one of equals, rows first.
  @inline(__always)
  private func maximum(
    _ source: UnsafePointer<Float>, _ block: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ a: Vector
  ) -> (Vector, SIMD16<Int32>) {
    let lane = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    let plane = block &* input.planeCount
    func offset(_ row: Int, _ column: Int) -> Int { plane &+ (row &* input.width &+ column) &* blockWidth }
    let first = offset(rows.lowerBound, columns.lowerBound)
    var largest = activated(load(source + first), slope: a)
    var position = SIMD16<Int32>(repeating: Int32(first))
    for row in rows {
      for column in columns {
        let here = offset(row, column)
        let value = activated(load(source + here), slope: a)
        let larger = exceeds(value, largest)
        largest.replace(with: value, where: larger)
        position.replace(with: SIMD16<Int32>(repeating: Int32(here)), where: larger)
      }
    }
    return (largest, position &+ lane)
  }
}
