import Images
import Network
import System

/// Images that are scored together. In a dense test they have the same extents at every scale.
package struct TestGroup: Equatable, Sendable {
  package var samples: [Int]
  /// The number of multiply-adds over all members and scales.
  package var cost: Double

  package init(samples: [Int], cost: Double) {
    self.samples = samples
    self.cost = cost
  }
}

/// Images that can be scored together, and the cost of each of them.
private struct Kind {
  var samples: [Int] = []
  var cost = 0.0
  /// The number of frames of one image at one scale.
  var frames = 0
  /// The extents of the largest frame that each member sees.
  var largest: [PlaneExtents] = []

  /// Creates the kind that `sample` belongs to, still without images.
  init(_ members: [EnsembleMember], _ test: TestProtocol, sample: Int, pixelLimit: Int) throws {
    for member in members {
      var largest = member.crop
      for side in member.sides(test) {
        let image = member.extents(of: sample, shorterSide: side)
        try member.checkFit(image, shorterSide: side, name: member.images.name(of: sample))
        for set in try member.frameSets(test, image: image, pixelLimit: pixelLimit) {
          cost += set.cost
          frames = max(frames, set.frames.count)
          if set.extents.count > largest.count { largest = set.extents }
        }
      }
      self.largest.append(largest)
    }
  }
}

/// The groups that the images of a test form.
///
/// Groups depend only on the images and the test, so that an image's scores have the same bits on any number of ranks.
package struct TestGroups: Sendable {
  let groups: [TestGroup]
  /// The extents of the largest frame that each member sees.
  let largest: [PlaneExtents]

  /// The largest number of multiply-adds in a group, unless a single image has more: about a second of a core.
  private static let groupCost = 2e11
  /// The largest number of frames of a network's own size in a group.
  private static let groupFrames = 32

  package init(groups: [TestGroup]) { (self.groups, largest) = (groups, []) }

  /// - Parameter samples: the images to be scored, ascending.
  init(_ members: [EnsembleMember], _ test: TestProtocol, samples: [Int], pixelLimit: Int) throws {
    let allSides = Array(Set(members.flatMap { $0.sides(test) })).sorted { ($0 ?? 0) < ($1 ?? 0) }
    var places: [[PlaneExtents]: Int] = [:]
    var kinds: [Kind] = []
    for sample in samples {
      // All members have the same images, so that one member can speak for all.
      let extents = allSides.map { members[0].extents(of: sample, shorterSide: $0) }
      if let place = places[extents] {
        kinds[place].samples.append(sample)
        continue
      }
      var kind = try Kind(members, test, sample: sample, pixelLimit: pixelLimit)
      // Crops have the same size whatever the images' sizes are.
      if test.views != .dense, let first = kinds.first {
        precondition(first.cost == kind.cost && first.frames == kind.frames, "crops of different cost")
        places[extents] = 0
        kinds[0].samples.append(sample)
        continue
      }
      kind.samples = [sample]
      places[extents] = kinds.count
      kinds.append(kind)
    }
    largest = members.indices.map { index in
      kinds.map { $0.largest[index] }.max { $0.count < $1.count } ?? members[index].crop
    }
    groups = kinds.flatMap { kind in
      let size = max(1, min(Self.groupFrames / kind.frames, Int(Self.groupCost / max(kind.cost, 1))))
      return stride(from: 0, to: kind.samples.count, by: size).map { start in
        let part = kind.samples[start..<min(start + size, kind.samples.count)]
        return TestGroup(samples: Array(part), cost: kind.cost * Double(part.count))
      }
    }
  }
}

extension EnsembleMember {
  /// Returns the lengths that the shorter side of images is resized to in a test; nil means that images stay as they
  /// are.
  func sides(_ test: TestProtocol) -> [Int?] { test.scales.isEmpty ? [shorterSide] : test.scales }

  /// Throws an error if an image is smaller than the network's input.
  func checkFit(_ image: PlaneExtents, shorterSide: Int?, name: String) throws(EvaluationError) {
    guard image.height + 2 * padding < crop.height || image.width + 2 * padding < crop.width else { return }
    let padded = padding > 0 ? " with \(padding.counted("zero")) on each side" : ""
    let scale = shorterSide.map { " at scale \($0)" } ?? ""
    throw EvaluationError(
      "\(name) is \(image.height)×\(image.width)\(scale)\(padded), but the network's input is \(crop): "
        + "choose scales of at least \(max(crop.height, crop.width) - 2 * padding)")
  }
}
