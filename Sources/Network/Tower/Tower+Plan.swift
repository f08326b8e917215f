import Kernels

extension Tower {
  /// The division of a layer's pass over a leaf of `images` images among `members` threads, with the transform of its
  /// filters. Nobody asks for the gradient of an image, so the first layer's backward pass needs no filters.
  public func plan(ofLayer index: Int, _ use: FilterUse, images: Int, members: Int) -> PassPlan {
    let layer = layers[index]
    var plan = PassPlan(members: members)
    if layer.filterPieces > 0, use == .forward || index > 0 {
      plan.share("filters", pieces: layer.filterPieces, cost: Double(layer.filterCount(use)))
      plan.wait()
    }
    plan.append(layer.plan(use, images: images, members: members))
    return plan
  }
}
