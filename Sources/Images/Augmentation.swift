import Randomness

/// What is changed at random in a training image each time it is seen.
public struct Augmentation: Codable, Equatable, Sendable {
  /// Pixels added on each side, before a crop of the image's own size is taken at a uniform place. They hold the mean:
  /// zero once it is subtracted.
  public var padding: Int
  /// Whether every second image, at random, is mirrored left to right.
  public var mirror: Bool

  private enum CodingKeys: CodingKey {
    case padding
    case mirror
  }

  public init(padding: Int, mirror: Bool) {
    precondition(padding >= 0, "a padding of \(padding)")
    self.padding = padding
    self.mirror = mirror
  }

  /// Throws `DecodingError` for a negative padding.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    padding = try container.decode(Int.self, forKey: .padding)
    mirror = try container.decode(Bool.self, forKey: .mirror)
    if padding < 0 {
      throw DecodingError.dataCorruptedError(
        forKey: .padding, in: container, debugDescription: "expected a padding of 0 or more, found \(padding)")
    }
  }

  public static let none = Augmentation(padding: 0, mirror: false)

  /// How one image is changed: output (y, x) shows input (y + rows, x + columns), counted before mirroring.
  public struct Draw: Equatable, Sendable {
    /// −padding ... padding
    public var rows: Int
    /// −padding ... padding
    public var columns: Int
    public var mirrored: Bool
  }

  /// The draw that belongs to `sample` in `epoch`. Neither setting changes what the other draws.
  public func draw(seed: UInt64, epoch: Int, sample: Int) -> Draw {
    var stream = RandomStream(seed: seed, purpose: .augmentation, owner: UInt32(epoch), UInt32(sample))
    let rows = stream.uniform(below: 2 * padding + 1) - padding
    let columns = stream.uniform(below: 2 * padding + 1) - padding
    let coin = stream.coin()
    return Draw(rows: rows, columns: columns, mirrored: mirror && coin)
  }
}
