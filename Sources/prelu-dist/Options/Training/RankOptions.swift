import ArgumentParser
import Training

extension SharePolicy: ExpressibleByArgument {}

/// The division of `train`'s work among ranks and threads, and their watch.
struct RankOptions: ParsableArguments {
  @OptionGroup var threads: ThreadOptions

  @Option(
    help: ArgumentHelp(
      "The number of threads of each rank that decode photographs ahead of the step (default: a quarter of --threads).",
      valueName: "number"))
  var loadingThreads: Int?

  @Option(
    help: ArgumentHelp(
      "The division of a mini-batch among the ranks: even, or auto, by the ranks' measured speed, for hosts that "
        + "differ; results then agree only to rounding.",
      valueName: "policy"))
  var shares = SharePolicy.even

  @OptionGroup var convolution: ConvolutionOptions

  @OptionGroup var watch: WatchOptions

  func validate() throws { try checkRange("--loading-threads", loadingThreads, ThreadOptions.range) }
}
