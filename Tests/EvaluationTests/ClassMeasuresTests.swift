import Evaluation
import Foundation
import Testing

/// The values are those of scikit-learn 1.2.1: `precision_recall_fscore_support(…, zero_division=0)` and
/// `balanced_accuracy_score`.
@Suite struct ClassMeasuresTests {
  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-14 }

  private func expect(
    _ measures: ClassMeasures, macro: [Double], weighted: [Double], balanced: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (own, expected) in [(measures.macro, macro), (measures.weighted, weighted)] {
      #expect(near(own.precision, expected[0]), sourceLocation: sourceLocation)
      #expect(near(own.recall, expected[1]), sourceLocation: sourceLocation)
      #expect(near(own.f1, expected[2]), sourceLocation: sourceLocation)
    }
    #expect(near(measures.balancedAccuracy, balanced), sourceLocation: sourceLocation)
  }

  @Test func ofThreeClasses() {
    let measures = ClassMeasures(images: [4, 2, 4], guesses: [4, 2, 4], right: [2, 1, 3])
    let seven = 0.5833333333333334
    expect(measures, macro: [seven, seven, seven], weighted: [0.6, 0.6, 0.6], balanced: seven)
    #expect(measures.classes.map(\.precision) == [0.5, 0.5, 0.75])
  }

  /// One class has no images and is guessed, one is neither there nor guessed.
  @Test func ofClassesWithoutImages() {
    let measures = ClassMeasures(images: [3, 2, 0, 0, 4], guesses: [4, 1, 0, 2, 2], right: [2, 1, 0, 0, 2])
    expect(
      measures, macro: [0.625, 0.41666666666666663, 0.47619047619047616],
      weighted: [0.8333333333333334, 0.5555555555555556, 0.6349206349206349], balanced: 0.5555555555555555)
    #expect(measures.classes.map(\.recall) == [2.0 / 3, 0.5, 0, 0, 0.5])
  }

  @Test func ofTwelveUnequalClasses() {
    let measures = ClassMeasures(
      images: [4, 14, 18, 21, 36, 37, 35, 55, 61, 63, 81, 75],
      guesses: [21, 27, 23, 32, 36, 32, 44, 57, 49, 59, 61, 59],
      right: [4, 10, 14, 15, 23, 20, 26, 39, 38, 41, 52, 45])
    expect(
      measures, macro: [0.6052414215211156, 0.6961205389028705, 0.6164251076837023],
      weighted: [0.697048224879426, 0.654, 0.6645327199552871], balanced: 0.6961205389028705)
    #expect(near(measures.classes[0].f1, 0.32) && near(measures.classes[11].f1, 0.6716417910447762))
  }

  // MARK: - Data sets

  /// The file that Tests/Golden/measures.py wrote.
  private struct Golden: Decodable {
    struct Measured: Decodable {
      let name: String
      let classes: Int
      let truth: [Int]
      let guesses: [Int]
      /// Precision, recall and F1, each of all classes.
      let each: [[Double]]
      let macro: [Double]
      let weighted: [Double]
      let balanced: Double
    }

    let sets: [Measured]
  }

  @Test func ofThreeDataSets() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/measures.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: path))
    #expect(golden.sets.map(\.name) == ["digits", "wines", "unequal"])
    for one in golden.sets {
      var (images, guesses, right) = (
        [Int](repeating: 0, count: one.classes), [Int](repeating: 0, count: one.classes),
        [Int](repeating: 0, count: one.classes)
      )
      for (truth, guess) in zip(one.truth, one.guesses) {
        images[truth] += 1
        guesses[guess] += 1
        if truth == guess { right[truth] += 1 }
      }
      #expect(one.name != "unequal" || images.contains(0) && guesses.contains(0))
      let measures = ClassMeasures(images: images, guesses: guesses, right: right)
      expect(measures, macro: one.macro, weighted: one.weighted, balanced: one.balanced)
      for (index, own) in measures.classes.enumerated() {
        #expect(near(own.precision, one.each[0][index]), "\(one.name), class \(index)")
        #expect(near(own.recall, one.each[1][index]), "\(one.name), class \(index)")
        #expect(near(own.f1, one.each[2][index]), "\(one.name), class \(index)")
      }
    }
  }
}
