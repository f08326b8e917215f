import Randomness
import System

/// The mixing of each image of a mini-batch with another one, its partner, and of their classes with them: mixup (Zhang
/// et al. 2018, "mixup: Beyond Empirical Risk Minimization") and CutMix (Yun et al. 2019, "CutMix: Regularization
/// Strategy to Train Strong Classifiers with Localizable Features"), which the paper of the networks does not use.
///
/// The partner is the neighbor: slot 2k is mixed with slot 2k + 1 and the other way round; the last slot of an odd
/// mini-batch stays as it is. The order of samples is random already, so that a neighbor is as random a partner as any.
/// Which slots are partners depends on nothing but their numbers, hence neither on ranks nor on leaves, and a rank's
/// slots follow one another, so that it has loaded the partners of all of them but of one at either end at most.
public struct SampleMixing: Equatable, Sendable {
  /// The shape α of mixup's share λ ~ B(α, α); 0 for no mixup.
  public var mixup: Double
  /// The shape α of CutMix's share; 0 for no CutMix. Where both are on, each half of the mixed images has one of them,
  /// as timm has it by default.
  public var cutMix: Double
  /// The probability that an image is mixed.
  public var probability: Double

  public init(mixup: Double, cutMix: Double, probability: Double = 1) {
    precondition(mixup >= 0 && cutMix >= 0 && (0...1).contains(probability), "\(mixup), \(cutMix), \(probability)")
    self.mixup = mixup
    self.cutMix = cutMix
    self.probability = probability
  }

  /// The way in which an image is mixed.
  public enum Mix: Equatable, Sendable {
    /// The image stays as it is.
    case none
    /// The image becomes λ·image + (1 − λ)·partner.
    case blend(share: Double)
    /// A rectangle of the image becomes the partner's.
    case paste(rows: Range<Int>, columns: Range<Int>, share: Double)

    /// The share λ of the image's own class.
    public var share: Double {
      switch self {
      case .none: 1
      case .blend(let share), .paste(_, _, let share): share
      }
    }
  }

  /// Returns the slot that a slot is mixed with, or nil for the last slot of an odd mini-batch.
  public static func partner(of slot: Int, batch: Int) -> Int? {
    let partner = slot ^ 1
    return partner < batch ? partner : nil
  }

  /// Returns the slots with their partners, which are one more at either end at most.
  public static func paired(_ slots: Range<Int>, batch: Int) -> Range<Int> {
    guard !slots.isEmpty else { return slots }
    return slots.lowerBound & ~1..<min(batch, (slots.upperBound + 1) & ~1)
  }

  /// Returns the way in which the image of a slot is mixed, of an input of `extents`.
  public func draw(seed: UInt64, iteration: Int, slot: Int, of extents: Extents) -> Mix {
    var stream = RandomStream(
      seed: seed, purpose: .mixing, owner: UInt32(truncatingIfNeeded: iteration), UInt32(slot))
    guard Double(stream.uniformFloat()) < probability else { return .none }
    let pastes = stream.coin() ? cutMix > 0 : mixup == 0
    let shape = pastes ? cutMix : mixup
    guard shape > 0 else { return .none }
    let share = stream.beta(shape)
    guard pastes else { return .blend(share: share) }
    return Self.rectangle(
      share: share, row: stream.uniform(below: extents.height), column: stream.uniform(below: extents.width), extents)
  }

  /// Returns CutMix's rectangle around a point: √(1 − λ) of the image's height and width, less what lies outside. The
  /// share λ becomes that of the area that is left of the image (timm's `rand_bbox` and torchvision's `CutMix`).
  public static func rectangle(share: Double, row: Int, column: Int, _ extents: Extents) -> Mix {
    func range(_ center: Int, _ length: Int) -> Range<Int> {
      let half = Int(0.5 * (1 - share).squareRoot() * Double(length))
      return max(0, center - half)..<min(length, center + half)
    }
    let (rows, columns) = (range(row, extents.height), range(column, extents.width))
    let pasted = Double(rows.count * columns.count) / Double(extents.height * extents.width)
    return .paste(rows: rows, columns: columns, share: 1 - pasted)
  }
}

extension SampleMixing.Mix {
  /// Mixes the partner into an image of `extents`, (channels, height, width).
  public func apply(
    to image: UnsafeMutablePointer<Float>, partner: UnsafePointer<Float>, _ extents: Extents
  ) {
    switch self {
    case .none: break
    case .blend(let share):
      let (own, other) = (Float(share), Float(1 - share))
      for index in 0..<extents.count { image[index] = own * image[index] + other * partner[index] }
    case .paste(let rows, let columns, _):
      for channel in 0..<extents.channels {
        for row in rows {
          let start = (channel * extents.height + row) * extents.width + columns.lowerBound
          (image + start).update(from: partner + start, count: columns.count)
        }
      }
    }
  }
}
