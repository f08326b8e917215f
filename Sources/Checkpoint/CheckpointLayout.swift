import Hashing

/// The names in a checkpoint file. `/data`, `/history`, `/iter`, `/current_step` and `/learned_net` are Caffe's, for
/// its models and its solver states at once; Caffe ignores the rest.
enum CheckpointLayout {
  /// The version of the format of a file without a moving average of the parameters. Version 1 had other digests, in
  /// lists of their own.
  static let plainVersion = 2
  /// The version of a file with one, in `/average`, whose digests are in the overall one: an older program, which would
  /// look for the digest without them, names the version instead.
  static let averageVersion = 3
  /// The versions that are read.
  static let versions = plainVersion...averageVersion

  static func version(hasAverage: Bool) -> Int { hasAverage ? averageVersion : plainVersion }
  static func conventions(version: Int) -> String { "prelu-dist-\(version)" }

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
  /// The moving average of the parameters, with the names that `/data` has; this program's own.
  static let average = "average"
  static let iteration = "iter"
  static let step = "current_step"
  static let learnedNet = "learned_net"

  /// The attribute of each tensor with the digest of its values (``TensorDigests``).
  static let sha256 = "sha256"

  /// The group that only this program reads; the names below are of datasets in it.
  static let own = "prelu_dist"
  static let configuration = "configuration"
  static let trainingState = "training_state"
  static let dataFingerprint = "data_fingerprint"
  /// The per-pixel mean of the training images, and the classes' names.
  static let mean = "mean"
  static let classNames = "class_names"
  /// The names "layer/blob" in the network's order, which is the order of `/history`.
  static let parameterNames = "parameter_names"
  /// The digest of all parameters, momentum and averages.
  static let digest = "digest"
  /// The digest of the header's texts: they decide what a run does next, as the tensors do.
  static let headerDigest = "header_digest"

  /// The names of the file's objects.
  static let rootNames: Set = [data, momentum, average, iteration, step, learnedNet, own]
  /// The names of the objects in this program's group.
  static let ownNames: Set = [
    configuration, trainingState, dataFingerprint, mean, classNames, parameterNames, digest, headerDigest,
  ]

  /// The value of `/prelu_dist/header_digest`: the SHA-256 of the header's texts one after the other, each after its
  /// length in bytes and a colon. They end with the mean's digest, the mean's extents and the classes' names, if there
  /// are any. In Python
  ///
  ///     hashlib.sha256(b"".join(b"%d:%b" % (len(t), t) for t in texts)).hexdigest()
  ///
  /// - Parameters:
  ///   - version: the version of the format, which is the first of the texts.
  ///   - meanDigest: the digest of the mean, where another than that of its values is meant.
  static func headerDigest(
    version: Int, source: String, history: String, created: String, configuration: String, dataFingerprint: String,
    state: String,
    digest: String, input: InputDescription?, meanDigest: String? = nil
  ) -> String {
    var texts = [String(version), source, history, created, configuration, dataFingerprint, state, digest]
    if let input { texts += [meanDigest ?? input.meanDigest, "\(input.meanShape)"] + input.classNames }
    return SHA256.digest(of: texts.map { "\($0.utf8.count):\($0)" }.joined())
  }
}
