import System

/// The identity of the data that a run was trained on, by which a resumed run recognizes that they are still the same.
/// It holds no path.
public struct DataFingerprint: Codable, Equatable, Sendable {
  /// The kind of source: `idx` or `pack`.
  public var kind: String
  /// The number of training images, without those kept back for validation.
  public var trainingCount: Int
  public var validationCount: Int
  public var testCount: Int
  public var extents: Extents
  public var classCount: Int
  /// The digest of all pixels and labels in their order, or of a pack's files: 16 hexadecimal digits.
  public var digest: String

  public init(
    kind: String, trainingCount: Int, validationCount: Int, testCount: Int, extents: Extents, classCount: Int,
    digest: String
  ) {
    self.kind = kind
    self.trainingCount = trainingCount
    self.validationCount = validationCount
    self.testCount = testCount
    self.extents = extents
    self.classCount = classCount
    self.digest = digest
  }

  public init(kind: String, training: LabeledImages, validation: LabeledImages, test: LabeledImages) {
    self.kind = kind
    trainingCount = training.count
    validationCount = validation.count
    testCount = test.count
    extents = training.extents
    classCount = training.classCount
    digest = hexadecimal([training, validation, test].reduce(0) { contentDigest($1, seed: $0) })
  }

  /// Returns a sentence for each difference between these data and `other`, which were used before. The array is empty
  /// if they are the same.
  public func differences(from other: DataFingerprint) -> [String] {
    var sentences: [String] = []
    func compare<Value: Equatable>(_ name: String, _ property: KeyPath<DataFingerprint, Value>) {
      let (now, before) = (self[keyPath: property], other[keyPath: property])
      if now != before { sentences.append("The data's \(name) is \(now) and was \(before).") }
    }
    compare("kind", \.kind)
    compare("number of training images", \.trainingCount)
    compare("number of validation images", \.validationCount)
    compare("number of test images", \.testCount)
    compare("image size", \.extents)
    compare("number of classes", \.classCount)
    // If counts or sizes differ, a different digest says nothing new.
    if sentences.isEmpty, digest != other.digest {
      sentences.append("The pixels or labels are not the same: their digest is \(digest) and was \(other.digest).")
    }
    return sentences
  }
}
