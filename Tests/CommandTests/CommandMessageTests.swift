import Foundation
import TestSupport
import Testing

/// Tests of requests that cannot be fulfilled: each gets one message and a fitting exit code.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct CommandMessageTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  @Test(arguments: [
    (["--no-such-flag"], 64, "Unknown option '--no-such-flag'"),
    (["--threads", "0"], 64, "--threads takes 1 to 4096, not 0."),
    (["--recipe", "fashon"], 66, "Did you mean fashion?"),
    (["--model", "fashion-7"], 64, "--model: there is no architecture \"fashion-7\". Did you mean fashion-6?"),
    (["--data", "nowhere"], 66, "nowhere: expected a pack, or a folder of IDX files, found no such folder or file."),
    (["--data", "nowhere.h5"], 66, "`prelu-dist pack FOLDER -o nowhere.h5` makes one of a folder of pictures\n"),
    (
      ["--weights", "nowhere"], 66, "nowhere: expected a run folder, a checkpoint, a Caffe model or a safetensors file,"
    ),
    (["inspect", "nowhere"], 66, "nowhere: expected a pack, a run folder or a checkpoint, found nothing\n"),
    (
      ["predict", "nowhere", "a.png"], 66, "nowhere: expected a checkpoint or a run folder, found nothing of this name"
    ),
    (["--resume", "nowhere"], 66, "nowhere: there is no such run folder"),
    (["evaluate", "nowhere.h5"], 66, "nowhere.h5: expected a checkpoint or a run folder, found nothing of this name"),
    (["evaluate", "a/b"], 66, "a/b: expected a checkpoint or a run folder, found nothing of this name"),
    (["evaluate"], 64, "<checkpoint|run>"),
    (["evaluate", "a", "--scales", "256,x"], 64, "'256,x' is invalid"),
    (["evaluate", "a", "--scales", "28,28"], 64, "--scales names a scale twice."),
    (["evaluate", "a", "--subset", "0"], 64, "--subset takes 1 or more, not 0."),
    (["evaluate", "a", "--results", "nowhere/r.csv"], 73, "nowhere/r.csv: cannot be created in nowhere: No such"),
    (["evaluate", "a", "--predictions", "/"], 73, "/: expected the name of a file, found a folder"),
    (["predict", "a"], 64, "Name at least one picture, folder or -"),
    (["compare", "a.csv", "b.csv"], 66, "a.csv: there is no such file"),
    (["inspect"], 64, "expected a checkpoint, a run folder, a pack, --model or --recipe, found none: name one of them"),
    (["inspect", "--model", "A", "--widht", "3"], 64, "Unknown option '--widht'"),
    (["average", "nowhere", "-o", "a.h5"], 66, "nowhere: expected a checkpoint or a run folder, found nothing of"),
    (["average", "a", "--last", "0", "-o", "a.h5"], 64, "--last takes 1 or more, not 0."),
    (["average", "a"], 64, "--output"),
    (["average", ".", "-o", "a.h5"], 66, ".: expected 1 trained checkpoint or more, found 0: train on, or let"),
    (["--batch", "0"], 64, "--batch: expected 1 to 65536, found 0"),
    (["--epochs", "0"], 64, "--epochs: expected 1 to 1000000, found 0"),
    (["--width", "0"], 64, "--width: expected 1 to 4096 for fashion-6, found 0"),
    (["--model", "A", "--width", "8"], 64, "--width: the widths of A are fixed, found width 8: leave it out"),
    (["--dropout", "1"], 64, "--dropout: expected 0 or more and below 1, found 1.0"),
    (["--learning-rate", "0"], 64, "--learning-rate: expected more than 0 and at most 1000, found 0.0"),
    (["--checkpoint-every=-1"], 64, "--checkpoint-every: expected 0 to 1000000000, found -1"),
    (["--subset=-1"], 64, "--subset: expected 0 to 1000000000, found -1"),
    (["--print-config", "--batch", "0"], 64, "--batch: expected 1 to 65536, found 0"),
    (
      ["--leaves", "24"], 64,
      "--leaves: expected a power of two from 1 to 128, the mini-batch, found 24: take 16"
    ),
    (
      ["bench", "step", "--leaves", "9"], 64, "--leaves: expected a power of two from 1 to 128, the mini-batch, found 9"
    ),
    (["bench", "scaling", "--leaves", "256"], 64, "--leaves: expected a power of two from 1 to 128, the mini-batch, "),
    (["--loading-threads", "0"], 64, "--loading-threads takes 1 to 4096, not 0."),
    (["--preview", "0"], 64, "--preview takes 1 to 10000, not 0."),
    (["--iterations=-1"], 64, "--iterations takes 0 or more, not -1."),
    (["--log-statistics", "0"], 64, "--log-statistics takes 1 or more, not 0."),
    (["--trace", "t.json", "--trace-steps", "0"], 64, "--trace-steps takes 1 to 1000, not 0."),
    (["bench", "step", "--trace", ""], 64, "--trace needs a file's name."),
    (["--time-limit", "0"], 64, "--time-limit takes more than 0 minutes, not 0."),
    (["--initializer", "he"], 64, "The value 'he' is invalid for '--initializer <name>'. Please provide one of 'he-b"),
    (["--resume", "a", "--run", "b"], 66, "a: there is no such run folder"),
    (["--batch", "-3"], 64, "--batch: expected 1 to 65536, found -3"),
    (["--iterations", "-5"], 64, "--iterations takes 0 or more, not -5."),
    (["evaluate", "a", "--subset", "-1"], 64, "--subset takes 1 or more, not -1."),
    (["--learning-rate", "-.5"], 64, "--learning-rate: expected more than 0 and at most 1000, found -0.5"),
    (["--stall-warning", "0"], 64, "--stall-warning takes 1 s or more, not 0."),
    (["--stall-limit", "5"], 64, "--stall-limit takes 0, or the 60 s of --stall-warning or more, not 5."),
    (["evaluate", "a", "--threads", "0"], 64, "--threads takes 1 to 4096, not 0."),
    (["evaluate", "a", "--padding=-1"], 64, "--padding takes 0 to 1024 pixels, not -1."),
    (["predict", "a", "b", "--threads", "0"], 64, "--threads takes 1 to 4096, not 0."),
    (["predict", "a", "-", "-"], 64, "Standard input can be read only once."),
    (["compare", "a", "b", "--list=-1"], 64, "--list takes 0 or more, not -1."),
    (["report", "a", "-o", ""], 64, "--output needs a file's name."),
    (["pack", "x", "--output", ""], 64, "--output needs a file's name."),
    (["bench", "convolution", "--layer", "x", "--model", "fashion-6"], 64, "there is no layer x in fashion-6: it has"),
    (["bench", "checkpoint", "--folder", "nowhere"], 66, "nowhere: there is no such folder"),
    (["bench", "scaling", "--latency=-1"], 64, "--latency takes 0 to 1000000000 µs, not -1."),
  ])
  func wrongRequests(arguments: [String], exitCode: Int32, text: String) throws {
    let outcome = try Program.run(arguments, in: directory)
    #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
  }

  @Test func oneMessageForAllRanks() throws {
    let outcome = try Program.run(["--data", "nowhere", "--run", "r"], ranks: 3, in: directory)
    #expect(outcome.exitCode == 66)
    #expect(outcome.errors.components(separatedBy: "no such folder").count == 2, "\(outcome.errors)")
  }

  @Test func aTextIsNoCheckpoint() throws {
    try Data("hello\n".utf8).write(to: URL(filePath: "\(directory)/text.h5"))
    let outcome = try Program.run(["inspect", "text.h5"], in: directory)
    #expect(outcome.exitCode == 65)
    #expect(outcome.errors.contains("text.h5: "), "\(outcome.errors)")
  }

  /// Pictures in whatever form are to be packed first, and nothing else is offered for them.
  @Test func picturesAreToBePacked() throws {
    for number in 0..<2 { try folder.copy("\(goldenPhotos)/rgb.png", to: "pics/ant/\(number).png") }
    for line in [
      "tar cf a.tar pics", "tar czf b.tgz pics", "mkdir in && tar cf in/c.tar.gz pics", "echo x 0 >list.txt",
    ] {
      try #require(try ChildProcess.shell(line, running: "", in: directory).exitCode == 0)
    }
    try folder.write([0x50, 0x4b, 3, 4] + [UInt8](repeating: 0, count: 60), to: "d.zip")
    try folder.copy(folder.file("d.zip"), to: "lost.zip")
    for (data, code, words) in [
      (
        "a.tar", 65,
        "found a tar archive of 30.7 kB. Pictures become a pack by `prelu-dist pack a.tar -o a.h5`\n"
      ),
      ("b.tgz", 65, "Pictures become a pack by `prelu-dist pack b.tgz -o b.h5`\n"),
      ("d.zip", 65, "found a ZIP archive of 64 bytes. Pictures become a pack by `prelu-dist pack d.zip -o d.h5`\n"),
      ("pics", 66, "Pictures in class folders become a pack by `prelu-dist pack pics -o photos.h5`.\n"),
      ("in", 66, "Pictures in class folders become a pack by `prelu-dist pack in/c.tar.gz -o photos.h5`.\n"),
      ("lost", 66, "Pictures in class folders become a pack by `prelu-dist pack lost.zip -o photos.h5`.\n"),
      ("photos", 66, "A folder of pictures becomes a pack by `prelu-dist pack FOLDER -o photos.h5`.\n"),
      ("pics/ant/0.png", 65, "A folder of pictures becomes a pack by `prelu-dist pack FOLDER -o photos.h5`\n"),
      ("list.txt", 65, "If it is a list of pictures, they become a pack by `prelu-dist pack list.txt -o photos.h5`\n"),
    ] as [(String, Int32, String)] {
      let outcome = try Program.run(["train", "--data", data, "--run", "r"], in: directory)
      #expect(outcome.exitCode == code && outcome.errors.hasSuffix(words), "\(outcome.errors)")
      #expect(!outcome.errors.contains("Fashion"), "\(outcome.errors)")
    }
    let missing = try Program.run(["--data", "/none/fashion-mnist", "--run", "r"], in: directory)
    #expect(missing.errors.contains("Fashion-MNIST comes with Debian: apt-get install"), "\(missing.errors)")
  }

  @Test func photographsAreNotTakenForTheFilesOfADataSet() throws {
    try FileManager.default.createDirectory(atPath: "\(directory)/photos/cat", withIntermediateDirectories: true)
    let outcome = try Program.run(["--data", "photos"], in: directory)
    #expect(
      outcome.exitCode == 66 && outcome.errors.contains("`prelu-dist pack photos -o photos.h5`"), "\(outcome.errors)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func imagesAndClassesThatDoNotFit() throws {
    let images = try Program.run(["--model", "A", "--run", "a"], in: directory)
    #expect(images.exitCode == 65, "\(images.errors)")
    #expect(
      images.errors.contains(
        """
        fashion-mnist: its images are 1×28×28, but the input of A is 3×224×224: choose a model for images of this size
        """),
      "\(images.errors)")
    func refusal(_ yaml: String) throws -> String {
      try Data(yaml.utf8).write(to: URL(filePath: "\(directory)/own.yaml"))
      let outcome = try Program.run(["--recipe", "own.yaml", "--run", "b"], in: directory)
      #expect(outcome.exitCode == 65)
      return outcome.errors
    }
    let classes = try refusal("recipe: fashion\nmodel: { classes: 12 }\n")
    #expect(classes.contains("it has 10 classes, but fashion-6 has 12 scores: set model.classes to 10"), "\(classes)")
    let own = """
      recipe: fashion
      model:
        input: { channels: 1, height: 28, width: 28 }
        layers:
          - convolution: { name: conv1, filters: 4, kernel: 3, stride: 2 }
          - fullyConnected: { name: fc1, outputs: 12 }

      """
    let outputs = try refusal(own)
    #expect(
      outputs.contains(
        "it has 10 classes, but your network has 12 scores: set model.layers.2.fullyConnected.outputs to 10, or take"),
      "\(outputs)")
    let none = try refusal(own.replacingOccurrences(of: "outputs: 12", with: "outputs: 0"))
    #expect(
      none.contains("own.yaml:6: model.layers.2.fullyConnected.outputs: expected 1 to 1000000, found 0"), "\(none)")
    let overridden = try refusal(own.replacingOccurrences(of: "model:\n", with: "model:\n  classes: 11\n"))
    #expect(overridden.contains("has 11 scores: set model.classes to 10"), "\(overridden)")
    let held = try refusal("recipe: fashion\ndata: { validation: 60000 }\n")
    let few = "fashion-mnist: data.validation is 60000, but it has only 60000 training images: choose less than that\n"
    #expect(held.contains(few), "\(held)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func anAverageIsTestedAndNotTrained() throws {
    func run(_ arguments: String...) throws -> Program.Outcome { try Program.run(arguments, in: directory) }
    let trained = try run(
      "train", "--run", "r", "--width", "4", "--iterations", "4", "--checkpoint-every", "1", "--threads", "1")
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let averaged = try run("average", "r", "--last", "2", "-o", "mean.h5")
    #expect(averaged.output == "mean.h5: the average of 2 checkpoints up to iteration 4\n", "\(averaged.errors)")
    #expect(try run("average", "r", "--last", "1", "-o", "one.h5").output.contains("the average of 1 checkpoint up to"))
    let tested = try run("evaluate", "mean.h5", "--subset", "100")
    #expect(tested.exitCode == 0 && tested.output.contains("of 100 images"), "\(tested.errors)")
    let few = try run("average", "r", "--last", "9", "-o", "other.h5")
    #expect(
      few.exitCode == 66 && few.errors.contains("expected 9 trained checkpoints or more, found 3"), "\(few.errors)")
    try FileManager.default.moveItem(atPath: "\(directory)/mean.h5", toPath: "\(directory)/r/checkpoint-9.h5")
    // Nothing measures it for the run's; training passes over it and keeps it, and the next average leaves it out.
    let passedOver = "prelu-dist: warning: passed over: r/checkpoint-9.h5: it has no momentum, as an average has none: "
    for command in [
      ["evaluate", "r", "--subset", "100", "--threads", "1"], ["predict", "r", "--test-image", "0", "--threads", "1"],
      ["export", "r", "--to", "safetensors", "-o", "r.safetensors"], ["inspect", "r"],
    ] {
      let outcome = try Program.run(command, in: directory)
      #expect(outcome.exitCode == 0 && outcome.errors.hasPrefix(passedOver), "\(command) \(outcome.errors)")
      #expect(!outcome.output.contains("checkpoint-9"), "\(outcome.output)")
    }
    let again = try run("average", "r", "-o", "again.h5")
    #expect(again.output.contains("the average of 3 checkpoints up to iteration 4"), "\(again.output)\(again.errors)")
    let resumed = try run("--resume", "r", "--iterations", "6", "--threads", "1")
    #expect(resumed.exitCode == 0 && resumed.output.contains("resumed from r/checkpoint-4.h5"), "\(resumed.output)")
    #expect(resumed.errors.contains("r/checkpoint-9.h5: it has no momentum"), "\(resumed.errors)")
    #expect(FileManager.default.fileExists(atPath: "\(directory)/r/checkpoint-9.h5.unused"))
  }

  /// A damaged checkpoint costs the work since the one before it; too little room is reported at the start.
  @Test(.enabled(if: hasFashionMNIST)) func warnings() throws {
    try Data("recipe: fashion\nmodel: { width: 4 }\ncheckpoint: { keep: 1000000 }\n".utf8)
      .write(to: URL(filePath: "\(directory)/own.yaml"))
    let first = try Program.run(
      ["--recipe", "own.yaml", "--run", "r", "--iterations", "2", "--checkpoint-every", "1"], in: directory)
    #expect(
      first.errors.contains("warning: r: ") && first.errors.contains(" are free, but the checkpoints may need ")
        && first.errors.contains("B: make room, or keep fewer (checkpoint.keep)\n"), "\(first.errors)")
    let newest = URL(filePath: "\(directory)/r/checkpoint-2.h5")
    try Data(contentsOf: newest).dropLast(100).write(to: newest)
    let second = try Program.run(["--resume", "r", "--iterations", "2"], in: directory)
    #expect(second.output.contains("resumed from r/checkpoint-1.h5"), "\(second.output)")
    #expect(second.errors.contains("warning: passed over: r/checkpoint-2.h5: "), "\(second.errors)")
  }

  /// A name is whatever somebody wrote into a file.
  @Test func namesDoNotSteerTheTerminal() throws {
    let name = "\"tabby\n\u{1B}]0;title\u{7}cat\""
    for (file, errors) in [("a.csv", 7), ("b.csv", 3)] {
      try Data("class,name,images,top1_errors,top5_errors\n0,\(name),10,\(errors),0\n".utf8)
        .write(to: URL(filePath: "\(directory)/\(file)"))
    }
    let outcome = try Program.run(["compare", "a.csv", "b.csv"], in: directory)
    let expected = "tabby\u{FFFD}\u{FFFD}]0;title\u{FFFD}cat\n"
    #expect(outcome.output.contains(expected), "\(outcome.output) \(outcome.errors)")
    let missing = try Program.run(["inspect", "\u{1B}[2J.h5"], in: directory)
    #expect(missing.exitCode == 66 && missing.errors.contains("\u{FFFD}[2J.h5: "), "\(missing.errors)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func aRunIsNotOverwrittenAndNotMixedUp() throws {
    #expect(try Program.run(["--run", "r", "--iterations", "2"], in: directory).exitCode == 0)
    let again = try Program.run(["--run", "r", "--iterations", "2"], in: directory)
    #expect(again.exitCode == 64)
    #expect(
      again.errors.contains("r: this folder already holds a run: continue it with --resume r, or choose another --run"),
      "\(again.errors)")
    let changed = try Program.run(["--resume", "r", "--iterations", "3", "--batch", "64"], in: directory)
    #expect(changed.exitCode == 64)
    #expect(
      changed.errors.contains(
        """
        r/checkpoint-2.h5: the run was started with other settings than asked for now: training.batch was 128 and is \
        now 64. Continue without these options, or start a new run from this one's weights with --weights r
        """), "\(changed.errors)")
  }

  @Test(.enabled(if: hasFashionMNIST)) func theTimeLimitIsNamed() throws {
    let stopped = try Program.run(["--run", "r", "--width", "4", "--time-limit", "0.00001"], in: directory)
    #expect(stopped.exitCode == 75, "\(stopped.errors)")
    #expect(
      (stopped.output + stopped.errors).contains("stopped by the time limit after 1 iteration; checkpoint saved"),
      "\(stopped.output)")
  }

  /// `auto` finds the run that was saved last among those without --run, and begins a new one where there is none yet.
  @Test(.enabled(if: hasFashionMNIST)) func resumeAutoGoesOnWithTheRecipesLastRun() throws {
    let options = ["--width", "4", "--threads", "1"]
    func train(_ more: [String]) throws -> Program.Outcome { try Program.run(options + more, in: directory) }
    let first = try train(["--resume", "auto", "--iterations", "2"])
    #expect(first.exitCode == 0 && first.output.contains("run folder: run-fashion\n"), "\(first.errors)")
    let second = try train(["--iterations", "3"])
    #expect(second.exitCode == 0 && second.output.contains("run folder: run-fashion-2\n"), "\(second.errors)")
    for name in ["run-fashion-old", "run-fashion-03", "run-fashion30"] {
      try FileManager.default.copyItem(atPath: "\(directory)/run-fashion", toPath: "\(directory)/\(name)")
    }
    let third = try train(["--resume", "auto", "--iterations", "4"])
    #expect(third.output.contains("resumed from run-fashion-2/checkpoint-3.h5\n"), "\(third.output) \(third.errors)")
    #expect(try train(["--resume", "run-fashion", "--iterations", "5"]).exitCode == 0)
    let fourth = try train(["--resume", "auto", "--iterations", "6"])
    #expect(fourth.output.contains("resumed from run-fashion/checkpoint-5.h5\n"), "\(fourth.output) \(fourth.errors)")
    let changed = try train(["--resume", "auto", "--seed", "9"])
    #expect(changed.exitCode == 64 && changed.errors.contains("training.seed was 1 and is now 9"), "\(changed.errors)")
  }

  @Test func modelTotalsArePrinted() throws {
    for (model, total) in [("A", "1.906"), ("B", "2.322"), ("C", "5.346"), ("vgg-19", "1.963")] {
      let outcome = try Program.run(["inspect", "--model", model], in: directory)
      #expect(outcome.exitCode == 0 && outcome.output.contains(total), "\(model): \(outcome.output.suffix(300))")
    }
  }
}
