import Randomness
import System

/// Random erasing (Zhong et al. 2020, "Random Erasing Data Augmentation"), which the paper of the networks does not
/// use. With some probability a rectangle of the input becomes the mean, 0, in all channels.
public struct RandomErasing: Equatable, Sendable {
  /// The probability that an input loses a rectangle.
  public var probability: Double
  /// The range of the rectangle's share of the area, drawn uniformly.
  public static let area = 0.02...0.33
  /// The range of the rectangle's height over its width, drawn uniformly on a logarithmic scale.
  public static let aspectRatio = 0.3...(1 / 0.3)
  private static let logarithms =
    ElementaryFunctions.log(aspectRatio.lowerBound)...ElementaryFunctions.log(aspectRatio.upperBound)

  /// The number of times that a rectangle is drawn, if it does not fit, before the input stays as it is.
  private static let attempts = 10

  public init(probability: Double) {
    precondition((0...1).contains(probability), "a probability of \(probability)")
    self.probability = probability
  }

  /// Returns the rows and columns that `sample` loses in `epoch`, or nil if it loses none.
  public func draw(
    seed: UInt64, epoch: Int, sample: Int, of extents: Extents
  ) -> (rows: Range<Int>, columns: Range<Int>)? {
    var stream = RandomStream(seed: seed, purpose: .erasing, owner: UInt32(truncatingIfNeeded: epoch), UInt32(sample))
    guard Double(stream.uniformFloat()) < probability else { return nil }
    func uniform(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + Double(stream.uniformFloat()) * (range.upperBound - range.lowerBound)
    }
    for _ in 0..<Self.attempts {
      let area = uniform(Self.area) * Double(extents.height * extents.width)
      let ratio = ElementaryFunctions.exp(uniform(Self.logarithms))
      let height = Int((area * ratio).squareRoot().rounded())
      let width = Int((area / ratio).squareRoot().rounded())
      guard 1..<extents.height ~= height, 1..<extents.width ~= width else { continue }
      let top = stream.uniform(below: extents.height - height + 1)
      let left = stream.uniform(below: extents.width - width + 1)
      return (top..<top + height, left..<left + width)
    }
    return nil
  }
}

/// The samples of another source, with rectangles erased.
public struct ErasedSamples: SampleSource {
  public let source: any SampleSource
  public let erasing: RandomErasing
  public let seed: UInt64

  public init(_ source: any SampleSource, _ erasing: RandomErasing, seed: UInt64) {
    self.source = source
    self.erasing = erasing
    self.seed = seed
  }

  public var extents: Extents { source.extents }
  public var classCount: Int { source.classCount }
  public var labels: [Int32] { source.labels }
  public var mean: MeanImage { source.mean }
  public var scale: Float { source.scale }
  public var isCostly: Bool { source.isCostly }

  public func announce(_ samples: [Int]) { source.announce(samples) }

  public func load(sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>) throws(DataError) {
    try source.load(sample: sample, epoch: epoch, into: output)
    guard let erased = erasing.draw(seed: seed, epoch: epoch, sample: sample, of: extents) else { return }
    for channel in 0..<extents.channels {
      for row in erased.rows {
        let start = (channel * extents.height + row) * extents.width + erased.columns.lowerBound
        (output + start).update(repeating: 0, count: erased.columns.count)
      }
    }
  }
}
