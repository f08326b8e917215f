extension Recipes {
  /// The recipes of the paper's trainings on ImageNet 2012 (section 4), with the pack that `prelu-dist pack` makes.
  static let imagenet = [
    photographs(
      "imagenet-small14", architecture: "small-14", epochs: 75, sides: "[256, 256]",
      summary: "The 14-layer model of Table 1: shorter side 256, 75 epochs."),
    photographs("imagenet-A", architecture: "A", summary: "Model A of Table 3: scale jitter from 256 to 512."),
    photographs("imagenet-B", architecture: "B", summary: "Model B of Table 3: scale jitter from 256 to 512."),
    photographs("imagenet-C", architecture: "C", summary: "Model C of Table 3: scale jitter from 256 to 512."),
    photographs(
      "imagenet-A-modern", architecture: "A", rest: modern,
      summary:
        "Model A with what came after the paper: smoothed labels, mixed images, a cosine after a warm-up, and an\n"
        + "# average of the weights. All else is imagenet-A's."),
    photographs(
      "imagenet-vgg19", architecture: "vgg-19-spp",
      summary: "The paper's own VGG-19, with spatial pyramid pooling: scale jitter from 256 to 512."),
  ]

  /// The paper's rate, which falls at plateaus of the validation error.
  private static let plateau = """
    schedule:
      kind: plateau
    """

  /// A rate that falls over the whole training, and regularization beyond the paper's.
  private static let modern = """
    schedule:
      kind: cosine
      warmUp: 5
    regularization:
      labelSmoothing: 0.1
      mixup: 0.2
      averageDecay: 0.9999
    """

  private static func photographs(
    _ name: String, architecture: String, epochs: Int = 80, sides: String = "[256, 512]", rest: String = plateau,
    summary: String
  ) -> (name: String, text: String) {
    (
      name,
      """
      # \(summary)
      # With inputs from -128 to 128 and only the paper's small deviations of the fully connected layers, training
      # diverged within ten steps, in PyTorch too; the factor on all layers is the paper's other way (section 2.2).
      recipe: \(name)
      model:
        architecture: \(architecture)
        activation: prelu
        initializer: he-backward
        inputRangeFactor: true
      data:
        kind: pack
        directory: imagenet.h5
        shorterSide: 256
        scale: 1
      augmentation:
        mirror: true
        shorterSide: \(sides)
        color: 0.1
      training:
        batch: 128
        epochs: \(epochs)
        dropout: 0.5
      solver:
        learningRate: 0.01
        momentum: 0.9
        weightDecay: 0.0005
      \(rest)
      """
    )
  }
}
