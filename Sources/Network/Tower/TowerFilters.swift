import Kernels
import System

/// The filters of one layer at a time, or of all layers, as passes read them.
///
/// Winograd's are four times as large as the weights; in training each layer's are made just before they are used.
public final class TowerFilters: Sendable {
  private let buffer: FloatBuffer
  private let starts: [Int]

  /// - Parameter keepsAll: Whether there is room for the forward filters of all layers, for passes over many groups of
  ///   images, or else for those of one layer, forward or backward.
  public init(_ tower: Tower, keepsAll: Bool) {
    guard keepsAll else {
      buffer = FloatBuffer(
        tower.layers.map { max($0.filterCount(.forward), $0.filterCount(.backward)) }.max() ?? 0)
      starts = tower.layers.map { _ in 0 }
      return
    }
    var total = 0
    starts = tower.layers.map { layer in
      defer { total += layer.filterCount(.forward).dividedUp(by: blockWidth) * blockWidth }
      return total
    }
    buffer = FloatBuffer(total)
  }

  func base(ofLayer index: Int) -> UnsafeMutablePointer<Float> { buffer.base + starts[index] }
}
