import Glibc
import Network
import Randomness

/// The forward pass of a whole network in Double, written from the layers' definitions alone: plain loops over plain
/// maps, (image, channel, row, column), nothing shared with the kernels. Its differences are what the gradients of the
/// network in single precision are held against.
struct ReferenceNetwork {
  let architecture: ResolvedArchitecture
  /// The mini-batch: images (rows, channels, height, width) with their labels.
  let images: [Double]
  let labels: [Int]
  /// The random numbers of the dropout: seed and iteration. Nil: every unit is kept.
  var dropout: (seed: UInt64, iteration: Int)?

  /// What a forward pass came to.
  struct Outcome {
    /// The mean loss of the mini-batch.
    var loss = 0.0
    /// The distance from the nearest point without a derivative: a preactivation at 0, two maxima in a window.
    var margin = Double.infinity
    /// Which side of each of those points was taken.
    var branches = Hasher()
  }

  /// - Parameter parameters: the network's whole vector.
  func forward(_ parameters: [Double]) -> Outcome {
    var outcome = Outcome()
    var map = images
    for (index, layer) in architecture.layers.enumerated() {
      let own = architecture.parameters.filter { $0.layerIndex == index }
      func values(_ role: ParameterDescription.Role) -> ArraySlice<Double> {
        own.first { $0.role == role }.map { parameters[$0.range] } ?? []
      }
      switch layer.description {
      case .convolution(let description):
        map = convolve(description, layer, map, weights: Array(values(.weight)), biases: Array(values(.bias)))
        activate(&map, layer, description.activation, Array(values(.slope)), &outcome)
      case .maxPooling(let description):
        map = pool(description, layer, map, &outcome)
      case .spatialPyramidPooling(let description):
        map = pyramid(description, layer, map, &outcome)
      case .fullyConnected(let description):
        map = connect(layer, map, weights: Array(values(.weight)), biases: Array(values(.bias)))
        activate(&map, layer, description.activation, Array(values(.slope)), &outcome)
        drop(&map, layer, index, share: description.dropout)
      }
    }
    outcome.loss = loss(map)
    return outcome
  }

  private var rows: Int { labels.count }

  /// y[k, i, j] = b[k] + Σ w[k, c, r, s] · x[c, i·stride + r − padding, j·stride + s − padding]; 0 outside the map.
  private func convolve(
    _ description: LayerDescription.Convolution, _ layer: ResolvedLayer, _ map: [Double], weights: [Double],
    biases: [Double]
  ) -> [Double] {
    let (input, output, kernel) = (layer.input, layer.output, description.kernel)
    var result: [Double] = []
    for row in 0..<rows {
      for filter in 0..<output.channels {
        for y in 0..<output.height {
          for x in 0..<output.width {
            var sum = biases[filter]
            for channel in 0..<input.channels {
              for r in 0..<kernel {
                let i = y * description.stride + r - description.padding
                guard (0..<input.height).contains(i) else { continue }
                for s in 0..<kernel {
                  let j = x * description.stride + s - description.padding
                  guard (0..<input.width).contains(j) else { continue }
                  sum +=
                    weights[((filter * input.channels + channel) * kernel + r) * kernel + s]
                    * map[((row * input.channels + channel) * input.height + i) * input.width + j]
                }
              }
            }
            result.append(sum)
          }
        }
      }
    }
    return result
  }

  /// f(y) = y where y > 0, else a·y (Eqn 1).
  private func activate(
    _ map: inout [Double], _ layer: ResolvedLayer, _ activation: Activation, _ slopes: [Double],
    _ outcome: inout Outcome
  ) {
    guard activation != .none else { return }
    let pixels = layer.output.height * layer.output.width
    for place in map.indices {
      let channel = place / pixels % layer.output.channels
      let slope =
        switch activation {
        case .none: 1.0
        case .relu: 0.0
        case .lrelu: 0.01
        case .prelu: slopes[channel]
        case .preluShared: slopes[0]
        }
      outcome.margin = min(outcome.margin, abs(map[place]))
      outcome.branches.combine(map[place] > 0)
      if map[place] <= 0 { map[place] *= slope }
    }
  }

