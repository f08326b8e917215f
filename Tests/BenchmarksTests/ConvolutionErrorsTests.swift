import Benchmarks
import Kernels
import Network
import Testing

/// Tests of the errors that a network's convolutions make on its own weights and images.
@Suite struct ConvolutionErrorsTests {
  /// The values of a network, which need not be trained: of every sign, with learned slopes that differ.
  private func timings(_ method: ConvolutionMethod) throws -> [ConvolutionTimings] {
    let architecture = try ArchitectureCatalog.architecture(named: "fashion-6", width: 4).resolved()
    let network = Network(architecture, convolution: method)
    func value(_ place: Int, _ period: Int) -> Float { Float(place * 7919 % period) / Float(period / 2) - 1 }
    for parameter in architecture.parameters {
      for place in parameter.range { network.parameters.base[place] = value(place, 10_007) }
    }
    let images = (0..<3 * architecture.input.count).map { value($0, 1009) }
    var timings: [ConvolutionTimings] = []
    try ConvolutionBenchmark.run(TrainedOperands(network, images: images), layers: nil, runs: 1) { timings.append($0) }
    return timings
  }

  @Test func everyLayerOfEachMethodIsMeasured() throws {
    let (winograd, direct) = (try timings(.winograd), try timings(.direct))
    for timings in [winograd, direct] {
      #expect(timings.map(\.layer) == ["conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2"])
      #expect(timings.map(\.isFirst) == [true, false, false, false, false, false])
      for layer in timings {
        let errors = [layer.forward.relativeError, layer.weightGradient.relativeError].compactMap { $0 }
        #expect(errors.count == 2 && errors.allSatisfy { 0 < $0 && $0 < 1e-5 }, "\(layer.layer): \(errors)")
      }
    }
    for (winograd, direct) in zip(winograd, direct).dropFirst() {
      #expect(winograd.algorithm.hasPrefix("Winograd") && direct.algorithm == "direct")
      let (less, more) = (direct.forward.relativeError ?? 1, winograd.forward.relativeError ?? 0)
      #expect(less < more, "\(winograd.layer): direct \(less), Winograd \(more)")
    }
  }
}
