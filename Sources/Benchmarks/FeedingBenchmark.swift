import Configuration
import Datasets
import Images
import Packs
import System

/// The times in which a pack's photographs become training samples.
public struct FeedingTimings: Codable, Sendable {
  public var pack: String
  /// The number of samples of a run.
  public var samples: Int
  /// The milliseconds of a sample: the median over the runs.
  public var milliseconds: Double
  /// The milliseconds of a sample in the fastest run.
  public var fastestMilliseconds: Double
  /// The milliseconds of processor time of a sample, the median over the runs: fewer than `milliseconds` where others
  /// use the processor, too.
  public var processorMilliseconds: Double
  /// The milliseconds in which the pack was opened and its index read.
  public var openMilliseconds: Double
  /// The mean size of a sample's file.
  public var meanBytes: Double

  private enum CodingKeys: String, CodingKey {
    case pack, samples, milliseconds
    case fastestMilliseconds = "fastest_milliseconds"
    case processorMilliseconds = "processor_milliseconds"
    case openMilliseconds = "open_milliseconds"
    case meanBytes = "mean_bytes"
  }
}

public enum FeedingBenchmark {
  /// Times the loading of samples, one after the other on the calling thread, with a recipe's settings.
  ///
  /// - Throws: `FileError`, `DataError` or `ConfigurationError`.
  public static func run(pack path: String, recipe: String, samples: Int, runs: Int) throws -> FeedingTimings {
    var configuration = try Configuration.load(recipe: recipe)
    configuration.data.kind = .pack
    configuration.data.directory = path
    try configuration.validate()
    let start = monotonicSeconds()
    let data = try PackedData(Pack(path), heldOutCount: 0)
    let opened = monotonicSeconds() - start
    let loader = data.trainingLoader(configuration)
    var output = [Float](repeating: 0, count: loader.extents.count)
    var times: [Double] = []
    var processorTimes: [Double] = []
    // The first run, which is not counted, brings files and memory in.
    for run in 0...runs {
      let start = monotonicSeconds()
      let processorStart = threadProcessorSeconds()
      for sample in 0..<samples {
        try output.withUnsafeMutableBufferPointer {
          try loader.load(
            sample: sample % loader.count, epoch: run + sample / loader.count, into: $0.baseAddress!)
        }
      }
      guard run > 0 else { continue }
      times.append(1e3 * (monotonicSeconds() - start) / Double(samples))
      processorTimes.append(1e3 * (threadProcessorSeconds() - processorStart) / Double(samples))
    }
    let counted = min(samples, loader.count)
    let bytes = (0..<counted).reduce(0) { $0 + data.training.byteCount(of: $1) }
    return FeedingTimings(
      pack: path, samples: samples, milliseconds: times.median(), fastestMilliseconds: times.min() ?? 0,
      processorMilliseconds: processorTimes.median(), openMilliseconds: 1e3 * opened,
      meanBytes: Double(bytes) / Double(counted))
  }
}
