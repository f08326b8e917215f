/// The number of some values, their sum and the sum of their squares: enough for mean and standard deviation. The
/// moments of two parts add up to those of the whole.
public struct Moments: BitwiseCopyable, Equatable, Sendable {
  public var count = 0
  public var sum = 0.0
  public var squares = 0.0

  public init() {}

  public mutating func add(_ value: Double) {
    count += 1
    sum += value
    squares += value * value
  }

  public static func += (left: inout Moments, right: Moments) {
    left.count += right.count
    left.sum += right.sum
    left.squares += right.squares
  }

  /// The standard deviation of the values as a whole population; 0 if there are none.
  public var standardDeviation: Double {
    guard count > 0 else { return 0 }
    let mean = sum / Double(count)
    // Rounding may leave a little less than 0.
    let variance = squares / Double(count) - mean * mean
    return variance > 0 || variance.isNaN ? variance.squareRoot() : 0
  }
}

/// Adds up the moments of a layer's responses y and of their gradient ∂E/∂y: the gradient of the activated responses,
/// ∂E/∂f, as it is where y > 0, and a times it elsewhere (Eqn 1).
///
/// Both are one image's blocked map; only the real channels of the last block count.
public func addResponseMoments(
  _ response: PendingMap, gradient: UnsafePointer<Float>, _ extents: BlockedExtents,
  to moments: (response: UnsafeMutablePointer<Moments>, gradient: UnsafeMutablePointer<Moments>)
) {
  let pixels = extents.height * extents.width
  for channel in 0..<extents.channels {
    let (block, lane) = (channel / blockWidth, channel % blockWidth)
    let slope = response.slopes.map { $0[channel] } ?? 1
    for pixel in 0..<pixels {
      let place = (block &* pixels &+ pixel) &* blockWidth &+ lane
      let y = response.values[place]
      moments.response.pointee.add(Double(y))
      moments.gradient.pointee.add(Double(y > 0 ? gradient[place] : slope * gradient[place]))
    }
  }
}

/// Adds up the moments of plain values, such as a fully connected layer's rows.
public func addMoments(_ values: UnsafePointer<Float>, count: Int, to moments: UnsafeMutablePointer<Moments>) {
  for index in 0..<count { moments.pointee.add(Double(values[index])) }
}

/// The norms of one update of a tensor and of its parts, as sums of squares in Double.
public struct UpdateNorms: Equatable, Sendable {
  /// The sum for the weights before the update.
  public var weights = 0.0
  /// The sum for the update itself, momentum included.
  public var update = 0.0
  /// The sum for the gradient.
  public var gradient = 0.0
  /// The sum for λw, which weight decay adds to the gradient.
  public var decay = 0.0

  public init() {}

  /// The norm of the update over that of the weights.
  public var updateRatio: Double { weights > 0 ? (update / weights).squareRoot() : 0 }

  /// The share of the norms of decay and gradient that is decay's: 1 if only weight decay moves the layer.
  public var decayShare: Double {
    let (decay, gradient) = (decay.squareRoot(), gradient.squareRoot())
    return decay + gradient > 0 ? decay / (decay + gradient) : 0
  }

  /// Adds an update that has just been made, v := μv − ε(g + λw), w := w + v.
  public mutating func add(
    weights: UnsafePointer<Float>, momentum: UnsafePointer<Float>, gradient: UnsafePointer<Float>, count: Int,
    weightDecay: Float
  ) {
    for index in 0..<count {
      let update = Double(momentum[index])
      let before = Double(weights[index]) - update
      let decay = Double(weightDecay) * before
      self.weights += before * before
      self.update += update * update
      self.gradient += Double(gradient[index]) * Double(gradient[index])
      self.decay += decay * decay
    }
  }
}
