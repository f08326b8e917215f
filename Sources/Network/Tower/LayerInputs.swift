import Kernels

extension Tower {
  /// Writes a layer's input with the activation before it applied, once the layers below it have run.
  ///
  /// - Parameter target: Gets [image][`inputCount` of the layer], in the layer's own layout.
  public func writeInput(
    ofLayer index: Int, _ memory: LeafMemory, images: Int, into target: UnsafeMutablePointer<Float>
  ) {
    let count = images * layers[index].inputCount
    guard index > 0 else { return target.update(from: memory.images, count: count) }
    target.update(from: memory.output(of: index - 1), count: count)
    guard let slopes = pendingSlopes(ofLayer: index - 1), let extents = layers[index - 1].responses else { return }
    for image in 0..<images {
      for block in 0..<extents.blocks {
        let map = target + (image * extents.blocks + block) * extents.planeCount
        for place in 0..<extents.planeCount where map[place] <= 0 {
          map[place] *= slopes[block * blockWidth + place % blockWidth]
        }
      }
    }
  }
}
