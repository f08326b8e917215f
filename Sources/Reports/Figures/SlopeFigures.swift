import Network

/// The figures of a layer's coefficients over its channels.
extension LayerSlopes {
  private var sorted: [Double] { values.map(Double.init).sorted() }

  var mean: Double { values.reduce(0) { $0 + Double($1) } / Double(max(values.count, 1)) }

  /// The standard deviation over the channels, which are all that there are: not an estimate for more of them.
  var standardDeviation: Double {
    let mean = mean
    return (values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(max(values.count, 1)))
      .squareRoot()
  }

  /// The least value, the lower quartile, the median, the upper quartile and the greatest value.
  var quartiles: [Double] {
    let sorted = sorted
    return [0, 0.25, 0.5, 0.75, 1].map { part in
      let place = part * Double(sorted.count - 1)
      let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
      return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
  }
}
