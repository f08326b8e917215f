import Glibc

/// Max pooling: the maximum of each size×size window of one image's blocked map, `stride` apart. Bands of
/// rows of all blocks and images may be computed at once.
///
/// f(y) of Eqn 1 is applied on the way in. A NaN in a window is its maximum. `MaxPoolingReference` is the same by its
/// definition.
public struct MaxPooling: WindowedPooling {
  public let windows: PoolingWindows

  public init(_ windows: PoolingWindows) { self.windows = windows }

  /// The number of bands of rows that each block of an image is cut into, so that a team has enough pieces.
  func bands(images: Int, members: Int) -> Int {
    evenParts(ofEach: images * input.blocks, units: output.height, members: members)
  }

  /// Writes the maxima of one band of rows of one block of one image.
  public func forward(
    _ source: PendingMap, block: Int, rows: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    let extents = output
    let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
    let plane = source.values + block &* input.planeCount
    let to = target + block &* extents.planeCount
    for row in rows {
      for column in 0..<extents.width {
        let corner = plane + (row &* stride &* input.width &+ column &* stride) &* blockWidth
        var largest = activated(load(corner), slope: a)
        var r = 0
        while r < size {
          var s = 0
          while s < size {
            let value = activated(load(corner + (r &* input.width &+ s) &* blockWidth), slope: a)
            largest.replace(with: value, where: exceeds(value, largest))
            s &+= 1
          }
          r &+= 1
        }
        store(largest, to + (row &* extents.width &+ column) &* blockWidth)
      }
    }
  }

  /// Writes the gradient with respect to the activated input for one band of rows of one block of one image: each
  /// window's gradient goes to its first largest value, rows first. A window whose maximum is a NaN passes none on.
  ///
  /// - Parameters:
  ///   - rows: the rows of the input.
  ///   - pooled: the maxima that `forward` wrote.
  public func backward(
    _ source: PendingMap, block: Int, rows: Range<Int>, output pooled: UnsafePointer<Float>,
    dOutput: UnsafePointer<Float>, dInput: UnsafeMutablePointer<Float>
  ) {
    let rowFloats = input.width &* blockWidth
    let start = block &* input.planeCount
    memset(
      dInput + (start + rows.lowerBound * rowFloats), 0, rows.count * rowFloats * MemoryLayout<Float>.stride)
    let extents = output
    let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
    // The windows that reach into the band.
    let first = max(0, rows.lowerBound - size + stride) / stride
    let end = min(extents.height, (rows.upperBound - 1) / stride + 1)
    for row in first..<max(first, end) {
      for column in 0..<extents.width {
        let pixel = block &* extents.planeCount &+ (row &* extents.width &+ column) &* blockWidth
        let corner = start &+ row &* stride &* rowFloats &+ column &* stride &* blockWidth
        let largest = load(pooled + pixel)
        var left = load(dOutput + pixel)
        var r = 0
        while r < size {
          let isInBand = rows.contains(row &* stride &+ r)
          var s = 0
          while s < size {
            let position = corner &+ r &* rowFloats &+ s &* blockWidth
            let here = activated(load(source.values + position), slope: a) .== largest
            if isInBand {
              let share = Vector.zero.replacing(with: left, where: here)
              store(load(dInput + position) + share, dInput + position)
            }
            left.replace(with: 0, where: here)
            s &+= 1
          }
          r &+= 1
        }
      }
    }
  }

  /// Computes a team's forward pass over `images` images.
  public func forward(
    _ source: PendingMap, images: Int, into target: UnsafeMutablePointer<Float>, team: TeamMember
  ) {
    forEachBand(of: output.height, images: images, team) { image, block, rows in
      forward(
        source.advanced(by: image * input.count), block: block, rows: rows, into: target + image * output.count)
    }
  }

  /// Computes a team's backward pass over `images` images.
  public func backward(
    _ source: PendingMap, images: Int, output pooled: UnsafePointer<Float>, dOutput: UnsafePointer<Float>,
    dInput: UnsafeMutablePointer<Float>, team: TeamMember
  ) {
    forEachBand(of: input.height, images: images, team) { image, block, rows in
      backward(
        source.advanced(by: image * input.count), block: block, rows: rows, output: pooled + image * output.count,
        dOutput: dOutput + image * output.count, dInput: dInput + image * input.count)
    }
  }

  private func forEachBand(
    of height: Int, images: Int, _ team: TeamMember, _ body: (_ image: Int, _ block: Int, _ rows: Range<Int>) -> Void
  ) {
    let bands = bands(images: images, members: team.count)
    team.share(images * input.blocks * bands, as: "bands of rows") { piece in
      let (plane, band) = piece.quotientAndRemainder(dividingBy: bands)
      body(plane / input.blocks, plane % input.blocks, (0..<height).part(band, of: bands))
    }
  }

  /// The division of a team's pass over `images` images.
  public func plan(images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    let bands = bands(images: images, members: members)
    plan.share(
      "bands of rows", pieces: images * input.blocks * bands,
      cost: costOfWindows(images: images),
      unevenness: unevenness(units: output.height, parts: bands))
    plan.wait()
    return plan
  }
}
