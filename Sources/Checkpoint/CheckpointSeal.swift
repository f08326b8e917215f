import Glibc
import HDF5
import System

/// The sealing of a checkpoint that somebody has changed on purpose, such as with h5py: its digests no longer go with
/// what it holds, and so it is refused everywhere else.
public enum CheckpointSeal {
  /// The changes that were found.
  public struct Changes: Equatable, Sendable {
    /// The parameters whose values are not those that were written, as "conv1/0".
    public let parameters: [String]
    /// The parameters whose momentum is not what was written.
    public let momentum: [String]
    /// The parameters whose moving average is not what was written.
    public let averages: [String]
    /// Whether the mean of the inputs changed.
    public let hasOtherMean: Bool
    /// Whether texts changed, which have one digest: the settings, the classes' names, the state of the training.
    public let hasOtherTexts: Bool
    /// Whether names or shapes of parameters changed.
    public let hasOtherShapes: Bool
    /// The objects beside a checkpoint's own, such as "/data/new/0": the sealed file has none of them.
    public let leftOut: [String]
    /// Whether the checkpoint keeps a moving average of the parameters.
    public let hasAverage: Bool

    public var isEmpty: Bool {
      parameters.isEmpty && momentum.isEmpty && averages.isEmpty && !hasOtherMean && !hasOtherTexts && !hasOtherShapes
        && leftOut.isEmpty
    }
  }

  /// The advice goes to somebody who has just written the file by hand.
  private static let content = HDF5Content(
    noun: "checkpoint",
    adviceOnDamage:
      "Correct it, then seal it again: tensors are of float32, texts numpy.bytes_, and what is cut from a "
      + "tensor in /data is cut from the same one in /history and /average",
    absence: CheckpointFile.content.absence)

  /// Reads a checkpoint's header, whatever its digests say.
  public static func readHeader(_ path: String) throws(FileError) -> CheckpointHeader {
    try CheckpointFile.reading(path, as: content) { file throws(FileError) in
      try CheckpointFile.contents(file, acceptsChanges: true).header
    }
  }

