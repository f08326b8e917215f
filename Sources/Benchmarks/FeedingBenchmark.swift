import Configuration
import Datasets
import Images
import Packs
import System

/// How fast a pack's photographs become training samples.
public enum FeedingBenchmark {
  public struct Result: Sendable {
    /// The median over the runs.
    public var secondsPerSample: Double
    public var fastestPerSample: Double
    /// Of the processor, the median over the runs: less than `secondsPerSample` where others use it too.
    public var processorSecondsPerSample: Double
    /// To open the pack with its index.
    public var secondsToOpen: Double
    /// Of a sample's file.
    public var meanBytes: Double
  }

  /// Loads samples one after the other on the calling thread, with a recipe's settings.
  ///
  /// - Throws: `FileError`, `DataError` or `ConfigurationError`.
  public static func run(pack path: String, recipe: String, samples: Int, runs: Int) throws -> Result {
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
    // One run more, which brings files and memory in.
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
      times.append((monotonicSeconds() - start) / Double(samples))
      processorTimes.append((threadProcessorSeconds() - processorStart) / Double(samples))
    }
    let counted = min(samples, loader.count)
    let bytes = (0..<counted).reduce(0) { $0 + data.training.byteCount(of: $1) }
    return Result(
      secondsPerSample: times.median(), fastestPerSample: times.min() ?? 0,
      processorSecondsPerSample: processorTimes.median(), secondsToOpen: opened,
      meanBytes: Double(bytes) / Double(counted))
  }
}
