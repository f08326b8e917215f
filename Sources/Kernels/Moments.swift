/// The number of some values, their sum and the sum of their squares: enough for mean and standard deviation, and two of
/// them add up to those of all their values.
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

  /// Of the values as a whole population; 0 where there are none.
  public var standardDeviation: Double {
    guard count > 0 else { return 0 }
    let mean = sum / Double(count)
    // Rounding may leave a little less than nothing.
    let variance = squares / Double(count) - mean * mean
    return variance > 0 || variance.isNaN ? variance.squareRoot() : 0
  }
}

/// The moments of a layer's responses y and of their gradient ∂E/∂y, from that of the activated ones, ∂E/∂f: as it is
/// where y > 0, times a elsewhere (Eqn 1).
///
/// Both are one image's blocked map, [blocks][pixels][16]; of the last block only the real channels count. `slopes` has
/// 16 floats a block; nil where no activation follows.
public func addResponseMoments(
  _ response: UnsafePointer<Float>, gradient: UnsafePointer<Float>, slopes: UnsafePointer<Float>?, channels: Int,
  pixels: Int, to moments: (response: UnsafeMutablePointer<Moments>, gradient: UnsafeMutablePointer<Moments>)
) {
  for channel in 0..<channels {
    let (block, lane) = (channel / blockWidth, channel % blockWidth)
    let slope = slopes.map { $0[channel] } ?? 1
    for pixel in 0..<pixels {
      let place = (block &* pixels &+ pixel) &* blockWidth &+ lane
      let y = response[place]
      moments.response.pointee.add(Double(y))
      moments.gradient.pointee.add(Double(y > 0 ? gradient[place] : slope * gradient[place]))
    }
  }
}

/// The moments of plain values, such as a fully connected layer's rows.
public func addMoments(_ values: UnsafePointer<Float>, count: Int, to moments: UnsafeMutablePointer<Moments>) {
  for index in 0..<count { moments.pointee.add(Double(values[index])) }
}

/// What one update of a tensor consisted of, as sums of squares in Double.
public struct UpdateNorms: Equatable, Sendable {
  /// Of the weights before the update.
  public var weights = 0.0
  /// Of the update itself, momentum included.
  public var update = 0.0
  /// Of the gradient, and of what weight decay adds to it, λw.
  public var gradient = 0.0
  public var decay = 0.0

  public init() {}

  /// The norm of the update over that of the weights.
  public var updateRatio: Double { weights > 0 ? (update / weights).squareRoot() : 0 }

  /// The share of the norms of decay and gradient that is decay's: 1 where weight decay alone moves the layer.
  public var decayShare: Double {
    let (decay, gradient) = (decay.squareRoot(), gradient.squareRoot())
    return decay + gradient > 0 ? decay / (decay + gradient) : 0
  }
}

/// The norms of an update that has just been made, v := μv − ε(g + λw), w := w + v.
public func addUpdateNorms(
  weights: UnsafePointer<Float>, momentum: UnsafePointer<Float>, gradient: UnsafePointer<Float>, count: Int,
  weightDecay: Float, to norms: inout UpdateNorms
) {
  for index in 0..<count {
    let update = Double(momentum[index])
    let before = Double(weights[index]) - update
    let decay = Double(weightDecay) * before
    norms.weights += before * before
    norms.update += update * update
    norms.gradient += Double(gradient[index]) * Double(gradient[index])
    norms.decay += decay * decay
  }
}
