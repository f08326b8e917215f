/// The names in a checkpoint file. `/data`, `/history`, `/iter`, `/current_step` and `/learned_net` are Caffe's, for its
/// models and its solver states at once; Caffe ignores the rest.
enum CheckpointLayout {
  static let formatVersion = 1
  static let conventions = "prelu-dist-1"

  // Attributes of the file.
  static let conventionsName = "Conventions"
  static let title = "title"
  static let source = "source"
  static let history = "history"
  static let references = "references"
  static let version = "format_version"
  static let created = "created"

  // Caffe's.
  static let data = "data"
  static let momentum = "history"
  static let iteration = "iter"
  static let step = "current_step"
  static let learnedNet = "learned_net"

  /// Our own group, and what is in it.
  static let own = "prelu_dist"
  static let configuration = "configuration"
  static let trainingState = "training_state"
  static let dataFingerprint = "data_fingerprint"
  /// The per-pixel mean of the training images, and the classes' names.
  static let mean = "mean"
  static let classNames = "class_names"
  /// "layer/blob" in the network's order, which is the order of `/history`.
  static let parameterNames = "parameter_names"
  static let parameterDigests = "parameter_digests"
  static let momentumDigests = "momentum_digests"
  /// Of all parameters and momentum.
  static let digest = "digest"
  /// Of the texts above: they decide what a run does next, as the tensors do.
  static let headerDigest = "header_digest"
  /// What ``headerDigest`` is taken of.
  static func headerDigest(
    source: String, history: String, created: String, configuration: String, dataFingerprint: String, input: String,
    state: String, digest: String
  ) -> String {
    ContentDigest.ofTexts([
      String(formatVersion), source, history, created, configuration, dataFingerprint, input, state, digest,
    ])
  }
}
