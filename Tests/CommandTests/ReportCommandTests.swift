import Foundation
import TestSupport
import Testing

/// Tests of what a person sees of a run: lines, the page, plots, event files.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct ReportCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
    try makeData()
  }

  /// Three classes of 8 × 8 pictures that a small net learns in seconds: one third of the rows is bright.
  private func makeData() throws {
    for (part, count) in [("train", 240), ("t10k", 60)] {
      let labels = (0..<count).map { UInt8($0 % 3) }
      var pixels: [UInt8] = []
      for image in 0..<count {
        for place in 0..<64 {
          let isBright = place / 24 == Int(labels[image])
          pixels.append(UInt8((place * 37 + image * 11) % 60 + (isBright ? 190 : 0)))
        }
      }
      let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 8, 0, 0, 0, 8]
      try folder.write(header + pixels, to: "data/\(part)-images-idx3-ubyte")
      let labelHeader: [UInt8] = [0, 0, 8, 1, 0, 0, 0, UInt8(count)]
      try folder.write(labelHeader + labels, to: "data/\(part)-labels-idx1-ubyte")
    }
    let recipe = """
      model:
        activation: prelu
        input: { channels: 1, height: 8, width: 8 }
        classes: 3
        layers:
          - convolution: { name: conv1, filters: 8, kernel: 3, padding: 1 }
          - maxPooling: { name: pool1, size: 2, stride: 2 }
          - convolution: { name: conv2, filters: 8, kernel: 3, padding: 1 }
          - spatialPyramidPooling: { name: spp, levels: [2, 1] }
          - fullyConnected: { name: fc1, outputs: 16 }
          - fullyConnected: { name: fc2, outputs: 3 }
      data:
        directory: data
        validation: 48
      training:
        batch: 32
        epochs: 3
      solver:
        learningRate: 0.01
      schedule:
        kind: steps
        epochs: [2]
      """
    try folder.write(Array(recipe.utf8), to: "small.yaml")
  }

  private let train = ["train", "--recipe", "small.yaml", "--threads", "1"]

  @Test func aRunKeepsItsPage() throws {
    let outcome = try Program.run(train + ["--run", "r"], ranks: 2, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    // A log has lines without carriage returns or escape codes.
    #expect(!outcome.output.contains("\r") && !outcome.output.contains("\u{1B}"))
    #expect(outcome.output.contains("epoch 3: loss"))
    let page = try String(contentsOfFile: "\(directory)/r/report.html", encoding: .utf8)
    for words in [
      "after epoch 3", "Filters of conv1", "Learned PReLU coefficients", "rate 0.001", "2 × 1", "small.yaml",
    ] {
      #expect(page.contains(words), "\(words)")
    }
    #expect(!page.contains(directory))
    let times = try String(contentsOfFile: "\(directory)/r/time.csv", encoding: .utf8)
    let rows = times.split(separator: "\n").dropFirst().map { $0.split(separator: ",").compactMap { Double($0) } }
    #expect(rows.count == 3 && rows.allSatisfy { $0.count == 7 })
    // Each row holds its own epoch's seconds; their sum, apart from checkpoints, is the run's time.
    let spent = rows.reduce(0) { $0 + $1[1...5].reduce(0, +) }
    let metrics = try String(contentsOfFile: "\(directory)/r/metrics.csv", encoding: .utf8)
    let seconds = try #require(Double(metrics.split(separator: "\n").last?.split(separator: ",")[8] ?? ""))
    #expect(spent > 0 && spent < 1.1 * seconds, "\(spent) s of \(seconds) s")

    let report = try Program.run(["report", "r", "-o", "again.html", "--svg", "plots"], in: directory)
    #expect(report.exitCode == 0 && report.output.hasSuffix("again.html\n"), "\(report.errors)")
    #expect(FileManager.default.fileExists(atPath: "\(directory)/plots/coefficients.svg"))

    let quiet = try Program.run(train + ["--run", "q", "--quiet", "--no-report"], in: directory)
    #expect(quiet.exitCode == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet.output)\(quiet.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(directory)/q/report.html"))
    let two = try Program.run(["report", "r", "q"], in: directory)
    #expect(two.exitCode == 0 && two.output == "report.html\n", "\(two.errors)")
    #expect(FileManager.default.fileExists(atPath: "\(directory)/report.html"))
  }

  @Test(arguments: [
    (["report"], 64, "Missing expected argument"), (["report", "nowhere"], 66, "nowhere: there is neither"),
    (["report", "data"], 66, "data: expected a run folder"), (["report", "small.yaml"], 65, "small.yaml: "),
  ])
  func wrongRequests(arguments: [String], exitCode: Int32, text: String) throws {
    let outcome = try Program.run(arguments, in: directory)
    #expect(outcome.exitCode == exitCode && outcome.errors.contains(text), "\(outcome.exitCode): \(outcome.errors)")
  }

  // MARK: - A terminal

  /// Runs in a terminal of its own with a number of columns, and prints what the terminal got.
  private func inTerminal(columns: Int, _ environment: [String: String], _ command: [String]) throws -> String {
    let script = """
      import fcntl, os, pty, struct, sys, termios
      pid, fd = pty.fork()
      if pid == 0:
          os.execv(sys.argv[2], sys.argv[2:])
      fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
      out = b""
      while True:
          try: part = os.read(fd, 65536)
          except OSError: break
          if not part: break
          out += part
      os.waitpid(pid, 0)
      sys.stdout.buffer.write(out)
      """
    try folder.write(Array(script.utf8), to: "terminal.py")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "terminal.py", "\(columns)"] + command
    process.currentDirectoryURL = URL(filePath: directory)
    // MPI's variables in this process's environment are not meant for the program.
    var all = ProcessInfo.processInfo.environment.filter { variable in
      !["NO_COLOR", "OMPI_", "PMIX_", "ORTE_"].contains { variable.key.hasPrefix($0) }
    }
    all["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none"
    all["TERM"] = "xterm"
    all["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    all["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    process.environment = all.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self)
  }

  @Test(arguments: [80, 40]) func oneLineThatIsWrittenOver(columns: Int) throws {
    let output = try inTerminal(columns: columns, [:], [Program.path] + train + ["--run", "t\(columns)"])
    let updates = output.components(separatedBy: "\r\u{1B}[K").dropFirst().filter { $0.contains("ETA") }
    #expect(!updates.isEmpty, "\(output)")
    for update in updates { #expect(update.count < columns && !update.contains("\n"), "\(update)") }
    #expect(output.contains("\u{1B}[32mbest so far\u{1B}[0m"))
  }

  @Test func noColorWhereNoneIsWanted() throws {
    let output = try inTerminal(columns: 80, ["NO_COLOR": "1"], [Program.path] + train + ["--run", "t"])
    #expect(output.contains("best so far") && !output.contains("\u{1B}[32m"))
    let dumb = try inTerminal(columns: 80, ["TERM": "dumb"], [Program.path] + train + ["--run", "d"])
    #expect(dumb.contains("best so far") && !dumb.contains("\u{1B}"))
  }

  /// The terminal of mpirun is that of the ranks, too, unless mpirun adds tags to their lines.
  @Test func aTerminalBehindMpirun() throws {
    let mpirun = ["/usr/bin/mpirun", "--oversubscribe", "--bind-to", "none", "-np", "2"]
    let output = try inTerminal(columns: 60, [:], mpirun + [Program.path] + train + ["--run", "m"])
    #expect(output.contains("\r\u{1B}[Kep"), "\(output)")
    let tagged = try inTerminal(columns: 60, [:], mpirun + ["--tag-output", Program.path] + train + ["--run", "n"])
    #expect(tagged.contains("epoch 3: loss") && !tagged.contains("\u{1B}"), "\(tagged)")
  }

  // MARK: - TensorBoard

  private static let python: String? = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let python = ProcessInfo.processInfo.environment["PRELU_TENSORBOARD_PYTHON"] ?? "python3"
    process.arguments = [python, "-c", "from tensorboard.backend.event_processing import event_accumulator"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? python : nil
  }()

  /// TensorBoard's own reader finds every number of metrics.csv, also after the run continued from an earlier
  /// checkpoint.
  @Test(.enabled(if: ReportCommandTests.python != nil, "TensorBoard is not installed (pip install tensorboard)"))
  func tensorBoardReadsEveryScalar() throws {
    let options = ["--tensorboard", "--quiet"]
    #expect(try Program.run(train + ["--run", "r", "--iterations", "13"] + options, in: directory).exitCode == 0)
    let rest = try Program.run(["train", "--resume", "r", "--threads", "1"] + options, in: directory)
    #expect(rest.exitCode == 0, "\(rest.errors)")
    let script = """
      import csv, struct, sys
      from tensorboard.backend.event_processing import event_accumulator
      e = event_accumulator.EventAccumulator("r", size_guidance={"scalars": 0, "histograms": 0})
      e.Reload()
      single = lambda x: struct.unpack("f", struct.pack("f", float(x)))[0]
      tags = {"epoch": "epoch", "learning_rate": "learning_rate", "train_loss": "loss/train",
              "train_top1_error": "top1_error/train", "validation_top1_error": "top1_error/validation",
              "validation_top5_error": "top5_error/validation", "images_per_second": "images_per_second",
              "seconds": "seconds", "data_wait_seconds": "data_wait_seconds"}
      rows = list(csv.DictReader(open("r/metrics.csv")))
      assert len(rows) == 3 and set(e.Tags()["scalars"]) == set(tags.values()), e.Tags()
      for column, tag in tags.items():
          found = [(s.step, s.value) for s in e.Scalars(tag)]
          expected = [(int(r["iteration"]), single(r[column])) for r in rows]
          assert found == expected, (tag, found, expected)
      for layer in ("conv1", "conv2", "fc1"):
          h = e.Histograms("coefficients/" + layer)
          assert [x.step for x in h] == [int(r["iteration"]) for r in rows], layer
          assert all(x.histogram_value.num == sum(x.histogram_value.bucket) for x in h)
      assert e.Histograms("coefficients/conv1")[0].histogram_value.num == 8
      print("equal")
      """
    try folder.write(Array(script.utf8), to: "read.py")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [Self.python ?? "python3", "read.py"]
    process.currentDirectoryURL = URL(filePath: directory)
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && String(decoding: data, as: UTF8.self).hasSuffix("equal\n"))
  }
}
