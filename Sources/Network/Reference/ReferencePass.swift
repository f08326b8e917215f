import Kernels

/// The points without a derivative near which a forward pass came: a preactivation at 0, two maxima in a window.
public struct Kinks {
  /// The distance from the nearest of them.
  public private(set) var margin = Double.infinity
  /// The side of each of them that was taken.
  public private(set) var branches = Hasher()

  mutating func note(distance: Double, branch: some Hashable) {
    margin = min(margin, distance)
    branches.combine(branch)
  }
}

/// Everything besides its map that a layer's reference reads, and the kinks that it notes.
public struct ReferencePass {
  public let layer: ResolvedLayer
  /// The weight at a place of the layer's weights, which may be too many to copy.
  public let weight: (Int) -> Double
  public let biases: [Double]
  public let slopes: [Double]
  /// The iteration whose masks are used, with the layer's place in the network and the image's row in the mini-batch;
  /// nil for a pass without dropout.
  let dropout: (iteration: DropoutIteration, layer: Int, row: Int)?
  public internal(set) var kinks = Kinks()

  /// Returns f(y) of Eqn 1, by the layer's own activation.
  mutating func activated(_ y: [Double]) -> [Double] {
    let activation = layer.description.activation
    guard activation != .none else { return y }
    let pixels = layer.output.plane.count
    return y.enumerated().map { place, y in
      kinks.note(distance: abs(y), branch: y > 0)
      let slope = activation.fixedSlope ?? (activation == .preluShared ? slopes[0] : slopes[place / pixels])
      return ActivationReference.output(y, slope: slope)
    }
  }

  /// Returns the maxima's values.
  mutating func values(_ maxima: [ReferenceMaximum]) -> [Double] {
    maxima.map { maximum in
      // Units that ReLU has set to 0 may share a maximum: what comes down to any of them is multiplied by 0.
      if maximum.value != 0 || maximum.rival != 0 {
        kinks.note(distance: maximum.value - maximum.rival, branch: maximum.place)
      }
      return maximum.value
    }
  }

  /// Returns the units after dropout, with inverted scaling.
  func dropped(_ units: [Double], share: Float) -> [Double] {
    guard let dropout, share > 0 else { return units }
    let mask = dropout.iteration.mask(layer: dropout.layer, row: dropout.row, units: units.count, dropout: share)
    return zip(units, mask).map { $1 == 0 ? 0 : $0 / (1 - Double(share)) }
  }
}
