import Kernels
import System

/// Turns planar images into blocked maps, for networks whose first layer does not read images.
struct ImageBlockingLayer: TowerLayer {
  let name = "image"
  private let extents: BlockedExtents

  init(_ input: Extents) {
    extents = BlockedExtents(input)
  }

  var inputCount: Int { extents.planar.count }
  var outputCount: Int { extents.count }

  func forward(_ pass: LayerPass) {
    pass.team.share(pass.images, as: "images") { image in
      extents.fromPlanar(pass.input.values + image * inputCount, pass.output.values + image * outputCount)
    }
  }

  /// Writes nothing: images have no gradient.
  func backward(_ pass: LayerPass, _ gradients: LayerGradients) {}

  func plan(_ use: FilterUse, images: Int, members: Int) -> PassPlan {
    var plan = PassPlan(members: members)
    if use == .forward { plan.share("images", pieces: images, cost: Double(images) * Double(extents.count)) }
    plan.wait()
    return plan
  }
}
