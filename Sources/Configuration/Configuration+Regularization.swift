extension Configuration {
  /// The means against overfitting that the paper does not use, beside dropout, weight decay and augmentation.
  public struct Regularization: Equatable, Sendable {
    /// The share ε of each label that is spread over all classes: q = (1 − ε)·1[label] + ε/K; 0 for none.
    public var labelSmoothing = 0.0
    /// The shape α of mixup's share λ ~ B(α, α), by which an image and its class are blended with another one's; 0 for
    /// no mixup.
    public var mixup = 0.0
    /// The shape α of CutMix's share, by which a rectangle of an image becomes another one's; 0 for no CutMix.
    public var cutMix = 0.0
    /// The probability that an image is mixed, where mixup or CutMix is on.
    public var mixProbability = 1.0
    /// The decay d of the moving average of the weights, ē := d·ē + (1 − d)·w after each step; 0 for no average.
    public var averageDecay = 0.0

    /// None of them.
    public init() {}

    /// Whether images are mixed.
    public var mixes: Bool { (mixup > 0 || cutMix > 0) && mixProbability > 0 }
    /// Whether a moving average of the weights is kept.
    public var averages: Bool { averageDecay > 0 }
    /// Whether a slot of a mini-batch may have more than one class.
    public var softensLabels: Bool { mixes || labelSmoothing > 0 }
  }
}

extension Configuration.Regularization: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("labelSmoothing", &labelSmoothing)
    try visitor.setting("mixup", &mixup)
    try visitor.setting("cutMix", &cutMix)
    try visitor.setting("mixProbability", &mixProbability)
    try visitor.setting("averageDecay", &averageDecay)
  }
}
