import Foundation
import System
import Testing

/// Tests of the program's own functions against those of the C library, which are at most one unit in the last place
/// off, and of bits that no processor may change.
@Suite struct ElementaryFunctionTests {
  /// Numbers of all sizes between two bounds, the same in each run.
  private func numbers(_ range: ClosedRange<Double>) -> [Double] {
    (0...20_000).map { range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / 20_000 }
  }

  private func unitsApart(_ a: Double, _ b: Double) -> Double { a == b ? 0 : abs(a - b) / b.ulp }

  @Test func exponentials() {
    for x in numbers(-745...709.7) + numbers(-1...1) + numbers(-1e-9...1e-9) {
      #expect(unitsApart(ElementaryFunctions.exp(x), exp(x)) <= 2, "\(x)")
    }
    #expect(ElementaryFunctions.exp(0) == 1 && ElementaryFunctions.exp(-.infinity) == 0)
    #expect(ElementaryFunctions.exp(-746) == 0 && ElementaryFunctions.exp(710) == .infinity)
    #expect(ElementaryFunctions.exp(.infinity) == .infinity && ElementaryFunctions.exp(.nan).isNaN)
  }

  @Test func logarithms() {
    for x in numbers(1e-3...2) + numbers(2...1e6) + numbers(-700...700).map({ exp($0) }) {
      #expect(unitsApart(ElementaryFunctions.log(x), log(x)) <= 2, "\(x)")
    }
    #expect(ElementaryFunctions.log(1) == 0 && ElementaryFunctions.log(0) == -.infinity)
    #expect(ElementaryFunctions.log(.leastNonzeroMagnitude) == log(.leastNonzeroMagnitude))
    #expect(ElementaryFunctions.log(.infinity) == .infinity)
    #expect(ElementaryFunctions.log(-1).isNaN && ElementaryFunctions.log(.nan).isNaN)
  }

  @Test func circularFunctions() {
    for turn in numbers(0...1) {
      let (cosine, sine) = ElementaryFunctions.cosineAndSine(ofTurn: turn)
      // The C library is given an angle that was rounded.
      #expect(abs(cosine - cos(2 * .pi * turn)) < 2e-15 && abs(sine - sin(2 * .pi * turn)) < 2e-15, "\(turn)")
    }
    let quarters = [0, 0.25, 0.5, 0.75, 1].map { ElementaryFunctions.cosineAndSine(ofTurn: $0) }
    #expect(quarters.map(\.cosine) == [1, 0, -1, 0, 1] && quarters.map(\.sine) == [0, 1, 0, -1, 0])
  }

  @Test func powers() {
    for exponent in numbers(0.01...1) {
      #expect(unitsApart(ElementaryFunctions.power(1.0 / 128, exponent), pow(1.0 / 128, exponent)) <= 12, "\(exponent)")
    }
  }

  /// The values on one processor are those on every other one.
  @Test func bitsOfAllProcessors() {
    var hash: UInt64 = 0
    for x in numbers(0.001...40) {
      let (cosine, sine) = ElementaryFunctions.cosineAndSine(ofTurn: x / 40)
      for value in [ElementaryFunctions.exp(-x), ElementaryFunctions.log(x), cosine, sine] {
        hash = (hash ^ value.bitPattern) &* 0x100_0000_01b3
      }
    }
    #expect(hash == 0xa695_a6df_a726_0609)
  }
}
