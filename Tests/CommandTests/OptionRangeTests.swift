import Foundation
import TestSupport
import Testing

/// Numbers that a command does not take: which option, what was found, what it takes.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct OptionRangeTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test(arguments: [
    (["train", "--threads", "0"], "--threads is 0; it takes 1 or more."),
    (["train", "--preview", "10001"], "--preview is 10001; it takes 1 to 10000."),
    (["train", "--time-limit", "0"], "--time-limit is 0.0; it takes minutes above 0."),
    (["train", "--time-limit", "nan"], "--time-limit is nan; it takes minutes above 0."),
    (["evaluate", "a", "--padding", "1025"], "--padding is 1025; it takes 0 to 1024."),
    (["predict", "a", "b", "--scales", "0"], "'0' is invalid"),
    (["pack", "x", "-o", "a.h5", "--shorter-side", "31"], "--shorter-side is 31; it takes 32 to 16384."),
    (["pack", "x", "-o", "a.h5", "--quality", "101"], "--quality is 101; it takes 1 to 100."),
    (["pack", "x", "-o", "a.h5", "--shards", "0"], "--shards is 0; it takes 1 to 10000."),
    (["pack", "x", "-o", "a.h5", "--hold-out=-1"], "--hold-out is -1; it takes 0 to 1000000000."),
    (["pack", "x", "-o", "a.h5", "--mean-side", "0"], "--mean-side is 0; it takes 1 to 4096."),
    (["pack", "x", "-o", "a.h5", "--mean-crop", "257"], "--mean-crop is 257; it takes 1 to 256."),
    (["pack", "x", "-o", "a.h5", "--preview", "0"], "--preview is 0; it takes 1 to 10000."),
    (["pack", "x", "-o", "a.h5", "--threads", "0"], "--threads is 0; it takes 1 to 4096."),
    (["pack", "x", "-o", "folder/"], "--output needs a file's name."),
    (["average", "a", "-o", ""], "--output needs a file's name."),
    (["inspect", "a", "--algorithms"], "--algorithms and --convolution go with --model or --recipe."),
    (
      ["inspect", "a", "--activation", "relu"], "--activation goes with --model or --recipe; a checkpoint has its own."
    ),
    (["inspect", "a", "--model", "A"], "Name one thing: a checkpoint, --model or --recipe."),
    (["evaluate"], "Missing expected argument '<checkpoint|run> ...'"),
    (["report"], "Missing expected argument '<run> ...'"),
    (["bench", "convolution", "--batch", "0"], "--batch takes a number from 1 on, not 0."),
    (["bench", "convolution", "--runs", "0"], "--runs takes a number from 1 on, not 0."),
    (["bench", "step", "--threads", "0"], "--threads takes a number from 1 on, not 0."),
    (["bench", "checkpoint", "--runs", "0"], "--runs takes a number from 1 on, not 0."),
    (["bench", "feeding", "a.h5", "--samples", "0"], "--samples takes a number from 1 on, not 0."),
    (["bench", "feeding", "a.h5", "--runs", "0"], "--runs takes a number from 1 on, not 0."),
    (["bench", "dense", "--runs", "0"], "--runs takes a number from 1 on, not 0."),
    (["bench", "dense", "--scale", "16385"], "--scale takes 1 to 16384, not 16385."),
    (["bench", "dense", "--aspect", "0.5"], "--aspect takes 1 to 100, not 0.5."),
    (
      ["bench", "dense", "--model", "A", "--scale", "200", "--aspect", "1.5"],
      "a picture of 300×200 is smaller than the network's input of 224×224: choose a larger --scale"
    ),
    (["bench", "scaling", "--images", "0"], "--images takes a number from 1 on, not 0."),
    (["bench", "scaling", "--check-batch=-1"], "--check-batch takes a number from 0 on, not -1."),
    (["bench", "scaling", "--max-ranks", "1048577"], "--max-ranks takes at most 1048576, not 1048577."),
    (["bench", "scaling", "--local-latency=-1"], "--local-latency takes microseconds from 0 on, not -1.0."),
    (["bench", "scaling", "--bandwidth", "0"], "--bandwidth takes Gbit/s, more than 0, not 0.0."),
    (["bench", "scaling", "--csv", ""], "--csv needs the name of a file."),
  ])
  func theRangeIsSaid(arguments: [String], text: String) throws {
    let outcome = try Program.run(arguments, in: folder.path)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(text), "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { $0.count > 36 })
  }
}
