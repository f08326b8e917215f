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

  @discardableResult
  private func train(_ run: String, iterations: Int, ranks: Int? = nil, _ more: [String] = []) throws -> Program.Outcome
  {
    let outcome = try Program.run(
      ["--recipe", try smallFashion(), "--width", "4", "--threads", "1", "--run", run, "--iterations", "\(iterations)"]
        + more, ranks: ranks, in: directory)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return outcome
  }

  private func digest(_ run: String) throws -> String { try Program.inspect(run, in: directory).digest }

  @Test func theSameBitsOnAnyRanksAndResumed() throws {
    try train("base", iterations: 10)
    let tuned = ["--weights", "base", "--freeze", "conv*", "--learning-rate", "0.005"]
    let outcome = try train("tuned", iterations: 12, tuned)
    #expect(outcome.output.contains("\nfrom   base/checkpoint-10.h5: a checkpoint, digest "), "\(outcome.output)")
    #expect(outcome.output.contains("\n       taken  conv1_1, conv1_1_prelu, … fc2: 15\n"), "\(outcome.output)")
    let expected = try digest("tuned")
    for ranks in [2, 4] {
      try train("tuned-\(ranks)", iterations: 12, ranks: ranks, tuned)
      #expect(try digest("tuned-\(ranks)") == expected)
    }
    try train("cut", iterations: 5, ranks: 2, tuned)
    let resumed = try Program.run(["--resume", "cut", "--iterations", "12", "--threads", "1"], in: directory)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try digest("cut") == expected)
    let account = try String(contentsOfFile: folder.file("tuned/weights.txt"), encoding: .utf8)
    #expect(account.hasPrefix("source\tbase/checkpoint-10.h5\nkind\ta checkpoint\ndigest\t\(try digest("base"))\n"))
    let settings = try String(contentsOfFile: folder.file("tuned/config.yaml"), encoding: .utf8)
    #expect(settings.contains("  digest: \"\(try digest("base"))\"\n") || settings.contains(try digest("base")))
    let other = try Program.run(["--resume", "cut", "--weights", "tuned"], in: directory)
    #expect(other.exitCode == 64, "\(other.errors)")
    #expect(other.errors.contains("weights.source was base and is now tuned"), "\(other.errors)")
  }

  /// Of another seed: only the file can have brought the first one's bits.
  @Test func anExportIsReadBackToTheBit() throws {
    try train("base", iterations: 0)
    for format in ["safetensors", "onnx", "pytorch"] {
      let outcome = try Program.run(
        ["export", "base", "--to", format, "-o", format == "pytorch" ? "net.py" : "base.\(format)"], in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    #expect(try folder.bytes("net.safetensors") == folder.bytes("base.safetensors"))
    try train("back", iterations: 0, ["--weights", "base.safetensors", "--seed", "2"])
    #expect(try digest("back") == digest("base"))
    try train("other", iterations: 0, ["--seed", "2"])
    #expect(try digest("other") != digest("base"))
    let module = try String(contentsOfFile: folder.file("net.py"), encoding: .utf8)
    #expect(module.split(separator: "\n", omittingEmptySubsequences: false).count <= 100)
  }

  @Test func whatCannotBeTakenIsRefused() throws {
    try train("base", iterations: 0)
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
          weights of the same network, or begin the layer anew by --anew conv1_1
          """),
      "\(words)")
    let (nothing, frozen) = try refusal(["--freeze", "*"])
    #expect(nothing == 65 && frozen.contains("expected at least one layer to train, found all 8 frozen"), "\(frozen)")
  }

  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func aChangedCheckpointIsSealed() throws {
    try train("base", iterations: 2)
    let change = try ChildProcess.capture(
      "/usr/bin/python3",
      ["-c", "import h5py; h5py.File('\(folder.file("base/checkpoint-2.h5"))', 'r+')['data/fc2/0'][0] = 0"])
    #expect(change.exitCode == 0, "\(change.errors)")
    let refused = try Program.run(["inspect", "base/checkpoint-2.h5"], in: directory)
    #expect(
      refused.exitCode == 65
        && refused.errors.contains(
          "Use another one. A deliberate change is sealed by `prelu-dist seal FILE -o NEW.h5`"),
      "\(refused.errors)")
    let sealed = try Program.run(["seal", "base/checkpoint-2.h5", "-o", "sealed.h5"], in: directory)
    #expect(sealed.exitCode == 0 && sealed.output == "changed   fc2/0\nsealed.h5: sealed\n", "\(sealed.errors)")
    #expect(try Program.run(["inspect", "sealed.h5"], in: directory).exitCode == 0)
    let again = try Program.run(["seal", "sealed.h5", "-o", "again.h5"], in: directory)
    #expect(again.output == "nothing has changed\nagain.h5: sealed\n", "\(again.errors)")
    #expect(try digest("sealed.h5") == digest("again.h5"))
  }
}

private let hasH5py = (try? ChildProcess.capture("/usr/bin/python3", ["-c", "import h5py"]).exitCode) == 0