  /// Reads a checkpoint, whatever its digests say, and writes a whole one with new digests.
  ///
  /// - Parameter output: the new file, which takes the place of an earlier one only when it is whole.
  /// - Throws: as reading and writing do; the file must be whole in every other way.
  public static func write(
    of path: String, to output: String, provenance: Provenance
  ) throws(FileError) -> Changes {
    let header = try readHeader(path)
    let count = header.tensors.reduce(0) { $0 + $1.count }
    let values = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: count * (1 + (header.hasMomentum ? 1 : 0) + (header.hasAverage ? 1 : 0)))
    values.initialize(repeating: 0)
    defer { values.deallocate() }
    var start = 0
    let tensors = header.tensors.map { tensor in
      defer { start += tensor.count }
      func part(from start: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: values[start..<start + tensor.count])
      }
      return CheckpointTensor(
        layer: tensor.layer, blob: tensor.blob, shape: tensor.shape, values: part(from: start),
        momentum: header.hasMomentum ? part(from: count + start) : nil,
        average: header.hasAverage ? part(from: (header.hasMomentum ? 2 : 1) * count + start) : nil)
    }
    let changes = try read(path, into: tensors)
    try checkFinite(path, tensors, mean: header.input?.mean ?? [])
    try CheckpointFile.writeWhole(to: output, as: "seal") { temporary throws(FileError) in
      try CheckpointFile.write(
        to: temporary, tensors: tensors, state: header.state, configuration: header.configuration,
        dataFingerprint: header.dataFingerprint, input: header.input, provenance: provenance)
    }
    return changes
  }

  /// Refuses values that no training could go on from.
  private static func checkFinite(
    _ path: String, _ tensors: [CheckpointTensor], mean: [Float]
  ) throws(FileError) {
    func check(_ values: some Collection<Float>, of name: String) throws(FileError) {
      guard let value = values.first(where: { !$0.isFinite }) else { return }
      throw FileError(
        .damaged, path: path, problem: "expected finite numbers in \(name), found \(value)",
        advice: "Correct it, then seal the file again")
    }
    for tensor in tensors {
      try check(tensor.values, of: tensor.description.name)
      if let momentum = tensor.momentum { try check(momentum, of: "the momentum of \(tensor.description.name)") }
      if let average = tensor.average { try check(average, of: "the average of \(tensor.description.name)") }
    }
    try check(mean, of: "the mean")
  }

  private static func read(_ path: String, into tensors: [CheckpointTensor]) throws(FileError) -> Changes {
    try CheckpointFile.reading(path, as: content) { file throws(FileError) in
      let contents = try CheckpointFile.contents(file, acceptsChanges: true)
      guard contents.header.tensors == tensors.map(\.description) else {
        throw content.damaged(path, "it was written to while it was read")
      }
      for (index, tensor) in tensors.enumerated() {
        try file.read(into: tensor.values, CheckpointLayout.data, tensor.layer, String(tensor.blob))
        if let momentum = tensor.momentum {
          try file.read(into: momentum, CheckpointLayout.momentum, String(index))
        }
        if let average = tensor.average {
          try file.read(into: average, CheckpointLayout.average, tensor.layer, String(tensor.blob))
        }
      }
      let now = TensorDigests(tensors)
      func changed(_ written: [String]?, _ now: [String]?) -> [String] {
        tensors.indices.filter { written?[$0] != now?[$0] }.map { tensors[$0].description.name }
      }
      return Changes(
        parameters: changed(contents.digests.values, now.values),
        momentum: changed(contents.digests.momentum, now.momentum),
        averages: changed(contents.digests.average, now.average), hasOtherMean: contents.changes.contains(.mean),
        hasOtherTexts: contents.changes.contains(.texts), hasOtherShapes: contents.changes.contains(.shapes),
        leftOut: try leftOut(file, contents.header), hasAverage: contents.header.hasAverage)
    }
  }

  /// Returns what a file holds that is not written again: objects of names that no checkpoint has, and Caffe's numbers
  /// where they are not those of the training's state.
  private static func leftOut(_ file: borrowing HDF5Reader, _ header: CheckpointHeader) throws(FileError) -> [String] {
    typealias Layout = CheckpointLayout
    var found = try file.names().filter { !Layout.rootNames.contains($0) }.map { ["\($0)"] }
    for name in try file.names(in: Layout.own) where !Layout.ownNames.contains(name) {
      found.append([Layout.own, name])
    }
    let known = Set(header.tensors.map(\.name))
    for group in [Layout.data, Layout.average] where file.isGroup(group) {
      for layer in try file.names(in: group) {
        guard file.isGroup(group, layer) else {
          found.append([group, layer])
          continue
        }
        let blobs = try file.names(in: group, layer)
        if blobs.isEmpty { found.append([group, layer]) }
        for blob in blobs where !known.contains("\(layer)/\(blob)") || group == Layout.average && !header.hasAverage {
          found.append([group, layer, blob])
        }
      }
    }
    if header.hasMomentum {
      let numbers = Set(header.tensors.indices.map(String.init))
      for name in try file.names(in: Layout.momentum) where !numbers.contains(name) {
        found.append([Layout.momentum, name])
      }
    }
    var lines = found.map { "/" + $0.map { $0.shown() }.joined(separator: "/") }
    for (name, number) in [
      (Layout.iteration, header.state.iteration), (Layout.step, header.state.schedule.learningRateDrops),
    ] where try file.exists(name) {
      guard let value = try? file.readArray(name, as: Int32.self, shape: [1]).first, value == Int32(clamping: number)
      else {
        lines.append("/\(name), which the state of the training says is \(number)")
        continue
      }
    }
    return lines
  }
}

extension CheckpointFile {
  /// Writes a checkpoint under a temporary name beside `output`, reads it back and puts it in place.
  ///
  /// - Parameters:
  ///   - word: tells the temporary name from those of other writers.
  ///   - write: writes the file at the path that it is given, and returns its digest.
  static func writeWhole(
    to output: String, as word: String, _ write: (_ temporary: String) throws(FileError) -> String
  ) throws(FileError) {
    let name = TemporaryName.of(FileSystem.name(of: output), runIdentifier: word, process: getpid())
    let replacement = FileReplacement(
      of: output, temporary: FileSystem.path(name, in: FileSystem.folder(of: output)))
    let digest = try write(replacement.temporary)
    try verify(replacement.temporary, digest: digest)
    try replacement.putInPlace()
    try FileSystem.synchronizeFolder(FileSystem.folder(of: output))
  }
}
