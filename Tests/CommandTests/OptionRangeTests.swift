import Foundation
import TestSupport
import Testing

/// The refusal of a number that an option does not take: the option, what it takes, and what was found.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct OptionRangeTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test(arguments: [
    (["train", "--threads", "0"], "--threads takes 1 to 4096, not 0."),
    (["train", "--preview", "10001"], "--preview takes 1 to 10000, not 10001."),
    (["train", "--time-limit", "0"], "--time-limit takes more than 0 minutes, not 0."),
    (["train", "--time-limit", "nan"], "--time-limit takes more than 0 minutes, not nan."),
    (["train", "--time-limit", "inf"], "--time-limit takes more than 0 minutes, not inf."),
    (["train", "--threads", "4097"], "--threads takes 1 to 4096, not 4097."),
    (["train", "--loading-threads", "0"], "--loading-threads takes 1 to 4096, not 0."),
    (["train", "--iterations=-1"], "--iterations takes 0 or more, not -1."),
    (["train", "--log-statistics", "0"], "--log-statistics takes 1 or more, not 0."),
    (["train", "--stall-warning", "0.5"], "--stall-warning takes 1 s or more, not 0.5."),
    (["train", "--stall-limit", "5"], "--stall-limit takes 0, or the 60 s of --stall-warning or more, not 5."),
    (["train", "--stall-limit", "inf"], "--stall-limit takes 0, or the 60 s of --stall-warning or more, not inf."),
    (["evaluate", "a", "--subset", "0"], "--subset takes 1 or more, not 0."),
    (["evaluate", "a", "--padding", "1025"], "--padding takes 0 to 1024 pixels, not 1025."),
    (["predict", "a", "b", "--scales", "0"], "--scales takes 1 to 16384 pixels, not 0."),
    (["pack", "x", "-o", "a.h5", "--shorter-side", "31"], "--shorter-side takes 32 to 16384 pixels, not 31."),
    (["pack", "x", "-o", "a.h5", "--quality", "101"], "--quality takes 1 to 100, not 101."),
    (["pack", "x", "-o", "a.h5", "--shards", "0"], "--shards takes 1 to 10000, not 0."),
    (["pack", "x", "-o", "a.h5", "--hold-out=-1"], "--hold-out takes 0 to 1000000000, not -1."),
    (["pack", "x", "-o", "a.h5", "--mean-side", "0"], "--mean-side takes 1 to 4096 pixels, not 0."),
    (["pack", "x", "-o", "a.h5", "--mean-crop", "257"], "--mean-crop takes 1 to 256 pixels, not 257."),
    (["pack", "x", "-o", "a.h5", "--preview", "0"], "--preview takes 1 to 10000, not 0."),
    (["pack", "x", "-o", "a.h5", "--threads", "0"], "--threads takes 1 to 4096, not 0."),
    (["pack", "x", "-o", "folder/"], "--output needs a file's name."),
    (["average", "a", "-o", ""], "--output needs a file's name."),
    (
      ["inspect", "a", "--algorithms"],
      "--algorithms, --convolution, --precision and --threads go with --model or --recipe."
    ),
    (
      ["inspect", "a", "--threads", "8"],
      "--algorithms, --convolution, --precision and --threads go with --model or --recipe."
    ),
    (["inspect", "--model", "A", "--threads", "0"], "--threads takes 1 to 4096, not 0."),
    (["inspect", "--model", "A", "--threads", "8", "--images", "0"], "--images takes 1 to 4096, not 0."),
    (
      ["inspect", "a", "--activation", "relu"], "--activation goes with --model or --recipe; a checkpoint has its own."
    ),
    (
      ["inspect", "a", "--model", "A"],
      "expected a checkpoint, a run folder, a pack, --model or --recipe, found a and --model A: name one of them"
    ),
    (["evaluate"], "Missing expected argument '<checkpoint|run> ...'"),
    (["report"], "Missing expected argument '<run> ...'"),
    (["bench", "convolution", "--batch", "0"], "--batch takes 1 to 65536, not 0."),
    (
      ["bench", "step", "--batch", "9223372036854775807"], "--batch takes 1 to 65536, not 9223372036854775807."
    ),
    (
      ["bench", "convolution", "--batch", "4611686018427387904"],
      "--batch takes 1 to 65536, not 4611686018427387904."
    ),
    (["bench", "convolution", "--runs", "0"], "--runs takes 1 to 1000000, not 0."),
    (["bench", "step", "--threads", "0"], "--threads takes 1 to 4096, not 0."),
    (["bench", "checkpoint", "--runs", "0"], "--runs takes 1 to 1000000, not 0."),
    (["bench", "feeding", "a.h5", "--samples", "0"], "--samples takes 1 to 1073741824, not 0."),
    (["bench", "feeding", "a.h5", "--runs", "0"], "--runs takes 1 to 1000000, not 0."),
    (["bench", "dense", "--runs", "0"], "--runs takes 1 to 1000000, not 0."),
    (["bench", "dense", "--scale", "16385"], "--scale takes 1 to 16384 pixels, not 16385."),
    (["bench", "dense", "--aspect", "0.5"], "--aspect takes 1 to 100, not 0.5."),
    (
      ["bench", "dense", "--model", "A", "--scale", "200", "--aspect", "1.5"],
      "a picture of 300×200 is smaller than the network's input of 224×224: choose a larger --scale"
    ),
    (["bench", "scaling", "--images", "0"], "--images takes 1 to 65536, not 0."),
    (["bench", "scaling", "--check-batch=-1"], "--check-batch takes 0 to 65536, not -1."),
    (["bench", "scaling", "--max-nodes", "65537"], "--max-nodes takes 1 to 65536, not 65537."),
    (["bench", "scaling", "--local-latency=-1"], "--local-latency takes 0 to 1000000000 µs, not -1."),
    (["bench", "scaling", "--bandwidth", "0"], "--bandwidth takes 1e-06 to 1000000000 Gbit/s, not 0."),
    (["bench", "scaling", "--latency", "inf"], "--latency takes 0 to 1000000000 µs, not inf."),
    (["bench", "scaling", "--csv", ""], "--csv needs a file's name."),
  ])
  func theRangeIsSaid(arguments: [String], text: String) throws {
    let outcome = try Program.run(arguments, in: folder.path)
    // Only what is refused after the options were read is reported by the program itself.
    let isWhole = ["Error: \(text)\n", "prelu-dist: \(text)\n"].contains { outcome.errors.hasPrefix($0) }
    #expect(outcome.exitCode == 64 && isWhole, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.count > 36 })
  }
}