  private func maximum(
    _ map: [Double], _ plane: Int, width: Int, _ rows: Range<Int>, _ columns: Range<Int>, _ outcome: inout Outcome
  ) -> Double {
    var (first, second, place) = (-Double.infinity, -Double.infinity, 0)
    for i in rows {
      for j in columns {
        let value = map[plane + i * width + j]
        if value > first {
          (first, second, place) = (value, first, i * width + j)
        } else if value > second {
          second = value
        }
      }
    }
    // Units that ReLU has set to 0 may share a maximum: what comes down to any of them is multiplied by 0.
    if first != 0 || second != 0 {
      outcome.margin = min(outcome.margin, first - second)
      outcome.branches.combine(place)
    }
    return first
  }

  private func pool(
    _ description: LayerDescription.MaxPooling, _ layer: ResolvedLayer, _ map: [Double], _ outcome: inout Outcome
  ) -> [Double] {
    var result: [Double] = []
    for plane in 0..<rows * layer.input.channels {
      for y in 0..<layer.output.height {
        for x in 0..<layer.output.width {
          let (top, left) = (y * description.stride, x * description.stride)
          result.append(
            maximum(
              map, plane * layer.input.height * layer.input.width, width: layer.input.width,
              top..<top + description.size, left..<left + description.size, &outcome))
        }
      }
    }
    return result
  }

  /// In the order of levels, channels, rows and columns; bin i of n spans ⌊i·H/n⌋ … ⌈(i+1)·H/n⌉. No levels: as it is.
  private func pyramid(
    _ description: LayerDescription.SpatialPyramidPooling, _ layer: ResolvedLayer, _ map: [Double],
    _ outcome: inout Outcome
  ) -> [Double] {
    guard !description.levels.isEmpty else { return map }
    let input = layer.input
    func bin(_ index: Int, of level: Int, _ extent: Int) -> Range<Int> {
      index * extent / level..<((index + 1) * extent + level - 1) / level
    }
    var result: [Double] = []
    for row in 0..<rows {
      for level in description.levels {
        for channel in 0..<input.channels {
          let plane = (row * input.channels + channel) * input.height * input.width
          for y in 0..<level {
            for x in 0..<level {
              result.append(
                maximum(
                  map, plane, width: input.width, bin(y, of: level, input.height), bin(x, of: level, input.width),
                  &outcome))
            }
          }
        }
      }
    }
    return result
  }

  private func connect(_ layer: ResolvedLayer, _ map: [Double], weights: [Double], biases: [Double]) -> [Double] {
    let (inputs, outputs) = (layer.input.count, layer.output.count)
    return (0..<rows).flatMap { row in
      (0..<outputs).map { unit in
        (0..<inputs).reduce(biases[unit]) { $0 + weights[unit * inputs + $1] * map[row * inputs + $1] }
      }
    }
  }

  /// Inverted scaling by random numbers that are counted: unit 4u + l of a row takes word l of Philox's block at
  /// (u, row, iteration, purpose and layer), and is dropped where that is below the share.
  private func drop(_ map: inout [Double], _ layer: ResolvedLayer, _ index: Int, share: Float) {
    guard let dropout, share > 0 else { return }
    let generator = Philox(seed: dropout.seed)
    let units = layer.output.count
    for row in 0..<rows {
      for unit in 0..<units {
        let word = generator.block(
          SIMD4(
            UInt32(unit / 4), UInt32(row), UInt32(dropout.iteration),
            RandomPurpose.dropout.rawValue | UInt32(index) << 8))[unit % 4]
        let isDropped = Double(word) < (Double(share) * 0x1p32).rounded(.down)
        map[row * units + unit] *= isDropped ? 0 : 1 / (1 - Double(share))
      }
    }
  }

  private func loss(_ scores: [Double]) -> Double {
    let classes = architecture.classes
    var sum = 0.0
    for (row, label) in labels.enumerated() {
      let own = scores[row * classes..<(row + 1) * classes]
      let largest = own.max() ?? 0
      sum += log(own.reduce(0) { $0 + exp($1 - largest) }) + largest - own[row * classes + label]
    }
    return sum / Double(rows)
  }
}
