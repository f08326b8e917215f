import ArgumentParser
import Evaluation

extension TestProtocol.Views: ExpressibleByArgument {}
extension TestProtocol.Averaging: ExpressibleByArgument {}

/// The protocol of a test: the options that `evaluate` and `predict` share.
struct TestOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp(
      "The views of an image that are scored. center: its middle; 10-view: its corners and its middle, each with its "
        + "mirror image; dense: every window of the whole image's last map.",
      valueName: "views"))
  var views: TestProtocol.Views = .center

  @Option(
    help: ArgumentHelp(
      "The lengths that the image's shorter side is resized to; the scores of several are averaged (default: the scale "
        + "that the recipe evaluates at).",
      valueName: "256,384,…"))
  var scales: Scales?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether the scores of the mirror image are averaged in, too (default: for --protocol dense only).")
  var mirror: Bool?

  @Option(
    help: ArgumentHelp(
      "The scores that are averaged over views, scales and models: the outputs of the softmax (probabilities) or its "
        + "inputs (logits).",
      valueName: "scores"))
  var average: TestProtocol.Averaging = .probabilities

  @Option(
    help: ArgumentHelp(
      "The width of a border of zeros around the image (default: as in training; 0 for photographs).",
      valueName: "pixels"))
  var padding: Int?

  /// The values of `--scales`, such as 256,384.
  struct Scales: ExpressibleByArgument {
    let values: [Int]

    init?(argument: String) {
      let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard !values.contains(nil) else { return nil }
      self.values = values.compactMap(\.self)
    }
  }

  func validate() throws {
    try checkRange("--padding", padding, .within(0...1024), unit: "pixels")
    for scale in scales?.values ?? [] { try checkRange("--scales", scale, .within(1...1 << 14), unit: "pixels") }
    if let scales, Set(scales.values).count < scales.values.count {
      throw ValidationError("--scales names a scale twice.")
    }
  }

  var test: TestProtocol {
    TestProtocol(views, scales: scales?.values ?? [], mirror: mirror, averaging: average)
  }

  /// The protocol in words, such as "10-view at 256".
  var summary: String {
    var text = views.rawValue
    if let scales { text += " at \(scales.values.map(String.init).joined(separator: ", "))" }
    if let mirror, views != .tenView { text += mirror ? ", mirrored too" : ", not mirrored" }
    if average == .logits { text += ", logits averaged" }
    return text
  }
}
