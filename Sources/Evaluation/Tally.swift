import Communication
import Kernels

/// The errors and guesses of the images that one rank has scored.
struct Tally {
  private let classCount: Int
  /// The numbers of images, top-1 errors and top-5 errors of each class: (classes, 3).
  private var counts: [Int64]
  /// The five likeliest classes of each image and the bits of their scores: (images, 5, 2), or fewer than 5 if there
  /// are fewer classes. They are zero for an image that another rank has scored, and the array is empty if predictions
  /// are not kept.
  private var guesses: [Int64]
  private let guessCount: Int
  /// The images' labels plus one; zero for an image that this rank has not scored.
  private var labels: [Int64]

  init(classes: Int, samples: Int, keepsPredictions: Bool) {
    classCount = classes
    counts = [Int64](repeating: 0, count: 3 * classes)
    guessCount = min(5, classes)
    guesses = [Int64](repeating: 0, count: keepsPredictions ? samples * 2 * guessCount : 0)
    labels = [Int64](repeating: 0, count: keepsPredictions ? samples : 0)
  }

  /// - Parameter scores: the scores of the samples: (samples, classes).
  mutating func add(_ samples: [Int], scores: [Double], labels: [Int32], _ averaging: TestProtocol.Averaging) {
    for (place, sample) in samples.enumerated() {
      var own = Array(scores[place * classCount..<(place + 1) * classCount])
      let label = Int(labels[sample])
      own.withUnsafeMutableBufferPointer { own in
        let place = rank(of: label, in: UnsafePointer(own.baseAddress!), classes: classCount)
        counts[3 * label] += 1
        counts[3 * label + 1] += place >= 1 ? 1 : 0
        counts[3 * label + 2] += place >= 5 ? 1 : 0
        guard !guesses.isEmpty else { return }
        if averaging == .logits {
          let logits = own.map { Float($0) }
          own.update(repeating: 0)
          addSoftmax(logits, classes: classCount, weight: 1, to: own.baseAddress!)
        }
        self.labels[sample] = Int64(label) + 1
        for (k, best) in highest(guessCount, of: UnsafeBufferPointer(own)).enumerated() {
          guesses[2 * (sample * guessCount + k)] = Int64(best)
          guesses[2 * (sample * guessCount + k) + 1] = Int64(bitPattern: own[best].bitPattern)
        }
      }
    }
  }

  /// Returns the sums over all ranks. Each image was scored by only one rank, so that the sums are its values.
  func result(_ world: World) throws(MPIError) -> EvaluationResult {
    var (counts, guesses, labels) = (counts, guesses, labels)
    try world.allreduceSum(&counts)
    if !guesses.isEmpty {
      try world.allreduceSum(&guesses)
      try world.allreduceSum(&labels)
    }
    let classes = (0..<classCount).map { index in
      ErrorCounts(
        images: Int(counts[3 * index]), top1: Int(counts[3 * index + 1]), top5: Int(counts[3 * index + 2]))
    }
    let predictions = labels.indices.filter { labels[$0] > 0 }.map { sample in
      let places = (0..<guessCount).map { 2 * (sample * guessCount + $0) }
      return Guesses(
        sample: sample, label: Int(labels[sample] - 1), classes: places.map { Int(guesses[$0]) },
        scores: places.map { Double(bitPattern: UInt64(bitPattern: guesses[$0 + 1])) })
    }
    return EvaluationResult(classes: classes, predictions: predictions)
  }
}
