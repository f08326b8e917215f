import Kernels
import System

// The kernels work on a block or a part of an image; these go through all of an image's.

func padActivated(
  _ source: PendingMap, _ extents: BlockedExtents, padding: Int, into target: UnsafeMutablePointer<Float>,
  _ padded: PlaneExtents
) {
  for block in 0..<extents.blocks {
    padActivated(source, extents, block: block, padding: padding, into: target, padded)
  }
}

func spreadGradient(
  _ source: UnsafePointer<Float>, _ extents: BlockedExtents, _ spread: GradientSpread,
  into target: UnsafeMutablePointer<Float>, _ padded: PlaneExtents
) {
  for block in 0..<extents.blocks { spreadGradient(source, extents, block: block, spread, into: target, padded) }
}

func activationGradient(
  gradient: UnsafeMutablePointer<Float>, _ preactivation: PendingMap, _ extents: BlockedExtents,
  dBias: UnsafeMutablePointer<Float>, dSlopes: UnsafeMutablePointer<Float>
) {
  for block in 0..<extents.blocks {
    activationGradient(gradient: gradient, preactivation, extents, block: block, dBias: dBias, dSlopes: dSlopes)
  }
}

extension DirectKernel {
  func forward(
    padded: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    let cut = forwardCut(images: 1, members: 1)
    for piece in 0..<cut.pieces {
      forward(padded: padded, weights: weights, bias: bias, output: output, cut.part(piece))
    }
  }

  /// Adds to `dWeights`.
  func weightGradient(
    padded: UnsafePointer<Float>, dOutput: UnsafePointer<Float>, dWeights: UnsafeMutablePointer<Float>
  ) {
    for piece in 0..<weightGradientPieces {
      weightGradient(padded: padded, dOutput: dOutput, dWeights: dWeights, piece: piece, accumulates: true)
    }
  }
}

extension FilterPacking {
  func unpack(_ packed: UnsafePointer<Float>, into weights: UnsafeMutablePointer<Float>) {
    for filter in 0..<filters { unpack(packed, filter: filter, into: weights) }
  }
}

extension MaxPooling {
  func forward(_ source: PendingMap, into target: UnsafeMutablePointer<Float>) {
    forward(source, images: 1, into: target, team: .alone)
  }

  func backward(
    _ source: PendingMap, output pooled: UnsafePointer<Float>, dOutput: UnsafePointer<Float>,
    dInput: UnsafeMutablePointer<Float>
  ) {
    backward(source, images: 1, output: pooled, dOutput: dOutput, dInput: dInput, team: .alone)
  }
}

extension AveragePooling {
  func forward(_ source: PendingMap, into target: UnsafeMutablePointer<Float>) {
    for block in 0..<input.blocks { forward(source, block: block, into: target) }
  }

  func backward(dOutput: UnsafePointer<Float>, dInput: UnsafeMutablePointer<Float>) {
    for block in 0..<input.blocks { backward(block: block, dOutput: dOutput, dInput: dInput) }
  }
}

extension PyramidPooling {
  func forward(
    _ source: PendingMap, features: UnsafeMutablePointer<Float>, chosen: UnsafeMutablePointer<Int32>
  ) {
    for block in 0..<input.blocks { forward(source, block: block, features: features, chosen: chosen) }
  }

  func backward(
    dFeatures: UnsafePointer<Float>, chosen: UnsafePointer<Int32>, dInput: UnsafeMutablePointer<Float>
  ) {
    for block in 0..<input.blocks {
      backward(block: block, dFeatures: dFeatures, chosen: chosen, dInput: dInput)
    }
  }
}
