extension Recipes {
  /// The recipe for a pack of any photographs: the paper's small model and augmentation, begun for inputs of about 1.
  ///
  /// The deviations of the fully connected layers keep the variance over 4096 units, √(2/4096), and the scores near 0.
  static let photos = recipe(
    named: photographs,
    summary: "Any photographs: the 14-layer model of Table 1, scale jitter from 256 to 512.",
    rest: """
      schedule: # a plateau cannot be told from chance by the few pictures that validate a small set
        kind: steps
        epochs: [45, 65]
      """)

  /// The same with what came after the paper.
  static let photosModern = recipe(
    named: "photos-modern",
    summary: """
      Any photographs, as in photos, with what came after the paper: smoothed labels, images mixed by mixup or
      # CutMix, a cosine after a warm-up, and an average of the weights.
      """,
    rest: """
      schedule:
        kind: cosine
        warmUp: 3
      regularization:
        labelSmoothing: 0.1
        mixup: 0.2
        cutMix: 1
        averageDecay: 0.999
      """)

  private static func recipe(named name: String, summary: String, rest: String) -> (name: String, text: String) {
    (
      name,
      """
      # \(summary)
      # Inputs of about 1, and deviations that go with them: at rate 0.01 and with inputs from -128 to 128 the
      # learned coefficients of this model diverged within ten steps on pictures of 12, 16 and 1000 classes.
      recipe: \(name)
      model:
        architecture: small-14
        activation: prelu
        initializer: he-backward
        fullyConnectedDeviation: [0.02, 0.01]
      data:
        kind: pack
        directory: photos.h5
        shorterSide: 256
        scale: 0.015625 # 1/64
      augmentation:
        mirror: true
        shorterSide: [256, 512]
        color: 0.1
      training:
        batch: 128
        epochs: 75
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
