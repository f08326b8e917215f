import Kernels

/// The moments of one layer's responses, before their activation, and of the gradients with respect to them.
public struct LayerMoments: BitwiseCopyable, Equatable, Sendable {
  public var response = Moments()
  public var gradient = Moments()

  public init() {}

  public static func += (left: inout LayerMoments, right: LayerMoments) {
    left.response += right.response
    left.gradient += right.gradient
  }
}

extension Tower {
  /// Whether a layer's outputs for the `images` first images are all finite, after `forward`.
  public func isFinite(layer index: Int, _ memory: LeafMemory, images: Int) -> Bool {
    allFinite(memory.output(of: index), count: images * layers[index].outputCount)
  }

  /// Returns the moments of a layer that has weights, or nil for another layer. They are taken after `forward` and
  /// before the layer's own `backward`, while the gradient that comes down to it is there.
  public func moments(ofLayer index: Int, _ memory: LeafMemory, images: Int) -> LayerMoments? {
    guard let extents = layers[index].responses else { return nil }
    var moments = LayerMoments()
    let responses = PendingMap(values: memory.output(of: index), slopes: pendingSlopes(ofLayer: index))
    for image in 0..<images {
      withUnsafeMutablePointer(to: &moments.response) { response in
        withUnsafeMutablePointer(to: &moments.gradient) { gradient in
          addResponseMoments(
            responses.advanced(by: image * extents.count),
            gradient: memory.gradient(above: index) + image * extents.count, extents, to: (response, gradient))
        }
      }
    }
    return moments
  }
}

extension Head {
  /// Whether a layer's responses are all finite, after `forward`.
  public func isFinite(layer index: Int, _ memory: HeadMemory, rows: Int) -> Bool {
    allFinite(memory.layers[index].preactivation.base, count: rows * layers[index].outputs)
  }

  /// Returns the moments of a layer, after `backwardToFeatures`.
  public func moments(ofLayer index: Int, _ memory: HeadMemory, rows: Int) -> LayerMoments {
    var moments = LayerMoments()
    let (own, count) = (memory.layers[index], rows * layers[index].outputs)
    addMoments(own.preactivation.base, count: count, to: &moments.response)
    addMoments(own.dOutput.base, count: count, to: &moments.gradient)
    return moments
  }
}
