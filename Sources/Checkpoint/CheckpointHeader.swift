/// The program and the command that wrote a checkpoint.
public struct Provenance: Equatable, Sendable {
  /// Name and version, such as "prelu-dist 0.1.0".
  public var program: String
  /// The command as typed. The file keeps its first 4,096 bytes.
  public var commandLine: String

  public init(program: String, commandLine: String) {
    self.program = program
    self.commandLine = commandLine
  }
}

/// A checkpoint without its tensors' values.
public struct CheckpointHeader: Equatable, Sendable {
  public let state: TrainingState
  /// The resolved configuration as JSON.
  public let configuration: String
  /// The fingerprint of the training data as JSON.
  public let dataFingerprint: String
  /// The way to make inputs; nil where the writer gave none.
  public let input: InputDescription?
  public let provenance: Provenance
  /// The time of writing: ISO 8601, UTC.
  public let created: String
  /// The names and shapes of the parameters, in the network's order.
  public let tensors: [TensorDescription]
  public let hasMomentum: Bool
  /// Whether the file holds a moving average of the parameters.
  public let hasAverage: Bool
  /// The digest of all parameters and momentum that the writer took (``CheckpointFile/digest(_:)``).
  public let digest: String
}
