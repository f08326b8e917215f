import System

/// Labeled images that become a network's inputs: all that training knows of data.
///
/// An input is a pure function of seed, epoch and sample: any thread may load any sample, and gets the same bits.
public protocol SampleSource: Sendable {
  /// The extents of one input.
  var extents: Extents { get }
  var classCount: Int { get }
  /// The class of each sample, 0 ..< `classCount`.
  var labels: [Int32] { get }
  /// The mean that is subtracted from every input, of `extents`.
  var mean: MeanImage { get }
  /// The factor by which an input is multiplied after the mean is subtracted.
  var scale: Float { get }
  /// Whether a sample takes so long that it should be loaded ahead of the step, on separate threads.
  var isCostly: Bool { get }

  /// Writes `sample` as training sees it in `epoch` to `output`, (channels, height, width).
  func load(sample: Int, epoch: Int, into output: UnsafeMutablePointer<Float>) throws(DataError)
  /// Announces which samples will be loaded soon, so that the system can read their bytes meanwhile.
  func announce(_ samples: [Int])
}

extension SampleSource {
  public var count: Int { labels.count }
  public var isCostly: Bool { false }
  public func announce(_ samples: [Int]) {}
}
