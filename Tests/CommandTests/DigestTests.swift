import Foundation
import TestSupport
import Testing

/// A line of Tests/Golden/bits.tsv: a short run, and the digest of its parameters and momentum.
struct KnownDigest: CustomTestStringConvertible, Sendable {
  static let golden = URL(filePath: goldenPhotos).deletingLastPathComponent().path

  let name: String
  let iterations: Int
  let digest: String
  /// The options of `train`.
  let settings: [String]

  var testDescription: String { name }

  static let all: [KnownDigest] = {
    guard let text = try? String(contentsOfFile: "\(golden)/bits.tsv", encoding: .utf8) else { return [] }
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      let cells = line.split(separator: "\t")
      guard cells.count == 4, let iterations = Int(cells[1]) else { return nil }
      let settings = cells[3].replacing("{golden}", with: golden).split(separator: " ").map(String.init)
      return KnownDigest(
        name: String(cells[0]), iterations: iterations, digest: String(cells[2]), settings: settings)
    }
  }()
}

/// Tests of the promise that float32 arithmetic has the same bits on every processor from level v3 on. This processor
/// computes with the level that the tests are built for; scripts/test-package does the same with v3, and the digests
/// themselves have been found on processors of both kinds.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct DigestTests {
  @Test func thereAreRecipesOfAllKinds() {
    #expect(KnownDigest.all.map(\.name) == ["default", "fashion-30", "own", "im2col", "photos"])
  }

  @Test(arguments: KnownDigest.all)
  func theBitsAreThoseOfEveryProcessor(known: KnownDigest) throws {
    let folder = try ScratchFolder()
    if known.settings.contains("{pack}") {
      let packed = try Program.run(
        [
          "pack", "\(KnownDigest.golden)/bits-photos.txt", "--root", goldenPhotos, "--hold-out", "3",
          "--output", "pack.h5",
        ], in: folder.path)
      #expect(packed.exitCode == 0, "\(packed.errors)")
    }
    let settings = known.settings.map { $0 == "{pack}" ? folder.file("pack.h5") : $0 }
    for ranks in [nil, 2] as [Int?] {
      let run = "run-\(ranks ?? 1)"
      let outcome = try Program.run(
        ["train", "--run", run, "--iterations", "\(known.iterations)", "--threads", "1"] + settings, ranks: ranks,
        in: folder.path)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let (digest, iteration) = try Program.inspect(run, in: folder.path)
      #expect(iteration == known.iterations)
      #expect(digest == known.digest, "\(known.name) on \(ranks ?? 1) ranks")
    }
  }
}
