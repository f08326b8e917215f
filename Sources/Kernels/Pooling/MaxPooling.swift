import Glibc

/// Max pooling: the maximum of each size×size window of one image's blocked map, `stride` apart. Blocks are independent
/// of one another and may be computed at once.
///
/// f(y) of Eqn 1 is applied on the way in. Windows overlap if stride < size; rows and columns that no whole window
/// covers are left out. A NaN in a window is its maximum. `MaxPoolingReference` is the same by its definition.
public struct MaxPooling: Equatable, Sendable {
  public let input: BlockedExtents
  public let size: Int
  public let stride: Int

  public init(input: BlockedExtents, size: Int, stride: Int) {
    precondition(
      size >= 1 && stride >= 1 && input.height >= size && input.width >= size,
      "\(size)×\(size) windows, \(stride) apart, on a map of \(input.planar.plane)")
    self.input = input
    self.size = size
    self.stride = stride
  }

  public var output: BlockedExtents {
    BlockedExtents(
      channels: input.channels, height: (input.height - size) / stride + 1, width: (input.width - size) / stride + 1)
  }

  /// Writes the maxima of one block of one image.
  public func forward(_ source: PendingMap, block: Int, into target: UnsafeMutablePointer<Float>) {
    let extents = output
    let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
    let plane = source.values + block &* input.planeCount
    let to = target + block &* extents.planeCount
    for row in 0..<extents.height {
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

  /// Writes the gradient with respect to the activated input for one block of one image: each window's gradient goes to
  /// its first largest value, rows first. A window whose maximum is a NaN passes none on.
  ///
  /// - Parameter pooled: The maxima that `forward` wrote.
  public func backward(
    _ source: PendingMap, block: Int, output pooled: UnsafePointer<Float>, dOutput: UnsafePointer<Float>,
    dInput: UnsafeMutablePointer<Float>
  ) {
    memset(dInput + block &* input.planeCount, 0, input.planeCount * MemoryLayout<Float>.stride)
    let extents = output
    let values = source.values
    let a = source.slopes.map { load($0 + block &* blockWidth) } ?? Vector(repeating: 1)
    for row in 0..<extents.height {
      for column in 0..<extents.width {
        let pixel = block &* extents.planeCount &+ (row &* extents.width &+ column) &* blockWidth
        let corner = block &* input.planeCount &+ (row &* stride &* input.width &+ column &* stride) &* blockWidth
        let largest = load(pooled + pixel)
        var left = load(dOutput + pixel)
        var r = 0
        while r < size {
          var s = 0
          while s < size {
            let position = corner &+ (r &* input.width &+ s) &* blockWidth
            let here = activated(load(values + position), slope: a) .== largest
            let share = Vector.zero.replacing(with: left, where: here)
            store(load(dInput + position) + share, dInput + position)
            left.replace(with: 0, where: here)
            s &+= 1
          }
          r &+= 1
        }
      }
    }
  }
}
