import Foundation
import TestSupport
import Testing

/// Runs that begin with weights from a file, and networks that are written for other programs.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct WeightsCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func digest(_ run: String) throws -> String { try Program.inspect(run, in: directory).digest }

  @Test func theSameBitsOnAnyRanksAndResumed() throws {
    try folder.train("base", iterations: 10)
    let tuned = ["--weights", "base", "--freeze", "conv*", "--learning-rate", "0.005"]
    let outcome = try folder.train("tuned", iterations: 12, tuned)
    #expect(outcome.output.contains("\nfrom   base/checkpoint-10.h5: a checkpoint, digest "), "\(outcome.output)")
    #expect(
      outcome.output.contains(
        """

               taken   conv1_1, conv1_1_prelu, … fc1_prelu: 14
               taken   fc2 (classes are numbers here and there: --anew fc2 if they are others)

        """), "\(outcome.output)")
    let expected = try digest("tuned")
    for ranks in [2, 4, 8] {
      try folder.train("tuned-\(ranks)", iterations: 12, ranks: ranks, tuned)
      #expect(try digest("tuned-\(ranks)") == expected)
    }
    try folder.train("cut", iterations: 5, ranks: 2, tuned)
    let resumed = try Program.run(["--resume", "cut", "--iterations", "12", "--threads", "1"], in: directory)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("cut") == expected)
    let account = try String(contentsOfFile: folder.file("tuned/weights.txt"), encoding: .utf8)
    #expect(account.hasPrefix("source\tbase/checkpoint-10.h5\nkind\ta checkpoint\ndigest\t"))
    let source = try #require(account.split(separator: "\n").dropFirst(2).first?.split(separator: "\t").last)
    let settings = try String(contentsOfFile: folder.file("tuned/config.yaml"), encoding: .utf8)
    #expect(source.count == 64 && settings.contains("digest: \"\(source)\"") || settings.contains("digest: \(source)"))
    let other = try Program.run(["--resume", "cut", "--weights", "tuned"], in: directory)
    #expect(other.exitCode == 64, "\(other.errors)")
    #expect(other.errors.contains("weights.source was base and is now tuned"), "\(other.errors)")
  }

  /// Takes another seed: only the file can have brought the first one's bits.
  @Test func anExportIsReadBackToTheBit() throws {
    try folder.train("base", iterations: 0)
    for format in ["safetensors", "onnx", "pytorch"] {
      let outcome = try Program.run(
        ["export", "base", "--to", format, "-o", format == "pytorch" ? "net.py" : "base.\(format)"], in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try folder.bytes("net.safetensors") == folder.bytes("base.safetensors"))
    try folder.train("back", iterations: 0, ["--weights", "base.safetensors", "--seed", "2"])
    #expect(try digest("back") == digest("base"))
    try folder.train("other", iterations: 0, ["--seed", "2"])
    #expect(try digest("other") != digest("base"))
    let module = try String(contentsOfFile: folder.file("net.py"), encoding: .utf8)
    #expect(module.split(separator: "\n", omittingEmptySubsequences: false).count <= 100)
  }

  /// A recipe's section is about the source that it names.
  @Test func anotherSourceIsTakenWhole() throws {
    try folder.train("base", iterations: 0)
    try folder.train("tuned", iterations: 0, ["--weights", "base", "--anew", "fc2", "--seed", "2"])
    let outcome = try Program.run(
      [
        "--recipe", "tuned/config.yaml", "--weights", "tuned", "--run", "third", "--iterations", "0", "--seed", "3",
        "--threads", "1",
      ], in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try digest("third") == digest("tuned"))
  }

  @Test func aRunsCheckpointIsNoOutputOfItsExport() throws {
    try folder.train("base", iterations: 0)
    let before = try folder.bytes("base/checkpoint-0.h5")
    let outcome = try Program.run(
      ["export", "base", "--to", "onnx", "-o", "base/checkpoint-0.h5", "--overwrite"], in: directory)
    #expect(outcome.exitCode == 73, "\(outcome.errors)")
    #expect(outcome.errors.contains("found one that training has for a file of its own"), "\(outcome.errors)")
    #expect(try folder.bytes("base/checkpoint-0.h5") == before)
  }

  @Test func aLimitOfFilesSizesIsTold() throws {
    try folder.train("base", iterations: 0)
    let outcome = try ChildProcess.shell(
      "ulimit -f 1; exec \"$0\" export base --to safetensors -o big.safetensors", running: Program.path, in: directory)
    #expect(outcome.exitCode == 74, "\(outcome)")
    #expect(outcome.errors.hasPrefix("prelu-dist: big.safetensors: cannot be written: "), "\(outcome.errors)")
    #expect(try folder.names().allSatisfy { !$0.contains(".tmp.") })
  }

  @Test func whatCannotBeTakenIsRefused() throws {
    try folder.train("base", iterations: 0)
    func refusal(_ options: [String]) throws -> (Int32, String) {
      let outcome = try Program.run(
        ["--recipe", try smallFashion(), "--run", "refused", "--iterations", "0"] + options, in: directory)
      #expect(!FileManager.default.fileExists(atPath: folder.file("refused")))
      return (outcome.exitCode, outcome.errors)
    }
    let (missing, _) = try refusal(["--weights", "nothing.safetensors"])
    #expect(missing == 66)
    let (wide, words) = try refusal(["--width", "8", "--weights", "base"])
    #expect(
      wide == 65
        && words.contains(
          """
          base/checkpoint-0.h5: expected the shape [8, 1, 3, 3] for conv1_1/0, found [4, 1, 3, 3] in conv1_1/0: take \
          weights of the same network, or begin these anew by --anew conv1_1
          """),
      "\(words)")
    try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: false)
    let (empty, advice) = try refusal(["--weights", "empty"])
    #expect(
      empty == 66
        && advice.contains(
          "empty: there is no whole checkpoint in this run folder. Name another run folder, or a checkpoint's file"),
      "\(advice)")
    let (gray, recipe) = try refusal(["--weights", "base", "--weights-input", "torchvision"])
    #expect(
      gray == 64
        && recipe.contains(
          """
          --weights-input: expected a network of 3 channels, whose inputs are red, green and blue, found 1 channel: \
          for gray pictures a recipe says data: { mean: [114.495] } and weights: { deviation: [58.395, 57.12, 57.375] }
          """),
      "\(recipe)")
    let (nothing, frozen) = try refusal(["--freeze", "*"])
    #expect(nothing == 65 && frozen.contains("expected at least one layer to train, found all 8 frozen"), "\(frozen)")
  }

  /// The same tensors in the layout of Caffe's HDF5 files.
  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func caffesLayoutIsReadToTheBit() throws {
    try folder.train("base", iterations: 0)
    try folder.python(
      """
      with h5py.File('base/checkpoint-0.h5') as source:
          for name in ['whole', 'nan', 'plain']:
              with h5py.File(name + '.caffemodel.h5', 'w') as file:
                  file['values'] = [1.0]
                  if name != 'plain': source.copy('data', file)
                  if name == 'nan': file['data/conv1_1/0'][0] = float('nan')
      """)
    try folder.train("back", iterations: 0, ["--weights", "whole.caffemodel.h5", "--seed", "2"])
    #expect(try digest("back") == digest("base"))
    for (name, words) in [
      (
        "nan",
        "nan.caffemodel.h5: value 0 of conv1_1/0 is nan, expected a finite number. Take weights of a network that has "
          + "not diverged"
      ),
      (
        "plain",
        "plain.caffemodel.h5: expected the weights of a network, found an HDF5 file without a group /data. Caffe "
          + "writes /data/LAYER/0 and /data/LAYER/1"
      ),
    ] {
      let outcome = try Program.run(
        ["--recipe", try smallFashion(), "--width", "4", "--run", "refused", "--weights", "\(name).caffemodel.h5"],
        in: directory)
      #expect(outcome.exitCode == 65 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("refused")))
    }
  }

  @Test func wrongOptionsAreRefused() throws {
    for (arguments, words) in [
      (["export", "base", "--to", "pytorch", "--from-pixels", "-o", "net.py"], "--from-pixels goes with --to onnx."),
      (["export", "base", "--to", "onnx", "-o", ""], "--output needs a file's name."),
      (["export", "base", "--to", "caffe", "-o", "net"], "'caffe' is invalid"),
      (["seal", "base.h5", "-o", ""], "--output needs a file's name."),
      (
        ["export", "base", "--to", "pytorch", "-o", "torch.py"],
        "torch.py: expected a name that no other module of Python has, found that of the module torch, which PyTorch "
          + "needs"
      ),
      (["--weights", ""], "--weights needs a file's or a run folder's name."),
      (["--weights-input", "keras"], "'keras' is invalid"),
    ] {
      let outcome = try Program.run(arguments, in: directory)
      #expect(outcome.exitCode == 64 && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
    }
  }

  /// A device keeps its place, and so does a file that the program has not written.
  @Test func whatIsThereIsKept() throws {
    try folder.train("base", iterations: 0)
    try folder.write(Array("my notes\n".utf8), to: "net.py")
    let refused = try Program.run(["export", "base", "--to", "pytorch", "-o", "net.py"], in: directory)
    #expect(
      refused.exitCode == 73
        && refused.errors.contains(
          "net.py: expected a new name, or an earlier exported PyTorch module, found a text file that would be lost. "
            + "Give another name, or --overwrite to replace it"),
      "\(refused.errors)")
    #expect(try folder.bytes("net.py") == Array("my notes\n".utf8))
    for options in [["--overwrite"], []] {
      let outcome = try Program.run(["export", "base", "--to", "pytorch", "-o", "net.py"] + options, in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let edited = try String(contentsOfFile: folder.file("net.py"), encoding: .utf8) + "print('mine')\n"
    try folder.write(Array(edited.utf8), to: "net.py")
    let again = try Program.run(["export", "base", "--to", "pytorch", "-o", "net.py"], in: directory)
    #expect(again.exitCode == 73 && again.errors.contains("found a text file that would be lost"), "\(again.errors)")
    #expect(try folder.bytes("net.py") == Array(edited.utf8))
  }

  /// One mean for all of an image's pixels; the images say how many channels there are.
  @Test func aMeanForEachChannel() throws {
    func outcome(_ mean: String) throws -> Program.Outcome {
      let images = URL(filePath: try smallFashion()).deletingLastPathComponent().path + "/images"
      let recipe = """
        recipe: fashion
        model: { width: 4 }
        data: { directory: \(images), validation: 1000, mean: \(mean) }
        """
      try folder.write(Array(recipe.utf8), to: "mean.yaml")
      return try Program.run(["--recipe", "mean.yaml", "--run", "mean", "--iterations", "1"], in: directory)
    }
    let refused = try outcome("[1, 2]")
    #expect(
      refused.exitCode == 65
        && refused.errors.contains(
          "data.mean: expected a number for each of the input's 1 channels, or an empty list, found 2"),
      "\(refused.errors)")
    #expect(try outcome("[72.9]").exitCode == 0)
  }
}
