/// Mean and covariance of the red, green and blue of many pixels, and the covariance's principal components.
public struct ColorStatistics: Equatable, Sendable {
  /// The means, of values 0 ... 255.
  public let mean: [Double]
  /// The (3, 3) covariance of values scaled to 0 ... 1.
  public let covariance: [Double]
  /// The eigenvalues λ of the covariance, the largest first.
  public let eigenvalues: [Double]
  /// The (3, 3) matrix whose row j is the unit vector p_j that belongs to eigenvalue j. Its largest entry is positive.
  public let eigenvectors: [Double]

  /// Restores statistics that were stored.
  public init(mean: [Double], covariance: [Double], eigenvalues: [Double], eigenvectors: [Double]) {
    precondition(mean.count == 3 && covariance.count == 9 && eigenvalues.count == 3 && eigenvectors.count == 9)
    self.mean = mean
    self.covariance = covariance
    self.eigenvalues = eigenvalues
    self.eigenvectors = eigenvectors
  }

  /// Computes the statistics of `count` pixels from the sums of their values 0 ... 255 and of the values' products
  /// (red², red·green, red·blue, green², green·blue, blue²).
  public init(count: UInt64, sums: [UInt64], products: [UInt64]) {
    precondition(count > 0 && sums.count == 3 && products.count == 6, "the statistics of \(count) pixels")
    let number = Double(count)
    let mean = sums.map { Double($0) / number }
    var covariance = [Double](repeating: 0, count: 9)
    var next = 0
    for row in 0..<3 {
      for column in row..<3 {
        let value = (Double(products[next]) / number - mean[row] * mean[column]) / (255 * 255)
        covariance[3 * row + column] = value
        covariance[3 * column + row] = value
        next += 1
      }
    }
    let (values, vectors) = Self.eigen(covariance)
    self.init(mean: mean, covariance: covariance, eigenvalues: values, eigenvectors: vectors)
  }

  /// Returns the shift that is added to red, green and blue of 0 ... 255: 255 · [p1 p2 p3][α1λ1, α2λ2, α3λ3]ᵀ.
  ///
  /// The formula depends on the unit of pixels, which Krizhevsky et al. (2012) do not state. As in Torch and most later
  /// implementations, λ refers to values 0 ... 1: for ImageNet about 0.22, 0.019 and 0.0045.
  public func shift(_ alphas: SIMD3<Double>) -> SIMD3<Float> {
    var shift = SIMD3<Double>()
    for component in 0..<3 {
      let amount = 255 * alphas[component] * eigenvalues[component]
      for color in 0..<3 { shift[color] += amount * eigenvectors[3 * component + color] }
    }
    return SIMD3<Float>(Float(shift.x), Float(shift.y), Float(shift.z))
  }

  /// Applies Jacobi's rotations to a symmetric (3, 3) matrix. Returns the eigenvalues in descending order, and their
  /// vectors as rows.
  private static func eigen(_ matrix: [Double]) -> (values: [Double], vectors: [Double]) {
    var a = matrix
    var v: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    for _ in 0..<50 {
      let off = abs(a[1]) + abs(a[2]) + abs(a[5])
      if off == 0 { break }
      for (p, q) in [(0, 1), (0, 2), (1, 2)] where a[3 * p + q] != 0 {
        let theta = (a[4 * q] - a[4 * p]) / (2 * a[3 * p + q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<3 {
          let (kp, kq) = (a[3 * k + p], a[3 * k + q])
          a[3 * k + p] = c * kp - s * kq
          a[3 * k + q] = s * kp + c * kq
        }
        for k in 0..<3 {
          let (pk, qk) = (a[3 * p + k], a[3 * q + k])
          a[3 * p + k] = c * pk - s * qk
          a[3 * q + k] = s * pk + c * qk
        }
        for k in 0..<3 {
          let (kp, kq) = (v[3 * k + p], v[3 * k + q])
          v[3 * k + p] = c * kp - s * kq
          v[3 * k + q] = s * kp + c * kq
        }
      }
    }
    let order = [0, 1, 2].sorted { (a[4 * $0], -$0) > (a[4 * $1], -$1) }
    var vectors: [Double] = []
    for column in order {
      let vector = (0..<3).map { v[3 * $0 + column] }
      let largest = vector.max { abs($0) < abs($1) } ?? 0
      vectors += vector.map { largest < 0 ? -$0 : $0 }
    }
    // Only rounding makes an eigenvalue of a covariance negative.
    return (order.map { max(0, a[4 * $0]) }, vectors)
  }
}
