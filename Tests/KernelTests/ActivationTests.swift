import Kernels
import Randomness
import System
import Testing

/// Pre-activations with every kind of number: both signs, both zeros.
private func preactivations(_ numbers: inout SplitMix64, _ count: Int) -> [Float] {
  numbers.floats(count).enumerated().map { index, value in
    switch index % 11 {
    case 3: 0
    case 7: -0.0
    default: value
    }
  }
}

@Test(arguments: [1, 3, 15, 16, 17, 33, 48], [1, 2, 3, 8, 49, 841])
func activationGradientIsItsDefinition(channels: Int, pixels: Int) {
  let seed = channels * 1000 + pixels
  var numbers = SplitMix64(seed)
  let extents = BlockedExtents(channels: channels, height: 1, width: pixels)
  let y = preactivations(&numbers, channels * pixels)
  let dF = numbers.floats(channels * pixels)
  let slopes = numbers.slopes(channels)

  let gradient = GuardedBuffer(blocked(dF, channels: channels, height: 1, width: pixels))
  let a = GuardedBuffer(filled(slopes))
  let dBias = GuardedBuffer(a.count)
  let dSlopes = GuardedBuffer(a.count)
  let preactivation = GuardedBuffer(blocked(y, channels: channels, height: 1, width: pixels))
  activationGradient(
    gradient: gradient.base, PendingMap(values: preactivation.base, slopes: a.base), extents, dBias: dBias.base,
    dSlopes: dSlopes.base)

  var dY: [Double] = []
  let zeros = [Double](repeating: 0, count: channels)
  var bias = (sum: zeros, magnitude: zeros)
  var slope = bias
  for index in y.indices {
    let channel = index / pixels
    let given = Double(dF[index])
    dY.append(ActivationReference.inputGradient(given, Double(y[index]), slope: Double(slopes[channel])))
    bias.sum[channel] += dY[index]
    bias.magnitude[channel] += abs(dY[index])
    let product = ActivationReference.slopeGradient(given, Double(y[index]))
    slope.sum[channel] += product
    slope.magnitude[channel] += abs(product)
  }
  // One product in Float: its rounded exact value.
  let expected = dY.map { Float($0) }
  #expect(gradient.values == blocked(expected, channels: channels, height: 1, width: pixels), "seed \(seed)")
  #expect(scaledError(Array(dBias.values[..<channels]), bias.sum, bias.magnitude) < roundingBound, "seed \(seed)")
  #expect(scaledError(Array(dSlopes.values[..<channels]), slope.sum, slope.magnitude) < roundingBound, "seed \(seed)")
  #expect(dBias.values[channels...].allSatisfy { $0 == 0 } && dSlopes.values[channels...].allSatisfy { $0 == 0 })
  #expect(gradient.isIntactAround && dBias.isIntactAround && dSlopes.isIntactAround)
}

@Test(arguments: [0, 1, 2, 16, 128], [1, 3, 10, 16, 17, 100])
func rowsOfUnitsAreActivatedByDefinition(rows: Int, units: Int) {
  let seed = rows * 1000 + units
  var numbers = SplitMix64(seed)
  let y = preactivations(&numbers, rows * units)
  let dF = numbers.floats(rows * units)
  let slopes = numbers.slopes(units)

  let output = GuardedBuffer(rows * units)
  let a = GuardedBuffer(slopes)
  let input = GuardedBuffer(y)
  let activation = RowActivation(rows: rows, units: units)
  activation.forward(input.base, slopes: a.base, into: output.base)
  let gradient = GuardedBuffer(dF)
  let dBias = GuardedBuffer(units)
  let dSlopes = GuardedBuffer(units)
  activation.backward(
    gradient: gradient.base, input.base, slopes: a.base, dBias: dBias.base, dSlopes: dSlopes.base)

  var (f, dY): ([Float], [Float]) = ([], [])
  var bias = [(sum: Double, magnitude: Double)](repeating: (0, 0), count: units)
  var slope = bias
  for index in y.indices {
    let unit = index % units
    let (value, given, a) = (Double(y[index]), Double(dF[index]), Double(slopes[unit]))
    f.append(Float(ActivationReference.output(value, slope: a)))
    let passed = ActivationReference.inputGradient(given, value, slope: a)
    dY.append(Float(passed))
    bias[unit].sum += passed
    bias[unit].magnitude += abs(passed)
    let product = ActivationReference.slopeGradient(given, value)
    slope[unit].sum += product
    slope[unit].magnitude += abs(product)
  }
  #expect(output.values == f && gradient.values == dY, "seed \(seed)")
  #expect(scaledError(dBias.values, bias.map(\.sum), bias.map(\.magnitude)) < roundingBound, "seed \(seed)")
  #expect(scaledError(dSlopes.values, slope.map(\.sum), slope.map(\.magnitude)) < roundingBound, "seed \(seed)")
  #expect(output.isIntactAround && gradient.isIntactAround && dBias.isIntactAround && dSlopes.isIntactAround)
}

@Test func activationMayBeInPlace() {
  let values = GuardedBuffer([-2, 0, 3, -0.5])
  RowActivation(rows: 2, units: 2).forward(values.base, slopes: [0.5, 2], into: values.base)
  #expect(values.values == [-1, 0, 3, -1])
}

@Test func slopeOneIsIdentityAndSlopeZeroIsReLU() {
  var numbers = SplitMix64(4)
  let y = preactivations(&numbers, 64)
  func activated(slope: Float) -> [Float] {
    let output = GuardedBuffer(64)
    RowActivation(rows: 64, units: 1).forward(y, slopes: [slope], into: output.base)
    return output.values
  }
  #expect(activated(slope: 1) == y)
  #expect(activated(slope: 0) == y.map { max($0, 0) })
}

@Test func aNaNPassesThroughTheActivation() {
  let y = GuardedBuffer([Float](repeating: .nan, count: 16))
  let a = GuardedBuffer([Float](repeating: 0, count: 16))
  let rows = GuardedBuffer([Float](repeating: 1, count: 16))
  RowActivation(rows: 1, units: 16).forward(y.base, slopes: a.base, into: rows.base)
  #expect(rows.values.allSatisfy { $0.isNaN })

  let padded = GuardedBuffer([Float](repeating: 1, count: 16))
  padActivated(
    PendingMap(values: y.base, slopes: a.base), BlockedExtents(channels: 16, height: 1, width: 1), padding: 0,
    into: padded.base, PlaneExtents(height: 1, width: 1))
  #expect(padded.values.allSatisfy { $0.isNaN })
}

@Test func aNaNInTheGradientReachesEverySum() {
  let gradient = GuardedBuffer([Float](repeating: .nan, count: 16))
  let (dBias, dSlopes) = (GuardedBuffer(filled([0])), GuardedBuffer(filled([0])))
  let y = GuardedBuffer([Float](repeating: -1, count: 16))
  let a = GuardedBuffer([Float](repeating: 0.25, count: 16))
  activationGradient(
    gradient: gradient.base, PendingMap(values: y.base, slopes: a.base),
    BlockedExtents(channels: 16, height: 1, width: 1), dBias: dBias.base, dSlopes: dSlopes.base)
  #expect((gradient.values + dBias.values + dSlopes.values).allSatisfy { $0.isNaN })
}
