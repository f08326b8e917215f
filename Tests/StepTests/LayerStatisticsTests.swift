import Kernels
import Testing

/// The figures behind `statistics.csv` against their definitions, on numbers that a person can follow.
@Suite struct LayerStatisticsTests {
  @Test func deviations() {
    var moments = Moments()
    for value in [2.0, 4, 4, 4, 5, 5, 7, 9] { moments.add(value) }
    #expect(moments.standardDeviation == 2)
    var twice = moments
    twice += moments
    #expect(twice.count == 16 && twice.standardDeviation == 2)
    #expect(Moments().standardDeviation == 0)
  }

  /// Two channels of three pixels in a block of 16: the other lanes, full of garbage, do not count; the gradient passes
  /// the activation.
  @Test func responsesOfABlockedMap() {
    let (response, gradient, slopes) = (FloatBuffer(48), FloatBuffer(48), FloatBuffer(16))
    response.values.update(repeating: .nan)
    gradient.values.update(repeating: .nan)
    for (pixel, values) in [(1, -2), (3, 4), (-5, 6)].enumerated() {
      (response.base[pixel * 16], response.base[pixel * 16 + 1]) = (Float(values.0), Float(values.1))
      (gradient.base[pixel * 16], gradient.base[pixel * 16 + 1]) = (10, 20)
    }
    (slopes.base[0], slopes.base[1]) = (0.5, 0.25)
    var (y, dY) = (Moments(), Moments())
    withUnsafeMutablePointer(to: &y) { y in
      withUnsafeMutablePointer(to: &dY) { dY in
        addResponseMoments(
          PendingMap(values: response.base, slopes: slopes.base), gradient: gradient.base,
          BlockedExtents(channels: 2, height: 1, width: 3), to: (y, dY))
      }
    }
    #expect(y.count == 6 && y.sum == 7 && y.squares == 91)
    // 10, 10, 0.5·10; 0.25·20, 20, 20
    #expect(dY.count == 6 && dY.sum == 70 && dY.squares == 100 + 100 + 25 + 25 + 400 + 400)
  }

  @Test func whatAnUpdateConsistsOf() {
    // w was (3, 4) before v = (0.3, −0.4); g = (0.5, 0), λ = 0.1.
    var norms = UpdateNorms()
    norms.add(weights: [3.3, 3.6], momentum: [0.3, -0.4], gradient: [0.5, 0], count: 2, weightDecay: 0.1)
    #expect(abs(norms.updateRatio - 0.1) < 1e-6)
    #expect(abs(norms.decayShare - 0.5) < 1e-6)
    var still = UpdateNorms()
    still.add(weights: [1], momentum: [0], gradient: [0], count: 1, weightDecay: 0.1)
    #expect(still.decayShare == 1 && still.updateRatio == 0)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func finiteOrNot(spoiled: Float) {
    for count in [0, 1, 15, 16, 31, 32, 33, 100] {
      var values = (0..<count).map { Float($0) * 1e30 }
      #expect(allFinite(values, count: count))
      for place in 0..<count {
        values[place] = spoiled
        #expect(!allFinite(values, count: count), "\(spoiled) at \(place) of \(count)")
        values[place] = -1
      }
    }
  }
}
