import Randomness
import System

/// The random changes to a training image in memory each time it is seen.
public struct Augmentation: Equatable, Sendable {
  /// The number of pixels added on each side before a crop of the image's own size is taken at a uniformly drawn place.
  /// They hold the mean, which is zero after the subtraction.
  public var padding: Int
  /// Whether an image is mirrored left to right with probability ½.
  public var mirror: Bool
  /// The range from which the shorter side's length is drawn uniformly before padding and cropping (scale jitter;
  /// paper, section 4); nil for no resizing.
  public var shorterSide: ClosedRange<Int>?

  public init(padding: Int, mirror: Bool, shorterSide: ClosedRange<Int>? = nil) {
    precondition(padding >= 0, "a padding of \(padding)")
    precondition(shorterSide.map { $0.lowerBound > 0 } ?? true, "sides of \(shorterSide!)")
    self.padding = padding
    self.mirror = mirror
    self.shorterSide = shorterSide
  }

  public static let none = Augmentation(padding: 0, mirror: false)

  /// The changes to one image: output (y, x) shows (y + rows, x + columns) of the input resized to `extents`, or zero
  /// outside of it. Positions are counted before mirroring.
  public struct Draw: Equatable, Sendable {
    public var extents: Extents
    public var rows: Int
    public var columns: Int
    public var mirrored: Bool
  }

  /// Returns the draw that belongs to `sample` in `epoch`, an image of `extents`. No setting changes the other
  /// settings' draws.
  ///
  /// A crop lies anywhere on a larger image, a smaller image anywhere in the crop, and from there the crop is moved by
  /// up to `padding`.
  public func draw(seed: UInt64, epoch: Int, sample: Int, of extents: Extents) -> Draw {
    var stream = RandomStream(
      seed: seed, purpose: .augmentation, owner: UInt32(truncatingIfNeeded: epoch), UInt32(sample))
    var draw = Draw(
      extents: extents, rows: stream.uniform(below: 2 * padding + 1) - padding,
      columns: stream.uniform(below: 2 * padding + 1) - padding, mirrored: stream.coin() && mirror)
    guard let sides = shorterSide else { return draw }
    draw.extents = extents.resized(shorterSide: sides.lowerBound + stream.uniform(below: sides.count))
    func place(_ slack: Int) -> Int {
      slack < 0 ? -stream.uniform(below: 1 - slack) : stream.uniform(below: 1 + slack)
    }
    draw.rows += place(draw.extents.height - extents.height)
    draw.columns += place(draw.extents.width - extents.width)
    return draw
  }
}

extension Extents {
  /// Returns the extents with the shorter side resized to `side` pixels and the longer one in proportion.
  func resized(shorterSide side: Int) -> Extents {
    let shorter = min(height, width)
    guard side != shorter else { return self }
    func scaled(_ length: Int) -> Int { max(1, (length * side + shorter / 2) / shorter) }
    return Extents(channels: channels, height: scaled(height), width: scaled(width))
  }
}
