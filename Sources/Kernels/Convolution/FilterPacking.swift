import Glibc

/// Rearranges filters (filters, channels, kernel, kernel) into the blocked order of `DirectKernel` and back.
public struct FilterPacking: Equatable, Sendable {
  public let filters: Int
  public let channels: Int
  public let kernel: Int

  public init(filters: Int, channels: Int, kernel: Int) {
    self.filters = filters
    self.channels = channels
    self.kernel = kernel
  }

  /// The number of floats of the packed filters:
  /// [filter blocks][channel blocks][kernel][kernel][16 channels][16 filters].
  public var packedCount: Int {
    blockCount(filters) * blockCount(channels) * kernel * kernel * blockWidth * blockWidth
  }

  private var taps: Int { kernel * kernel }

  /// The place of filter f, channel c, tap t (row·kernel + column).
  @inline(__always)
  private func index(_ f: Int, _ c: Int, _ t: Int) -> Int {
    let block = (f / blockWidth &* blockCount(channels) &+ c / blockWidth) &* taps &+ t
    return (block &* blockWidth &+ c % blockWidth) &* blockWidth &+ f % blockWidth
  }

  /// The number of floats of a block of outputs for the blocks of so many inputs.
  private func blockFloats(inputs: Int) -> Int { blockCount(inputs) * taps * blockWidth * blockWidth }

  /// Packs filters for the forward pass; the blocks are zero beyond the real filters and channels.
  public func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    for block in 0..<blockCount(filters) { pack(weights, filterBlock: block, into: packed) }
  }

  /// Packs one block of filters for the forward pass.
  func pack(_ weights: UnsafePointer<Float>, filterBlock: Int, into packed: UnsafeMutablePointer<Float>) {
    let floats = blockFloats(inputs: channels)
    memset(packed + filterBlock * floats, 0, floats * MemoryLayout<Float>.stride)
    for f in filterBlock * blockWidth..<min((filterBlock + 1) * blockWidth, filters) {
      for c in 0..<channels {
        let source = weights + (f &* channels &+ c) &* taps
        for t in 0..<taps { packed[index(f, c, t)] = source[t] }
      }
    }
  }

  /// Packs filters for the input gradient: filters and channels exchanged, each filter turned by 180°.
  public func packTurned(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    for block in 0..<blockCount(channels) { packTurned(weights, channelBlock: block, into: packed) }
  }

  /// Packs one block of channels for the input gradient.
  func packTurned(_ weights: UnsafePointer<Float>, channelBlock: Int, into packed: UnsafeMutablePointer<Float>) {
    let turned = FilterPacking(filters: channels, channels: filters, kernel: kernel)
    let floats = blockFloats(inputs: filters)
    memset(packed + channelBlock * floats, 0, floats * MemoryLayout<Float>.stride)
    for f in 0..<filters {
      for c in channelBlock * blockWidth..<min((channelBlock + 1) * blockWidth, channels) {
        let source = weights + (f &* channels &+ c) &* taps
        for t in 0..<taps { packed[turned.index(c, f, taps &- 1 &- t)] = source[t] }
      }
    }
  }

  /// Rearranges one packed filter back into (filters, channels, kernel, kernel).
  public func unpack(
    _ packed: UnsafePointer<Float>, filter f: Int, into weights: UnsafeMutablePointer<Float>
  ) {
    for c in 0..<channels {
      let target = weights + (f &* channels &+ c) &* taps
      for t in 0..<taps { target[t] = packed[index(f, c, t)] }
    }
  }
}
