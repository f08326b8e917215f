import Kernels
import System
import Testing

/// Worked by hand: rows 1 2 3 / 4 5 6 / 7 8 9 under the filter 1 2 / 3 4.
@Test func referenceConvolutionByHand() {
  let image: [Double] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  let extents = Extents(channels: 1, height: 3, width: 3)
  let plain = ConvolutionReference(ConvolutionShape(extents, filters: 1, kernel: 2, stride: 1, padding: 0))
  #expect(plain.forward(input: image, weights: [1, 2, 3, 4], bias: [0.5]) == [37.5, 47.5, 67.5, 77.5])
  #expect(plain.inputGradient(dOutput: [1, 0, 0, 10], weights: [1, 2, 3, 4]) == [1, 2, 0, 3, 14, 20, 0, 30, 40])
  #expect(plain.weightGradient(input: image, dOutput: [1, 0, 0, 10]) == [51, 62, 84, 95])

  let padded = ConvolutionReference(ConvolutionShape(extents, filters: 1, kernel: 2, stride: 2, padding: 1))
  #expect(padded.forward(input: image, weights: [1, 2, 3, 4], bias: [0]) == [4, 18, 36, 77])
}

/// ⟨conv(x), g⟩ = ⟨x, conv′(g)⟩ = ⟨w, weight gradient⟩: the convolution is linear in the input and in the weights.
@Test(arguments: ConvolutionCase.table.prefix(60))
func referenceGradientsAreTransposes(shape: ConvolutionCase) {
  let trial = ConvolutionTrial(shape)
  let reference = shape.reference
  let (x, w, g) = (trial.input.map(Double.init), trial.weights.map(Double.init), trial.dOutput.map(Double.init))
  func dot(_ a: [Double], _ b: [Double]) -> Double {
    #expect(a.count == b.count)
    return zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
  let bias = [Double](repeating: 0, count: shape.filters)
  let outer = dot(reference.forward(input: x, weights: w, bias: bias), g)
  let scale = dot(reference.forward(input: x.map(abs), weights: w.map(abs), bias: bias), g.map(abs))
  // Sums in Double of the same products in three orders; the scale is 0 where every product falls on padding.
  #expect(abs(dot(x, reference.inputGradient(dOutput: g, weights: w)) - outer) <= 1e-13 * scale)
  #expect(abs(dot(w, reference.weightGradient(input: x, dOutput: g)) - outer) <= 1e-13 * scale)
}
