import Evaluation

/// The object that `predict --json` prints for a picture.
struct PictureObject: Encodable {
  struct Guess: Encodable {
    let index: Int
    let name: String
    let probability: Double

    private enum CodingKeys: String, CodingKey {
      case name, probability
      case index = "class"
    }
  }

  let image: String
  /// The true class of a test image; nil, and left out, for a picture without a label.
  let label: Int?
  /// The averaged inputs of the softmax, one for each class.
  let scores: [Double]
  /// The likeliest classes, the likeliest first.
  let top5: [Guess]

  init(_ name: String, label: Int?, _ scores: Predictor.Scores, best: [Int], classNames: [String]) {
    image = name
    self.label = label
    self.scores = scores.logits
    top5 = best.map { Guess(index: $0, name: classNames[$0], probability: scores.probabilities[$0]) }
  }
}
