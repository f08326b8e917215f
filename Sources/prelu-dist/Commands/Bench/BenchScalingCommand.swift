import ArgumentParser
import Benchmarks
import Communication
import Configuration
import Foundation

extension BenchCommand {
  struct ScalingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "scaling",
      abstract:
        "Predict the training step on 1 to 1024 ranks from its parts, measured here; under mpirun with its links.",
      discussion: """
        The parts of a step are timed on one core, the fully connected layers on all cores of the host as well, after \
        their results have been compared with a reference. A message of n bytes is assumed to take latency + n / \
        bandwidth. Ranks, one core each, fill one node after the other. Steps on one rank, and under mpirun on all its \
        ranks, are run, too, and the prediction is compared with them. Give --latency and --bandwidth for a network \
        that you do not have yet.
        """)

    @Option(
      help: ArgumentHelp(
        "A built-in architecture to predict; may be repeated (default: \(paperModels.joined(separator: ", "))).",
        valueName: "name"))
    var model: [String] = []

    @OptionGroup var convolution: ConvolutionOptions

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
      help: ArgumentHelp("The number of timed runs of each part, of which the median counts.", valueName: "number"))
    var repetitions = 3

    @Option(
      help: ArgumentHelp(
        "The number of cores of a node, which has a rank on each (default: this host's).", valueName: "cores"))
    var coresPerNode: Int?

    @Option(
      help: ArgumentHelp("The largest number of ranks of the predictions, which double from 1.", valueName: "ranks"))
    var maxRanks = 1024

    @Option(
      help: ArgumentHelp(
        "The latency between nodes (default: measured if mpirun has ranks on several, else "
          + "\(assumedLatency.asTyped)).",
        valueName: "µs"))
    var latency: Double?

    @Option(
      help: ArgumentHelp(
        "The bandwidth between nodes (default: measured if mpirun has ranks on several, else "
          + "\(assumedBandwidth.asTyped)).",
        valueName: "Gbit/s"))
    var bandwidth: Double?

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

    @Flag(help: "Print a JSON object for each model.")
    var json = false

    private static let paperModels = ["small-14", "small-30", "A", "B", "C", "vgg-19"]
    /// The latency of 10-gigabit Ethernet over TCP, in µs.
    private static let assumedLatency = 30.0
    /// The bandwidth of 10-gigabit Ethernet, in Gbit/s.
    private static let assumedBandwidth = 10.0
    /// The latency of messages through memory, in µs.
    private static let assumedLocalLatency = 1.0

    func validate() throws {
      try checkRange("--batch", batch, .atLeast(1))
      try checkLeaves(leaves, batch: batch)
      try checkRange("--images", images, .atLeast(1))
      try checkRange("--repetitions", repetitions, .atLeast(1))
      try checkRange("--cores-per-node", coresPerNode, .atLeast(1))
      try checkRange("--max-ranks", maxRanks, .within(1...1 << 20))
      try checkRange("--latency", latency, .atLeast(0), unit: "µs")
      try checkRange("--bandwidth", bandwidth, .above(0), unit: "Gbit/s")
      try checkRange("--local-latency", localLatency, .atLeast(0), unit: "µs")
      try checkRange("--local-bandwidth", localBandwidth, .above(0), unit: "Gbit/s")
      try checkRange("--check-batch", checkBatch, .atLeast(0))
      if csv == "" { throw ValidationError("--csv needs a file's name.") }
    }

    func run() throws {
      onAllRanks { world in
        let architectures = try (model.isEmpty ? Self.paperModels : model).map {
          try ModelOptions.architecture(named: $0)
        }
        // This precedes the minutes that measuring takes, and all ranks agree on it, so that none waits for one that
        // has left.
        var table = try world.agree {
          world.rank == 0 ? try csv.map { try ScalingTable(path: $0) } : nil
        }
        var settings = ScalingBenchmark.Settings()
        settings.batch = batch
        settings.leaves = leaves
        settings.checkBatch = checkBatch > 0 ? checkBatch : nil
        settings.images = images
        settings.runs = repetitions
        try PrecisionOptions.check(.float32, convolution)
        settings.method = convolution.method
        settings.coresPerNode = coresPerNode ?? world.localCores
        settings.ranks = Array(sequence(first: 1) { $0 * 2 <= maxRanks ? $0 * 2 : nil })
        let vectors = ScalingBenchmark.measureVectors(runs: repetitions)
        let measured = try ScalingBenchmark.measureLinks(world)
        let network = clusterNetwork(measured, copy: vectors.copy, world)
        // Only rank 0 knows what was measured.
        settings.measuresWithinNode = try world.allgather(
          measured.withinNode != nil && localLatency == nil && localBandwidth == nil)[0]
        settings.measuresBetweenNodes = try world.allgather(
          measured.betweenNodes != nil && latency == nil && bandwidth == nil)[0]
        for architecture in architectures {
          let report = try ScalingBenchmark.run(
            architecture, settings, network: network, vectors: vectors, world: world)
          let failure: (any Error)? = Result {
            if let report {
              try table?.add(report)
              if json { Console.sayJSON(report) } else { show(report) }
            }
          }.failure
          try world.agree { if let failure { throw failure } }
        }
        return .done
      }
    }

    /// Returns the links of the predictions: as given, or else as measured, or else as assumed. Prints which is which.
    private func clusterNetwork(
      _ measured: (withinNode: Link?, betweenNodes: Link?), copy: Double, _ world: World
    ) -> ClusterNetwork {
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
      return ClusterNetwork(
        withinNode: link(
          "within a node", latency: localLatency, bandwidth: localBandwidth, measured: measured.withinNode,
          assumed: Link(latency: Self.assumedLocalLatency * 1e-6, bandwidth: 2 / copy)),
        betweenNodes: link(
          "between nodes", latency: latency, bandwidth: bandwidth, measured: measured.betweenNodes,
          assumed: Link(latency: Self.assumedLatency * 1e-6, bandwidth: Self.assumedBandwidth * 1e9 / 8)))
    }

    private func show(_ report: ScalingReport) {
      Console.say(
        "\n\(report.model), mini-batch \(report.batch), nodes of \(report.coresPerNode) cores, predicted, ms")
      func row(_ cells: [String]) {
        let line = cells.map { String(repeating: " ", count: max(0, 9 - $0.count)) + $0 }.joined()
        Console.say(line)
      }
      row([
        "ranks", "nodes", "images", "forward", "gather", "fc", "scatter", "backward", "exposed", "update", "step",
        "speedup", "effic.",
      ])
      for prediction in report.predictions {
        row(
          [prediction.ranks, prediction.nodes, prediction.images].map { "\($0)" }
            + [
              prediction.forward, prediction.gather, prediction.fullyConnected, prediction.scatter, prediction.backward,
              prediction.exposedReduction, prediction.update, prediction.step,
            ].map(oneDigit)
            + [
              String(format: "%.2f×", prediction.speedup), "\(oneDigit(100 * prediction.efficiency)) %",
            ])
      }
      for check in report.checks {
        Console.say(
          "\(report.model), mini-batch \(check.batch), \(check.ranks) rank\(check.ranks == 1 ? "" : "s") here: "
            + String(
              format: "predicted %.1f ms, measured %.1f ms, error %+.1f %%", check.predicted, check.measured,
              check.errorPercent))
        guard let m = check.measurement else { continue }
        let p = check.prediction
        row(["", "", "", "forward", "gather", "fc", "scatter", "backward", "exposed", "update"])
        for (name, parts) in [
          ("predicted", [p.forward, p.gather, p.fullyConnected, p.scatter, p.backward, p.exposedReduction, p.update]),
          ("measured", [m.forward, m.gather, m.fullyConnected, m.scatter, m.backward, m.exposedReduction, m.update]),
        ] {
          row(["", "", name] + parts.map(oneDigit))
        }
      }
      for (name, link) in [
        ("within a node", report.network.withinNode), ("between nodes", report.network.betweenNodes),
      ] {
        guard let exchange = link.exchange else { continue }
        Console.say(
          String(
            format:
              "%@, while the ranks compute: latency %.1f µs, %.1f Gbit/s each way at once, "
              + "%.2f ns of a core for a byte",
            name, exchange.latency * 1e6, 8e-9 / exchange.seconds, exchange.work * 1e9))
      }
      if report.contention > 1.005 {
        Console.say(
          "while all ranks compute, the tower takes \(oneDigit(100 * (report.contention - 1))) % longer than on one "
            + "alone"
        )
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
