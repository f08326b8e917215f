import ArgumentParser
import Benchmarks
import Communication
import Configuration
import Foundation
import System

extension BenchCommand {
  struct ScalingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "scaling",
      abstract:
        "Predict the training step on many nodes from its parts, measured here; under mpirun with its links.",
      discussion: """
        The parts of a step are timed on one core and on all cores of the host, after their results have been \
        compared with a reference. How evenly more threads share a layer follows from its shape. A message of n \
        bytes is assumed to take latency + n / bandwidth. The ranks fill one node after the other: one for each NUMA \
        domain, and for comparison one for each core. Steps on one rank with one thread and with all cores, and \
        under mpirun on all its ranks, are run, too, and the prediction is compared with them. Give --latency and \
        --bandwidth for a network that you do not have yet; --cores-per-node and --bandwidth may be repeated.
        """)

    @Option(
      help: ArgumentHelp(
        "A built-in architecture to predict; may be repeated (default: \(paperModels.joined(separator: ", "))).",
        valueName: "name"))
    var model: [String] = []

    @OptionGroup var convolution: ConvolutionOptions

    @OptionGroup var precision: PrecisionOptions

    @Option(help: ArgumentHelp("The number of images of a predicted step, on all ranks together.", valueName: "images"))
    var batch = 128

    @Option(
      help: ArgumentHelp(
        "The number of leaves that a predicted step is divided into, a power of two: up to as many ranks get the same "
          + "bits.",
        valueName: "number"))
    var leaves = Configuration.Training.defaultLeaves

    @Option(
      help: ArgumentHelp(
        "The number of images that the tower's passes are timed with, in addition to one image.", valueName: "images"))
    var images = 8

    @Option(
      help: ArgumentHelp(
        "The number of timed runs of each part and of each step, of which the quickest counts.",
        valueName: "number"))
    var repetitions = 3

    @Option(
      help: ArgumentHelp(
        "The number of cores of a node; may be repeated (default: this host's).", valueName: "cores"))
    var coresPerNode: [Int] = []

    @Option(
      help: ArgumentHelp(
        "The number of cores of a NUMA domain, which has one rank with a thread on each (default: 8, or all of a "
          + "smaller node).",
        valueName: "cores"))
    var coresPerDomain: Int?

    @Option(
      help: ArgumentHelp("The largest number of nodes of the predictions, which double from 1.", valueName: "nodes"))
    var maxNodes = 16

    @Option(
      help: ArgumentHelp(
        "What the memory of a node moves at most, however many cores it has.", valueName: "GB/s"))
    var memoryBandwidth = 200.0

    @OptionGroup var threads: ThreadOptions

    @Option(
      help: ArgumentHelp(
        "The latency between nodes (default: measured if mpirun has ranks on several, else "
          + "\(assumedLatency.asTyped)).",
        valueName: "µs"))
    var latency: Double?

    @Option(
      help: ArgumentHelp(
        "The bandwidth between nodes; may be repeated (default: measured if mpirun has ranks on several, else "
          + "\(assumedBandwidth.asTyped)).",
        valueName: "Gbit/s"))
    var bandwidth: [Double] = []

    @Option(
      help: ArgumentHelp(
        "The latency within a node (default: measured under mpirun, else \(assumedLocalLatency.asTyped)).",
        valueName: "µs"))
    var localLatency: Double?

    @Option(
      help: ArgumentHelp(
        "The bandwidth within a node (default: measured under mpirun, else half of what one core copies).",
        valueName: "Gbit/s"))
    var localBandwidth: Double?

    @Option(
      help: ArgumentHelp(
        "The number of images of the steps that are run to check the prediction; 0 runs none.", valueName: "images"))
    var checkBatch = 32

    @Option(help: ArgumentHelp("Write the predictions to this table.", valueName: "file.csv"))
    var csv: String?

    @OptionGroup var outputs: OutputOptions

    @Flag(help: "Print a JSON object for each model.")
    var json = false

    private static let paperModels = ["small-14", "small-30", "A", "B", "C", "vgg-19"]
    /// The network that is assumed, but for the bandwidth within a node, which is half of what one core copies.
    private static let assumed = ClusterNetwork.assumed(copy: 1)
    /// Its latencies in µs, and its bandwidth between nodes in Gbit/s.
    private static let assumedLatency = (1e7 * assumed.betweenNodes.latency).rounded() / 10
    private static let assumedLocalLatency = (1e7 * assumed.withinNode.latency).rounded() / 10
    private static let assumedBandwidth = 8e-9 * assumed.betweenNodes.bandwidth
    /// The number of cores that share a last-level cache, or a quarter of a socket, on many servers.
    private static let usualCoresPerDomain = 8

    func validate() throws {
      try checkRange("--batch", batch, .within(Configuration.Training.batches))
      try checkLeaves(leaves, batch: batch)
      try checkRange("--images", images, .within(Configuration.Training.batches))
      try checkRange("--repetitions", repetitions, .within(1...mostRuns))
      for cores in coresPerNode { try checkRange("--cores-per-node", cores, .within(1...4096)) }
      try checkRange("--cores-per-domain", coresPerDomain, .within(1...4096))
      try checkRange("--max-nodes", maxNodes, .within(1...1 << 16))
      try checkRange("--memory-bandwidth", memoryBandwidth, .within(1e-6...1e9), unit: "GB/s")
      try checkRange("--latency", latency, .within(0...1e9), unit: "µs")
      for bandwidth in bandwidth { try checkRange("--bandwidth", bandwidth, .within(1e-6...1e9), unit: "Gbit/s") }
      try checkRange("--local-latency", localLatency, .within(0...1e9), unit: "µs")
      try checkRange("--local-bandwidth", localBandwidth, .within(1e-6...1e9), unit: "Gbit/s")
      try checkRange("--check-batch", checkBatch, .within(0...Configuration.Training.batches.upperBound))
      if csv == "" { throw ValidationError("--csv needs a file's name.") }
    }

    func run() throws {
      onAllRanks(endsAtOnce: true) { world in
        let architectures = try (model.isEmpty ? Self.paperModels : model).map {
          try ModelOptions.architecture(named: $0)
        }
        // This precedes the minutes that measuring takes, and all ranks agree on it, so that none waits for one that
        // has left.
        var table = try world.agree {
          guard world.rank == 0, let csv else { return ScalingTable?.none }
          try outputs.check(ScalingTable.output(csv), inputs: [])
          return try ScalingTable(path: csv)
        }
        try PrecisionOptions.check(precision.precision ?? .float32, convolution)
        var settings = settings(cores: world.localCores)
        settings.threads = try threads.count(world)
        let vectors = ScalingBenchmark.measureVectors(runs: repetitions)
        let measured = try ScalingBenchmark.measureLinks(world)
        let networks = clusterNetworks(measured, copy: vectors.copy, world)
        // Only rank 0 knows what was measured.
        settings.measuresWithinNode = try world.allgather(
          measured.withinNode != nil && localLatency == nil && localBandwidth == nil)[0]
        settings.measuresBetweenNodes = try world.allgather(
          measured.betweenNodes != nil && latency == nil && bandwidth.isEmpty)[0]
        for architecture in architectures {
          let report = try ScalingBenchmark.run(
            architecture, settings, networks: networks, vectors: vectors, world: world)
          let failure: (any Error)? = Result {
            if let report {
              try table?.add(report)
              if json { Console.sayJSON(report) } else { ScalingText(report).lines.forEach(Console.say) }
            }
          }.failure
          try world.agree { if let failure { throw failure } }
        }
        return .done
      }
    }

    /// Returns what the options say.
    ///
    /// - Parameter cores: the number of cores of this host.
    private func settings(cores: Int) -> ScalingBenchmark.Settings {
      var settings = ScalingBenchmark.Settings()
      settings.batch = batch
      settings.leaves = leaves
      settings.checkBatch = checkBatch > 0 ? checkBatch : nil
      settings.images = images
      settings.runs = repetitions
      settings.method = convolution.method
      settings.precision = precision.precision ?? .float32
      settings.memoryBandwidth = 1e9 * memoryBandwidth
      settings.nodes = (coresPerNode.isEmpty ? [cores] : coresPerNode).map { cores in
        let threads = min(coresPerDomain ?? Self.usualCoresPerDomain, cores)
        return NodeShape(cores: cores, ranks: cores / threads, threads: threads)
      }
      settings.mostNodes = maxNodes
      return settings
    }

    /// Returns the links of the predictions, one for each bandwidth: as given, or else as measured, or else as assumed.
    /// Prints which is which.
    private func clusterNetworks(
      _ measured: (withinNode: Link?, betweenNodes: Link?), copy: Double, _ world: World
    ) -> [ClusterNetwork] {
      func link(
        _ name: String, latency: Double?, bandwidth: Double?, measured: Link?, assumed: Link
      ) -> Link {
        let source = { (given: Double?) in given != nil ? "given" : measured != nil ? "measured" : "assumed" }
        let link = Link(
          latency: latency.map { $0 * 1e-6 } ?? measured?.latency ?? assumed.latency,
          bandwidth: bandwidth.map { $0 * 1e9 / 8 } ?? measured?.bandwidth ?? assumed.bandwidth)
        if world.rank == 0, !json {
          Console.say(
            "\(name): latency \(oneDigit(link.latency * 1e6)) µs (\(source(latency))), bandwidth "
              + "\(oneDigit(link.bandwidth * 8e-9)) Gbit/s (\(source(bandwidth)))")
        }
        return link
      }
      let assumed = ClusterNetwork.assumed(copy: copy)
      let withinNode = link(
        "within a node", latency: localLatency, bandwidth: localBandwidth, measured: measured.withinNode,
        assumed: assumed.withinNode)
      return (bandwidth.isEmpty ? [nil] : bandwidth.map(Optional.some)).map { bandwidth in
        ClusterNetwork(
          withinNode: withinNode,
          betweenNodes: link(
            "between nodes", latency: latency, bandwidth: bandwidth, measured: measured.betweenNodes,
            assumed: assumed.betweenNodes))
      }
    }
  }
}

private func oneDigit(_ value: Double) -> String { String(format: "%.1f", value) }

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
