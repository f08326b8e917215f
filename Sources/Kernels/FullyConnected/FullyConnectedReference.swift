/// The products of a fully connected layer straight from their definition, summed in Double: `FullyConnectedProducts`
/// is held against it.
///
/// Layouts: weights (outputs, inputs), x (rows, inputs), y (rows, outputs).
public struct FullyConnectedReference: Sendable {
  public let inputs: Int
  public let outputs: Int

  public init(inputs: Int, outputs: Int) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Returns output `unit` of one row, without the bias: Σ w[unit, i] · x[i].
  public func output(_ unit: Int, input: (Int) -> Double, weight: (Int) -> Double) -> Double {
    var sum = 0.0
    for i in 0..<inputs { sum += weight(unit * inputs + i) * input(i) }
    return sum
  }

  /// Returns Y = X·Wᵀ + b.
  public func forward(input x: [Double], weights: [Double], bias: [Double]) -> [Double] {
    (0..<x.count / inputs * outputs).map { place in
      let (row, unit) = place.quotientAndRemainder(dividingBy: outputs)
      return bias[unit] + output(unit, input: { x[row * inputs + $0] }, weight: { weights[$0] })
    }
  }

  /// Returns dX = dY·W.
  public func inputGradient(dOutput dY: [Double], weights: [Double]) -> [Double] {
    (0..<dY.count / outputs * inputs).map { place in
      let (row, input) = place.quotientAndRemainder(dividingBy: inputs)
      return (0..<outputs).reduce(0) { $0 + dY[row * outputs + $1] * weights[$1 * inputs + input] }
    }
  }

  /// Returns dW = dYᵀ·X.
  public func weightGradient(input x: [Double], dOutput dY: [Double]) -> [Double] {
    (0..<outputs * inputs).map { place in
      let (unit, input) = place.quotientAndRemainder(dividingBy: inputs)
      return (0..<x.count / inputs).reduce(0) { $0 + dY[$1 * outputs + unit] * x[$1 * inputs + input] }
    }
  }
}
