import Glibc

/// Average pooling: the mean of each size×size window of one image's blocked map, `stride` apart.
///
/// f(y) of Eqn 1 is applied on the way in. A NaN in a window is its mean. `AveragePoolingReference` is the same by its
/// definition.
public struct AveragePooling: WindowedPooling {
  public let windows: PoolingWindows

  public init(_ windows: PoolingWindows) { self.windows = windows }

  /// The number of pixels of a window, in every lane.
  private var pixels: Vector { Vector(repeating: Float(size * size)) }

  /// Writes the means of one block of one image.
  ///
  /// A window's rows are added up one by one and then together, so that rounding grows with the window's side and not
  /// with its area: windows may be whole maps.
  public func forward(_ source: PendingMap, block: Int, into target: UnsafeMutablePointer<Float>) {
    let extents = output
    let pixels = pixels
    let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
    let plane = source.values + block &* input.planeCount
    let to = target + block &* extents.planeCount
    for row in 0..<extents.height {
      for column in 0..<extents.width {
        let corner = plane + (row &* stride &* input.width &+ column &* stride) &* blockWidth
        var sum = Vector.zero
        var r = 0
        while r < size {
          var rowSum = Vector.zero
          var s = 0
          while s < size {
            rowSum += activated(load(corner + (r &* input.width &+ s) &* blockWidth), slope: a)
            s &+= 1
          }
          sum += rowSum
          r &+= 1
        }
        store(sum / pixels, to + (row &* extents.width &+ column) &* blockWidth)
      }
    }
  }

  /// Writes the gradient with respect to the activated input for one block of one image. It depends on no value of the
  /// input: each window's gradient goes to its pixels in equal parts.
  public func backward(block: Int, dOutput: UnsafePointer<Float>, dInput: UnsafeMutablePointer<Float>) {
    let extents = output
    let pixels = pixels
    let from = dOutput + block &* extents.planeCount
    let plane = dInput + block &* input.planeCount
    memset(plane, 0, input.planeCount * MemoryLayout<Float>.stride)
    for row in 0..<extents.height {
      for column in 0..<extents.width {
        let share = load(from + (row &* extents.width &+ column) &* blockWidth) / pixels
        let corner = plane + (row &* stride &* input.width &+ column &* stride) &* blockWidth
        var r = 0
        while r < size {
          var s = 0
          while s < size {
            let pixel = corner + (r &* input.width &+ s) &* blockWidth
            store(load(pixel) + share, pixel)
            s &+= 1
          }
          r &+= 1
        }
      }
    }
  }

  /// The division of a team's pass over `images` images into their blocks.
  public func plan(images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    plan.share(
      "blocks", pieces: images * input.blocks, cost: costOfWindows(images: images))
    plan.wait()
    return plan
  }
}
