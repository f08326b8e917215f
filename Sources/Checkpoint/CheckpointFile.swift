import HDF5

/// A checkpoint in one HDF5 file: parameters, momentum, their moving average where one is kept, and everything that
/// training needs to go on.
///
/// The layout is ``CheckpointLayout``'s: `/data/<layer>/<blob>` and `/history/<i>` are what Caffe's, h5py's and
/// PyTorch's users read without a converter. Tensors are float32, cut in pieces with a checksum each, not compressed;
/// the file holds digests of all tensors and texts, so that damage anywhere is found. HDF5 reads it from version 1.8
/// on.
public enum CheckpointFile {
  /// The digest of all parameters, momentum and averages: order, names, shapes, bits. 64 hexadecimal digits.
  ///
  /// It is the SHA-256 of a line for each tensor with the SHA-256 of its values (``TensorDigests/overall(_:)`` has the
  /// definition, and the same in Python). Two networks have the same one only if they are equal to the bit.
  public static func digest(_ tensors: [CheckpointTensor]) -> String {
    TensorDigests(tensors).overall(tensors.map(\.description))
  }

  /// The bytes that a checkpoint of `tensors` takes, at most.
  public static func sizeBound(_ tensors: [CheckpointTensor], textBytes: Int = 0) -> Int {
    tensors.reduce(1 << 17) { sum, tensor in
      let chunk = TensorChunk(tensor.shape)
      // A checksum and an entry in the index of pieces for each, a header for each tensor.
      let one = chunk.pieces.count * (4 * chunk.count + 64) + 8192
      return sum + one * tensor.vectorCount
    } + 2 * textBytes
  }
}
