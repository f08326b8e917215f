import Images
import Kernels
import Network
import System

/// Scores the images of a group by one network, view by view.
struct GroupScoring: Sendable {
  let test: TestProtocol
  /// The number of pixels of an image that go through a tower at once; larger images are cut.
  let pixelLimit: Int

  /// The default limit, with which a network of 96 channels takes a few hundred megabytes.
  static let pixelLimit = 1_000_000

  /// The number of windows that go through a head together: its weights are read from memory once for all of them.
  var rows: Int { test.views == .dense ? 256 : 32 }

  /// Returns the bytes that scoring by a network takes with images of these extents at most.
  func byteCount(of network: Network, extents: PlaneExtents, threads: Int) -> Int {
    let inference = requireFit { () throws(ArchitectureError) in
      try Inference.byteCount(of: network, rows: rows, extents: extents, threads: threads)
    }
    // A reader has the part of an image that was read, and its mean.
    let reader = 2 * network.architecture.input.channels * extents.count * MemoryLayout<Float>.stride
    return inference + threads * reader
  }

  /// Calls `use` for each window of each view of the images, with the image's place in `samples` and the window's
  /// share. An image's shares add up to 1.
  func forEachWindow(
    _ samples: [Int], _ member: EnsembleMember, _ inference: Inference, _ scorer: WindowScorer,
    use: (_ image: Int, _ share: Double, _ scores: UnsafePointer<Float>) -> Void
  ) throws(DataError) {
    let failure = FirstFailure()
    let sides = member.sides(test)
    for side in sides {
      let reader = FrameReader(member, shorterSide: side, views: test.views)
      let images = samples.map { member.extents(of: $0, shorterSide: side) }
      // All images of a dense test's group have the same size.
      let sets = test.views == .dense ? [frameSets(member, images[0])] : images.map { frameSets(member, $0) }
      for (place, set) in sets[0].enumerated() {
        let shots = samples.indices.flatMap { index in
          sets[min(index, sets.count - 1)][place].frames.map { (image: index, frame: $0) }
        }
        let form = requireFit { () throws(ArchitectureError) in try inference.form(set.extents) }
        scorer.score(shots.count, form: form, windows: set.windows) { index, target in
          let (image, frame) = shots[index]
          failure.attempt { () throws(DataError) in
            try reader.load(samples[image], image: images[image], frame, into: target)
          }
        } use: { index, scores in
          use(shots[index].image, set.weight / Double(sides.count), scores)
        }
        try failure.check()
      }
    }
  }

  private func frameSets(_ member: EnsembleMember, _ image: PlaneExtents) -> [FrameSet] {
    requireFit { () throws(ArchitectureError) in
      try member.frameSets(test, image: image, pixelLimit: pixelLimit)
    }
  }

  /// Returns the result of `body`, which cannot throw: it succeeded when the groups were made, so it succeeds now.
  private func requireFit<Result>(_ body: () throws(ArchitectureError) -> Result) -> Result {
    do throws(ArchitectureError) { return try body() } catch { preconditionFailure("\(error)") }
  }
}

/// Adds a window's scores, or their softmax, times `weight` to `sums`.
func addScores(
  _ scores: UnsafePointer<Float>, classes: Int, _ averaging: TestProtocol.Averaging, weight: Double,
  to sums: UnsafeMutablePointer<Double>
) {
  switch averaging {
  case .probabilities: addSoftmax(scores, classes: classes, weight: weight, to: sums)
  case .logits: for k in 0..<classes { sums[k] += weight * Double(scores[k]) }
  }
}
