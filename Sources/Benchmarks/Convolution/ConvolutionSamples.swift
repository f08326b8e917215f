import Kernels
import Randomness

/// Single values of a convolution's results by `ConvolutionReference`, for shapes whose whole reference would take
/// minutes: the error of a kernel shows in some thousands of values as well as in all.
struct ConvolutionSamples {
  let shape: ConvolutionShape
  let images: Int
  let operands: ConvolutionOperands
  let inputIsPlanar: Bool
  /// The output, blocked, which gives f'(y)·∂E/∂f together with the gradient of the activated output.
  let output: UnsafePointer<Float>
  /// The precision of the operands.
  let precision: Precision

  private var reference: ConvolutionReference { ConvolutionReference(shape) }

  /// The place in memory of the input at `place` of an image's planar map.
  private func inputPlace(_ image: Int, _ place: Int) -> Int {
    inputIsPlanar
      ? image * shape.input.planar.count + place : image * shape.input.count + shape.input.place(ofPlanar: place)
  }

  private func outputPlace(_ image: Int, _ place: Int) -> Int {
    image * shape.output.count + shape.output.place(ofPlanar: place)
  }

  private func x(_ image: Int, _ place: Int) -> Double {
    Double(precision.operand(operands.input.base[inputPlace(image, place)]))
  }

  private func dY(_ image: Int, _ place: Int) -> Double {
    let slope = Double(operands.slopes.base[place / shape.output.planar.plane.count])
    let place = outputPlace(image, place)
    // The gradient before the activation is float32 in either precision.
    let gradient = ActivationReference.inputGradient(
      Double(operands.dOutput.base[place]), Double(output[place]), slope: slope)
    return precision == .float32 ? gradient : Double(precision.operand(Float(gradient)))
  }

  private func weight(_ place: Int) -> Double { Double(precision.operand(operands.weights.base[place])) }

  /// Returns ‖computed − reference‖ / ‖reference‖ over sampled values of the three results; nil for a `dInput` that was
  /// not computed.
  func relativeErrors(
    output computedOutput: UnsafePointer<Float>, dInput: UnsafePointer<Float>?, dWeights: UnsafePointer<Float>
  ) -> (forward: Double, inputGradient: Double?, weightGradient: Double) {
    var numbers = SplitMix64(seed: 1)
    func error(_ count: Int, _ sample: () -> (Float, Double)) -> Double {
      var (difference, norm) = (0.0, 0.0)
      for _ in 0..<count {
        let (value, reference) = sample()
        difference += (Double(value) - reference) * (Double(value) - reference)
        norm += reference * reference
      }
      return (difference / norm).squareRoot()
    }
    let (inputs, outputs) = (shape.input.planar, shape.output.planar)
    let forward = error(1000) {
      let (image, place) = (numbers.below(images), numbers.below(outputs.count))
      let value =
        Double(operands.bias.base[place / outputs.plane.count])
        + reference.output(
          place, input: { x(image, $0) }, weight: weight)
      return (computedOutput[outputPlace(image, place)], value)
    }
    let inputGradient = dInput.map { dInput in
      error(1000) {
        let (image, place) = (numbers.below(images), numbers.below(inputs.count))
        let value = reference.inputGradient(place, dOutput: { dY(image, $0) }, weight: weight)
        return (dInput[inputPlace(image, place)], value)
      }
    }
    let weightGradient = error(200) {
      let place = numbers.below(shape.weightCount)
      let value = (0..<images).reduce(0.0) { sum, image in
        sum + reference.weightGradient(place, input: { x(image, $0) }, dOutput: { dY(image, $0) })
      }
      return (dWeights[place], value)
    }
    return (forward, inputGradient, weightGradient)
  }
}
