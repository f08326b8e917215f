import Communication
import Kernels

/// The errors and guesses of the images that one rank has scored.
struct Tally {
  private let classCount: Int
  /// The numbers of images, top-1 errors, top-5 errors and first guesses of each class: (classes, 4).
  private var counts: [Int64]
  /// The number of images of each class for each first guess: (classes, guesses); empty if it is not kept.
  private var confusion: [Int64]
  /// The five likeliest classes of each image and the bits of their scores: (images, 5, 2), or fewer than 5 if there
  /// are fewer classes. They are zero for an image that another rank has scored, and the array is empty if predictions
  /// are not kept.
  private var guesses: [Int64]
  private let guessCount: Int
  /// The images' labels plus one; zero for an image that this rank has not scored.
  private var labels: [Int64]

  init(classes: Int, samples: Int, keepsPredictions: Bool, keepsConfusion: Bool) {
    classCount = classes
    counts = [Int64](repeating: 0, count: 4 * classes)
    confusion = [Int64](repeating: 0, count: keepsConfusion ? classes * classes : 0)
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
        counts[4 * label] += 1
        counts[4 * label + 1] += place >= 1 ? 1 : 0
        counts[4 * label + 2] += place >= 5 ? 1 : 0
        let guess = place == 0 ? label : highest(1, of: UnsafeBufferPointer(own))[0]
        counts[4 * guess + 3] += 1
        if !confusion.isEmpty { confusion[label * classCount + guess] += 1 }
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
    var (counts, confusion, guesses, labels) = (counts, confusion, guesses, labels)
    try world.allreduceSum(&counts)
    if !confusion.isEmpty { try world.allreduceSum(&confusion) }
    if !guesses.isEmpty {
      try world.allreduceSum(&guesses)
      try world.allreduceSum(&labels)
    }
    let classes = (0..<classCount).map { index in
      ErrorCounts(
        images: Int(counts[4 * index]), top1: Int(counts[4 * index + 1]), top5: Int(counts[4 * index + 2]))
    }
    let predictions = labels.indices.filter { labels[$0] > 0 }.map { sample in
      let places = (0..<guessCount).map { 2 * (sample * guessCount + $0) }
      return Guesses(
        sample: sample, label: Int(labels[sample] - 1), classes: places.map { Int(guesses[$0]) },
        scores: places.map { Double(bitPattern: UInt64(bitPattern: guesses[$0 + 1])) })
    }
    return EvaluationResult(
      classes: classes, guesses: (0..<classCount).map { Int(counts[4 * $0 + 3]) }, confusion: confusion.map { Int($0) },
      predictions: predictions)
  }
}
