import Evaluation
import Foundation

/// Prints the likeliest classes of pictures, one picture after the other.
struct PredictionTable {
  private let classNames: [String]
  private let json: Bool

  init(_ classNames: [String], json: Bool) {
    self.classNames = classNames
    self.json = json
  }

  /// - Parameters:
  ///   - name: the picture's path, or another name for it.
  ///   - label: the picture's true class; nil where it is unknown.
  func show(_ name: String, label: Int?, _ scores: Predictor.Scores) {
    let best = scores.best(5)
    guard !json else {
      return Console.sayJSON(PictureObject(name, label: label, scores, best: best, classNames: classNames))
    }
    let truth = label.map { "  (labeled \(classNames[$0].onOneLine))" } ?? ""
    Console.say("\(name.onOneLine)\(truth)")
    for index in best {
      Console.say(String(format: "  %6.2f %%  %@", 100 * scores.probabilities[index], classNames[index].onOneLine))
    }
  }
}
