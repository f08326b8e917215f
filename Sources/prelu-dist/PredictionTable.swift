import Evaluation
import Foundation

/// Prints the likeliest classes of pictures, one after the other.
struct PredictionTable {
  private let classNames: [String]
  private let json: Bool

  init(_ classNames: [String], json: Bool) {
    self.classNames = classNames
    self.json = json
  }

  func show(_ name: String, label: Int?, _ scores: Predictor.Scores) {
    let best = scores.best(5)
    guard json else {
      let truth = label.map { "  (labelled \(classNames[$0].onOneLine))" } ?? ""
      Console.say("\(name.onOneLine)\(truth)")
      for index in best {
        Console.say(String(format: "  %6.2f %%  %@", 100 * scores.probabilities[index], classNames[index].onOneLine))
      }
      return
    }
    var object: [String: Any] = [
      "image": name, "scores": scores.logits,
      "top5": best.map {
        ["class": $0, "name": classNames[$0], "probability": scores.probabilities[$0]] as [String: Any]
      },
    ]
    if let label { object["label"] = label }
    Console.sayJSON(object)
  }
}
