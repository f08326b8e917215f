import Foundation
import TestSupport
import Testing

/// Messages of commands about weights that are not as they must be, and about names that others have chosen.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct WeightMessageTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  /// A settings' refusal shows patterns as a person writes them, not as YAML has them.
  @Test func anotherPatternIsNamedAsItIsWritten() throws {
    try folder.train("base", iterations: 2, ["--freeze", "conv*"])
    let outcome = try Program.run(["--resume", "base", "--freeze", "conv1*"], in: directory)
    #expect(outcome.exitCode == 64, "\(outcome.errors)")
    #expect(
      outcome.errors.contains(#"training.frozen was ["conv*"] and is now ["conv1*"]"#), "\(outcome.errors)")
  }

  @Test(arguments: [["--anew", "fc2"], ["--weights-input", "caffe"]]) func optionsOfNoWeights(options: [String]) throws
  {
    let outcome = try Program.run(
      ["--recipe", try smallFashion(), "--run", "r", "--iterations", "0"] + options, in: directory)
    #expect(outcome.exitCode == 64, "\(outcome.errors)")
    #expect(
      outcome.errors.contains(
        "\(options[0]): expected weights to begin with, found none: give --weights, or leave \(options[0]) out"),
      "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("r")))
  }

  @Test func aMeanImageBesideADeviationIsWarnedOf() throws {
    try folder.train("base", iterations: 0)
    let images = URL(filePath: try smallFashion()).deletingLastPathComponent().path + "/images"
    let recipe = """
      recipe: fashion
      model: { width: 4 }
      data: { directory: \(images), validation: 1000 }
      weights: { source: base, deviation: [64] }
      """
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    let warning = "prelu-dist: warning: weights.deviation: expected a mean of each channel beside it"
    for options in [["--dry-run"], ["--iterations", "0"]] {
      let outcome = try Program.run(
        ["--recipe", "own.yaml", "--threads", "1", "--run", "doubted"] + options, in: directory)
      #expect(outcome.exitCode == 0 && outcome.errors.contains(warning), "\(outcome.errors)")
      #expect(outcome.output.contains("\nfrom   base/checkpoint-0.h5: a checkpoint, digest "), "\(outcome.output)")
    }
    let account = try String(contentsOfFile: folder.file("doubted/weights.txt"), encoding: .utf8)
    #expect(account.contains("\nwarning\tweights.deviation: expected"), "\(account)")
  }

  @Test func aFileOfWeightsIsNoCheckpoint() throws {
    try folder.train("base", iterations: 0)
    let made = try Program.run(["export", "base", "--to", "safetensors", "-o", "w.safetensors"], in: directory)
    #expect(made.exitCode == 0, "\(made.errors)")
    for arguments in [
      ["export", "w.safetensors", "--to", "onnx", "-o", "w.onnx"], ["seal", "w.safetensors", "-o", "n"],
    ] {
      let outcome = try Program.run(arguments, in: directory)
      #expect(
        outcome.exitCode == 65
          && outcome.errors.hasPrefix(
            "prelu-dist: w.safetensors: expected a checkpoint (an HDF5 file), found a safetensors file of ")
          && outcome.errors.hasSuffix(". A training begins with its weights by `prelu-dist train --weights`\n"),
        "\(outcome.errors)")
    }
  }

  /// Python reads the module whatever the file beside it is called.
  @Test(
    .enabled(if: hasH5py, "python3 is not installed"), arguments: [#"a\b"#, #"a\u"#, "a'''b", "a\"b", "größe", "a\nb"])
  func aModuleOfAnyName(name: String) throws {
    try folder.train("base", iterations: 0)
    let made = try Program.run(["export", "base", "--to", "pytorch", "-o", "\(name).py"], in: directory)
    #expect(made.exitCode == 0, "\(made.errors)")
    let outcome = try ChildProcess.capture(
      "/usr/bin/python3",
      [
        "-W", "error", "-c",
        """
        import ast, sys
        with open(sys.argv[1] + ".py", encoding="utf-8") as file:
            module = ast.parse(file.read())
        call = ast.get_docstring(module).split("model = ")[1].splitlines()[0]
        print(len(module.body), call)
        """, name,
      ], in: directory)
    #expect(outcome.exitCode == 0 && outcome.output.contains(" load("), "\(outcome.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.file("\(name).safetensors")))
  }

  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func namesInHDF5StayOnTheirLines() throws {
    try folder.train("base", iterations: 0)
    try folder.python(
      """
      evil = 'evil\\nprelu-dist: all is well\\x1b[2J'
      with h5py.File('evil.caffemodel.h5', 'w') as file:
          file[f'data/{evil}/0'] = numpy.zeros(3, dtype='i4')
      with h5py.File('base/checkpoint-0.h5', 'r+') as file:
          names = [evil + '/0'] + list(file['prelu_dist/parameter_names'].asstr()[1:])
          del file['prelu_dist/parameter_names']
          file['prelu_dist/parameter_names'] = numpy.array([name.encode() for name in names])
      """)
    let taken = try Program.run(
      ["--recipe", try smallFashion(), "--run", "r", "--weights", "evil.caffemodel.h5"], in: directory)
    let sealed = try Program.run(["seal", "base/checkpoint-0.h5", "-o", "sealed.h5"], in: directory)
    for (outcome, words) in [
      (taken, #"/data/"evil\nprelu-dist: all is well\u{1b}[2J"/0 does not hold floating-point numbers of 4 bytes"#),
      (sealed, #""evil\nprelu-dist: all is well\u{1b}[2J/0" is not the name of a parameter"#),
    ] {
      #expect(outcome.exitCode == 65 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    }
  }
}
