extension Configuration {
  /// The weights that a new run begins with, from a file, and what its first layer is to make of the inputs.
  public struct Weights: Equatable, Sendable {
    /// The file or run folder; empty for weights that are drawn by the initializer.
    public var source = ""
    /// The digest of the source, 64 hexadecimal digits; the run notes it. Where it is given, the source must have it.
    public var digest = ""
    /// The names that layers have in the source, by their names here; a layer that is not listed has the same name.
    public var map: [String: String] = [:]
    /// The layers that begin anew whatever the source holds.
    public var anew: [String] = []
    /// The activation coefficient where the source has none: 0 makes a network of ReLUs the same function.
    public var slopes = 0.0
    /// The order of the channels of the source's inputs.
    public var channels = ChannelOrder.rgb
    /// The number by which the source's inputs were divided after the mean was subtracted, for red, green and blue, in
    /// pixels of 0 to 255; the first layer is divided by them. Empty if the source's inputs are as this network's.
    public var deviation: [Double] = []

    public init() {}

    public enum ChannelOrder: String, CaseIterable, Sendable {
      case rgb
      /// The order that Caffe's networks have from OpenCV.
      case bgr
    }
  }

  /// The inputs that a family of published networks is made for.
  public enum PublishedInput: String, CaseIterable, Sendable {
    /// The inputs of torchvision's and timm's networks: pixels of 0 to 1, the mean and deviation of ImageNet's colors.
    case torchvision
    /// The inputs of Caffe's VGG networks: blue, green, red, pixels of 0 to 255 less the mean of ImageNet's colors.
    case caffe

    /// The mean of red, green and blue, in pixels of 0 to 255.
    public var mean: [Double] {
      switch self {
      case .torchvision: [0.485, 0.456, 0.406].map { 255 * $0 }
      case .caffe: [123.68, 116.779, 103.939]
      }
    }

    /// The numbers that inputs are divided by afterwards, as in `Weights`.
    public var deviation: [Double] {
      switch self {
      case .torchvision: [0.229, 0.224, 0.225].map { 255 * $0 }
      case .caffe: [1]
      }
    }
  }

  /// Makes inputs as a family of published networks has them: exactly the same function for a network of its weights.
  public mutating func choose(input: PublishedInput) {
    data.mean = input.mean
    weights.deviation = input.deviation
    weights.channels = input == .caffe ? .bgr : .rgb
  }
}

extension Configuration.Weights.ChannelOrder: ChoiceSetting {}

extension Configuration.Weights: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("source", &source)
    try visitor.setting("digest", &digest)
    try visitor.setting(words: "map", &map)
    try visitor.setting(texts: "anew", &anew)
    try visitor.setting("slopes", &slopes)
    try visitor.setting("channels", &channels)
    try visitor.setting("deviation", &deviation)
  }
}
