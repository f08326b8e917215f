import Kernels

/// One pass of a tower over the images of a leaf, forward and backward.
public struct LeafPass {
  public let memory: LeafMemory
  /// The number of images, which are the first ones in `memory`.
  public let images: Int
  public let filters: TowerFilters
  /// The memory of the team, the same for all members: `Tower.scratchCount(images:members:)` floats.
  public let scratch: UnsafeMutablePointer<Float>
  /// The calling thread as a member of the team that computes the leaf.
  public let team: TeamMember

  public init(
    _ memory: LeafMemory, images: Int, filters: TowerFilters, scratch: UnsafeMutablePointer<Float>,
    team: TeamMember = .alone
  ) {
    precondition(images <= memory.capacity, "\(images) images in a leaf of \(memory.capacity)")
    self.memory = memory
    self.images = images
    self.filters = filters
    self.scratch = scratch
    self.team = team
  }
}

/// The maps and gradients of one leaf, asked for once.
public final class LeafMemory: Sendable {
  /// The number of images that it has room for.
  public let capacity: Int
  private let tower: Tower
  private let input: FloatBuffer
  private let outputs: [FloatBuffer]
  /// Two buffers, which layers use in turn from the last one to the first: each as long as the largest of its layers.
  private let gradients: [FloatBuffer]
  private let keptNumbers: [IndexBuffer]

  public init(_ tower: Tower, capacity: Int) {
    self.tower = tower
    self.capacity = capacity
    input = FloatBuffer(capacity * tower.imageCount)
    outputs = tower.layers.map { FloatBuffer(capacity * $0.outputCount) }
    gradients = (0..<2).map { FloatBuffer(capacity * tower.largestOutput(inTurn: $0)) }
    keptNumbers = tower.layers.map { IndexBuffer(capacity * $0.keptCount) }
  }

  /// The planar input, to be filled before `forward`: [image][channels][height][width].
  public var images: UnsafeMutablePointer<Float> { input.base }

  /// The tower's output after `forward`: [image][feature].
  public var features: UnsafeMutablePointer<Float> { output(of: tower.layers.count - 1) }

  /// The gradient of the features, to be filled before the last layer's `backward`.
  public var dFeatures: UnsafeMutablePointer<Float> { gradient(above: tower.layers.count - 1) }

  func output(of layer: Int) -> UnsafeMutablePointer<Float> { outputs[layer].base }

  func gradient(above layer: Int) -> UnsafeMutablePointer<Float> { gradients[layer % 2].base }

  func kept(of layer: Int) -> UnsafeMutablePointer<Int32> { keptNumbers[layer].base }
}

/// The memory in which a thread takes images of changing sizes through towers, forward only. It grows to the largest
/// that it has met.
final class FrameMemory {
  private var input = FloatBuffer(0)
  /// Two buffers, which layers use in turn.
  private var outputs = [FloatBuffer(0), FloatBuffer(0)]
  private var work = FloatBuffer(0)
  private var keptNumbers = IndexBuffer(0)

  func reserve(_ tower: Tower, images: Int) {
    Self.grow(&input, images * tower.imageCount)
    for index in outputs.indices { Self.grow(&outputs[index], images * tower.largestOutput(inTurn: index)) }
    Self.grow(&work, tower.scratchCount(images: images))
    let kept = images * Self.keptCount(tower)
    if keptNumbers.count < kept { keptNumbers = IndexBuffer(kept) }
  }

  /// Returns the number of floats that `reserve` takes.
  static func count(_ tower: Tower, images: Int) -> Int {
    let maps = tower.imageCount + tower.largestOutput(inTurn: 0) + tower.largestOutput(inTurn: 1)
    return images * (maps + keptCount(tower)) + tower.scratchCount(images: images)
  }

  private static func keptCount(_ tower: Tower) -> Int { tower.layers.map(\.keptCount).max() ?? 0 }

  private static func grow(_ buffer: inout FloatBuffer, _ count: Int) {
    if buffer.count < count { buffer = FloatBuffer(count) }
  }

  /// The planar input: [image][channels][height][width].
  var images: UnsafeMutablePointer<Float> { input.base }
  var scratch: UnsafeMutablePointer<Float> { work.base }
  var kept: UnsafeMutablePointer<Int32> { keptNumbers.base }
  func output(of layer: Int) -> UnsafeMutablePointer<Float> { outputs[layer % 2].base }
}

extension Tower {
  /// Returns the number of floats of the largest output, of one image, among the layers that use one of two buffers in
  /// turn: those of even or those of odd number.
  fileprivate func largestOutput(inTurn turn: Int) -> Int {
    stride(from: turn, to: layers.count, by: 2).map { layers[$0].outputCount }.max() ?? 0
  }
}

/// Memory for whole numbers, zero at first. It is Sendable although it is mutable, as `FloatBuffer` is and for the same
/// reason.
final class IndexBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Int32>
  let count: Int
  /// The memory: numbers are as long as floats, and zeros have the same bits.
  private let buffer: FloatBuffer

  init(_ count: Int) {
    self.count = count
    buffer = FloatBuffer(count)
    base = UnsafeMutableRawPointer(buffer.base).bindMemory(to: Int32.self, capacity: max(count, 1))
  }
}
