import ArgumentParser
import Evaluation

extension TestProtocol.Views: ExpressibleByArgument {}
extension TestProtocol.Averaging: ExpressibleByArgument {}

/// What networks see of an image in a test: the flags of `evaluate` and `predict`.
struct TestOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "center: the middle; 10-view: corners and middle, each with its mirror image; dense: every window of the whole image's last map.",
      valueName: "center|10-view|dense"))
  var views: TestProtocol.Views = .center

  @Option(
    help: ArgumentHelp(
      "What the image's shorter side is resized to; the scores of several are averaged (default: as the recipe evaluates).",
      valueName: "256,384,…"))
  var scales: Scales?

  @Flag(inversion: .prefixedNo, help: "Average with the mirror image (default: with dense).")
  var mirror: Bool?

  @Option(help: "What is averaged over views, scales and models.")
  var average: TestProtocol.Averaging = .probabilities

  @Option(help: "Zeros around the image (default: as in training; none around photographs).")
  var padding: Int?

  struct Scales: ExpressibleByArgument {
    let values: [Int]

    init?(argument: String) {
      let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard values.allSatisfy({ (1...1 << 14).contains($0 ?? 0) }) else { return nil }
      self.values = values.compactMap { $0 }
    }
  }

  func validate() throws {
    if let padding, !(0...1024).contains(padding) {
      throw ValidationError("--padding is \(padding); it takes 0 to 1024.")
    }
    if let scales, Set(scales.values).count < scales.values.count {
      throw ValidationError("--scales names a scale twice.")
    }
  }

  var test: TestProtocol {
    TestProtocol(views, scales: scales?.values ?? [], mirror: mirror, averaging: average)
  }

  /// Such as "10-view at 256".
  var summary: String {
    var text = views.rawValue
    if let scales { text += " at \(scales.values.map(String.init).joined(separator: ", "))" }
    if let mirror, views != .tenView { text += mirror ? ", mirrored too" : ", not mirrored" }
    if average == .logits { text += ", logits averaged" }
    return text
  }
}
