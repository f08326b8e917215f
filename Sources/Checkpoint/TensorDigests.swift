import Hashing

/// The SHA-256 of each tensor of a network, and the one digest that they make together.
///
/// A tensor's digest is that of its float32 values as they lie in the file: little-endian, in the order of its layout.
/// It is the attribute `sha256` of the tensor's dataset, and in Python
///
///     hashlib.sha256(file["data/conv1/0"][()].tobytes()).hexdigest()
struct TensorDigests {
  /// The digests of the parameters, in the network's order.
  let values: [String]
  /// The digests of the parameters' momentum; nil where the tensors have none.
  let momentum: [String]?
  /// The digests of the parameters' moving averages; nil where the tensors have none.
  let average: [String]?

  init(values: [String], momentum: [String]?, average: [String]?) {
    self.values = values
    self.momentum = momentum
    self.average = average
  }

  /// Takes the digests of tensors in memory: all of them have momentum or none has, and likewise an average.
  init(_ tensors: [CheckpointTensor]) {
    func digests(
      _ noun: String, _ vector: (CheckpointTensor) -> UnsafeMutableBufferPointer<Float>?
    ) -> [String]? {
      let vectors = tensors.compactMap(vector)
      precondition(
        vectors.isEmpty || vectors.count == tensors.count,
        "\(vectors.count) of \(tensors.count) tensors have \(noun): all or none may")
      return vectors.isEmpty ? nil : vectors.map { Self.digest(of: UnsafeBufferPointer($0)) }
    }
    values = tensors.map { Self.digest(of: UnsafeBufferPointer($0.values)) }
    momentum = digests("momentum", \.momentum)
    average = digests("an average", \.average)
  }

  /// The digest of values in memory, where they are little-endian on every processor that Swift runs on.
  static func digest(of values: UnsafeBufferPointer<Float>) -> String {
    SHA256.digest(of: UnsafeRawBufferPointer(values))
  }

  /// The digest of the network: the SHA-256 of one line for each dataset, with its digest, its name and its extents;
  /// first the parameters, then their momentum, then their averages. In Python, where `tensors` are the datasets
  /// `/data/…` in the order of `/prelu_dist/parameter_names`, then `/history/0`, `/history/1`, …, and, where there are
  /// any, `/average/…` in the order of `/data/…`:
  ///
  ///     lines = [f"{t.attrs['sha256'].decode()} {t.name} {list(t.shape)}\n" for t in tensors]
  ///     hashlib.sha256("".join(lines).encode()).hexdigest()
  ///
  /// - Parameter tensors: the names and shapes of as many parameters as there are digests.
  func overall(_ tensors: [TensorDescription]) -> String {
    precondition(tensors.count == values.count, "\(values.count) digests of \(tensors.count) tensors")
    var lines = ""
    for (tensor, digest) in zip(tensors, values) {
      lines += "\(digest) /\(CheckpointLayout.data)/\(tensor.name) \(tensor.shape)\n"
    }
    for (index, digest) in (momentum ?? []).enumerated() {
      lines += "\(digest) /\(CheckpointLayout.momentum)/\(index) \(tensors[index].shape)\n"
    }
    for (tensor, digest) in zip(tensors, average ?? []) {
      lines += "\(digest) /\(CheckpointLayout.average)/\(tensor.name) \(tensor.shape)\n"
    }
    return SHA256.digest(of: lines)
  }
}
