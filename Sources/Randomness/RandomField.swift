import System

/// The purposes that random numbers are drawn for. Numbers of different purposes never share a block.
public enum RandomPurpose: UInt32, Sendable {
  case initialization = 1
  case permutation = 2
  case augmentation = 3
  case dropout = 4
  case validationSplit = 5
  case subset = 6
  case erasing = 7
  case classOrder = 8
  case classSamples = 9
  case mixing = 10
  case sweep = 11
}

/// The random numbers that belong to one thing, addressed by place: a layer's weights, a row's dropout mask.
///
/// This is the only place where Philox's counter is laid out. Its four words are the block's place, the low and the
/// high word of `owner`, and purpose + 256 · `part`. Two fields of the same seed, purpose, owner and part give the same
/// numbers on every rank and thread.
public struct RandomField: Sendable {
  @usableFromInline let generator: Philox
  @usableFromInline let owner: SIMD2<UInt32>
  @usableFromInline let purpose: UInt32

  /// - Parameters:
  ///   - owner: The number of the thing that the numbers belong to.
  ///   - part: One of the things that the same owner draws for, such as a layer; below 2²⁴.
  public init(seed: UInt64, purpose: RandomPurpose, owner: UInt64, part: Int = 0) {
    precondition(0..<1 << 24 ~= part, "part \(part) is not in 0 ..< 2²⁴")
    generator = Philox(seed: seed)
    self.owner = SIMD2(UInt32(truncatingIfNeeded: owner), UInt32(truncatingIfNeeded: owner >> 32))
    self.purpose = purpose.rawValue | UInt32(part) << 8
  }

  /// The field of a pair, such as (epoch, sample) or (iteration, row).
  public init(seed: UInt64, purpose: RandomPurpose, owner: UInt32, _ second: UInt32, part: Int = 0) {
    self.init(seed: seed, purpose: purpose, owner: UInt64(owner) << 32 | UInt64(second), part: part)
  }

  /// The 128 uniform bits at `place`.
  @inlinable
  public func block(_ place: UInt32) -> SIMD4<UInt32> {
    generator.block(SIMD4(place, owner[0], owner[1], purpose))
  }

  /// The four Gaussian numbers at `place`, with mean 0 and standard deviation 1.
  public func gaussians(_ place: UInt32) -> SIMD4<Double> {
    let bits = block(place)
    let (first, second) = (gaussianPair(bits[0], bits[1]), gaussianPair(bits[2], bits[3]))
    return SIMD4(first.0, first.1, second.0, second.1)
  }
}

/// Returns two independent Gaussian numbers with mean 0 and standard deviation 1 from two uniform words (Box and
/// Muller's transform in Double).
func gaussianPair(_ first: UInt32, _ second: UInt32) -> (Double, Double) {
  // The half keeps the logarithm's argument above 0 and below 1.
  let radius = (-2 * ElementaryFunctions.log((Double(first) + 0.5) * 0x1p-32)).squareRoot()
  let (cosine, sine) = ElementaryFunctions.cosineAndSine(ofTurn: Double(second) * 0x1p-32)
  return (radius * cosine, radius * sine)
}
