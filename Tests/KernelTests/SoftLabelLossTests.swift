import Kernels
import TestSupport
import Testing

/// The loss against probabilities of the classes, by PyTorch and timm (`Tests/Golden/regularization.py`).
@Suite struct SoftLabelLossTests {
  private let golden: GoldenFile
  private let rows = 5
  private let classes = 7
  private let smoothing = 0.1

  init() throws {
    golden = try GoldenFile("regularization.json")
  }

  private func whole(_ name: String) throws -> [Int32] { try golden.tensor("loss/\(name)").values.map { Int32($0) } }
  private func numbers(_ name: String) throws -> [Double] { try golden.tensor("loss/\(name)").values.map(Double.init) }

  private func expect(_ name: String, _ soft: SoftLabels) throws {
    let dScores = GuardedBuffer(rows * classes)
    let scores = try golden.tensor("loss/scores").values
    let result = try whole("labels").withUnsafeBufferPointer {
      softLabelLoss(
        scores, SoftLossTarget(labels: $0.baseAddress!, soft: soft), rows: rows, classes: classes,
        dScores: dScores.base)
    }
    // The file has float32; everything but the gradient's last rounding is in Double here.
    let mean = try numbers(name)[0]
    #expect(abs(result.lossSum / Double(rows) - mean) <= 0x1p-23 * mean, "\(name)")
    for (place, expected) in try golden.tensor("loss/\(name)/gradient").values.enumerated() {
      #expect(abs(dScores.base[place] - expected) <= 0x1p-22 * abs(expected) + 1e-8, "\(name), \(place)")
    }
    #expect(dScores.isIntactAround)
  }

  @Test func smoothedLabelsArePyTorchs() throws {
    try expect("smoothed", SoftLabels(smoothing: smoothing))
    try expect("weighted", SoftLabels(smoothing: smoothing, classWeights: try numbers("weights")))
  }

  @Test func mixedLabelsAreTimms() throws {
    let (partners, shares) = (try whole("partners"), try numbers("shares"))
    try expect("mixed", SoftLabels(partners: partners, shares: shares))
    try expect("mixed-smoothed", SoftLabels(partners: partners, shares: shares, smoothing: smoothing))
  }

  /// Labels that are certain give the plain loss, and the class of the greater share decides about errors.
  @Test func certainLabelsGiveThePlainLoss() {
    let (labels, partners): ([Int32], [Int32]) = ([0, 1, 2], [1, 1, 0])
    let scores: [Float] = [3, 1, -2, 0.5, 0.25, 4, 1, 1, 1]
    let (plain, soft) = (GuardedBuffer(9), GuardedBuffer(9))
    let expected = softmaxLoss(scores, labels: labels, rows: 3, classes: 3, dScores: plain.base)
    func result(_ shares: [Double]) -> LossResult {
      labels.withUnsafeBufferPointer {
        softLabelLoss(
          scores,
          SoftLossTarget(labels: $0.baseAddress!, soft: SoftLabels(partners: partners, shares: shares)), rows: 3,
          classes: 3, dScores: soft.base)
      }
    }
    let certain = result([1, 0, 1])
    #expect(abs(certain.lossSum - expected.lossSum) <= 1e-12)
    #expect(zip(plain.values, soft.values).allSatisfy { abs($0 - $1) <= 1e-7 })
    #expect(certain.errors == expected.errors && expected.errors == 2)
    // The last row's scores are equal, so that its first class counts as the guess.
    #expect(result([0.4, 1, 0.4]).errors == 2)
    #expect(result([0.6, 1, 0.4]).errors == 1)
  }

  @Test func scoresThatAreNoNumbersShow() {
    let dScores = GuardedBuffer(3)
    let labels: [Int32] = [1]
    for score in [Float.nan, .infinity] {
      let result = labels.withUnsafeBufferPointer {
        softLabelLoss(
          [1, score, 2], SoftLossTarget(labels: $0.baseAddress!, soft: SoftLabels(smoothing: 0.1)), rows: 1,
          classes: 3, dScores: dScores.base)
      }
      #expect(!result.lossSum.isFinite, "\(score)")
    }
  }
}
