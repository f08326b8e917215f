import Checkpoint
import Configuration
import Foundation
import HDF5
import Hashing
import Network
import System
import SystemPackage

/// A tensor of a source, by the layer and the place among the layer's parameters that its name says.
public struct SourceTensor: Equatable, Sendable {
  /// The layer's name in the source, such as `features.0`; PReLU's coefficients are a layer of their own.
  public let layer: String
  /// 0 for weights and coefficients, 1 for biases.
  public let blob: Int
  public let shape: [Int]
  /// The tensor's name in the file.
  public let name: String
}

/// A file with weights to begin with: a checkpoint of this program, a Caffe model in HDF5, or a safetensors file.
///
/// Nothing in it is trusted. Values are read when they are asked for.
public struct WeightSource {
  /// The file: for a run folder the checkpoint that stands for it.
  public let path: String
  /// The kind of file, with its article.
  public let kind: String
  public let tensors: [SourceTensor]
  /// The names of tensors that are neither weights nor biases, which nothing is taken from.
  public let others: [String]
  /// The mean that the source's inputs were made with; nil if the file does not say.
  public let mean: InputMean?
  /// The factor that the source's inputs were multiplied by after the mean was subtracted; nil if the file does not
  /// say.
  public let scale: Double?
  /// The classes in the order of the scores; nil if the file does not say.
  public let classNames: [String]?
  /// The network that the tensors are of; nil if the file does not say, or names one that this program does not have.
  public let network: ResolvedArchitecture?
  /// Whether the file names a network, but one that this program does not have.
  public let saysUnknownLayers: Bool
  /// A digest of everything that is read: of the file's bytes, or of a checkpoint's tensors, layers, scale, mean and
  /// classes.
  public let digest: String
  private let content: Content

  /// A mean that is subtracted from pixels of 0 to 255.
  public struct InputMean: Equatable, Sendable {
    /// (channels, height, width).
    public let shape: [Int]
    public let values: [Float]

    /// - Precondition: The shape has three extents, none of them 0, and as many values.
    public init(shape: [Int], values: [Float]) {
      precondition(
        shape.count == 3 && !values.isEmpty && shape.reduce(1, *) == values.count,
        "a mean of the shape \(shape) with \(values.count) values")
      (self.shape, self.values) = (shape, values)
    }
  }

  private enum Content {
    /// A checkpoint, and which of its vectors is read: the moving average of the parameters where there is one.
    case checkpoint(CheckpointVector)
    case caffe
    case safetensors(SafetensorsFile, [String: SafetensorsTensor])
  }

  /// Opens a file or a run folder.
  ///
  /// - Throws: `FileError` for a file that cannot be read or is damaged, `Refusal` for a Python pickle and for other
  ///   kinds of files.
  public init(_ path: String) throws {
    let path = try RunFolder.checkpointPath(path)
    guard try FileSystem.status(path) != nil else {
      throw FileError(
        .missing, path: path,
        problem: "expected a run folder, a checkpoint, a Caffe model or a safetensors file, found nothing of this name"
          + (path.hasPrefix("/") ? "" : " in \(FileManager.default.currentDirectoryPath)"))
    }
    let beginning = try FileSystem.beginning(of: path, limit: 64)
    // One that is cut off is still such a file, and says so itself.
    if SafetensorsFile.headerLength(beginning, size: FileSystem.size(of: path)) != nil
      || SafetensorsFile.claimedLength(beginning) != nil
    {
      try self.init(safetensors: path)
      return
    }
    switch FileKind(beginning) {
    case .hdf5: try self.init(hdf5: path)
    case .pickle: throw Self.pickleRefusal(path)
    case .zip where try Self.firstMember(ofZIP: path).hasSuffix("/data.pkl"): throw Self.pickleRefusal(path)
    case let kind:
      throw Refusal(
        .badData,
        "\(path): expected a run folder, a checkpoint, a Caffe model in HDF5 (.caffemodel.h5) or a safetensors file, "
          + "found \(kind.name): \(kind.holdsNothing ? "name another file" : "convert it to one of these")")
    }
  }

  private init(hdf5 path: String) throws {
    let isCheckpoint = try HDF5Library.exclusively {
      let file = try HDF5Reader.open(path, as: Self.anyContent)
      return try file.exists("prelu_dist")
    }
    if isCheckpoint { try self.init(checkpoint: path) } else { try self.init(caffe: path) }
  }

  private init(checkpoint path: String) throws {
    let header = try CheckpointFile.readHeader(path)
    self.path = path
    kind = "a checkpoint"
    tensors = header.tensors.map {
      SourceTensor(layer: $0.layer, blob: $0.blob, shape: $0.shape, name: "\($0.layer)/\($0.blob)")
    }
    others = []
    let configuration = try Configuration(json: header.configuration, source: path)
    scale = configuration.data.scale
    network = try? configuration.architecture().resolved()
    saysUnknownLayers = network == nil
    classNames = header.input?.classNames
    mean = header.input.flatMap {
      $0.meanShape.count == 3 && !$0.mean.isEmpty ? InputMean(shape: $0.meanShape, values: $0.mean) : nil
    }
    digest = Self.digest(of: header, layers: network.map(ExportedNetwork.json) ?? header.configuration, scale: scale)
    content = .checkpoint(header.hasAverage ? .average : .parameters)
  }

  private init(caffe path: String) throws {
    self.path = path
    kind = "a Caffe model"
    tensors = try Self.caffeTensors(path)
    try Self.checkNormalization(tensors, path)
    (others, mean, scale, classNames, network, saysUnknownLayers) = ([], nil, nil, nil, nil, false)
    digest = try Self.digest(ofFile: path)
    content = .caffe
  }

  private init(safetensors path: String) throws {
    let file = try SafetensorsFile(path)
    self.path = path
    kind = "a safetensors file"
    // Several processes of PyTorch put their wrapper's name before each.
    let wrapper = file.tensors.allSatisfy { $0.name.hasPrefix("module.") } ? "module." : ""
    var byName: [String: SafetensorsTensor] = [:]
    var tensors: [SourceTensor] = []
    var others: [String] = []
    for tensor in file.tensors {
      byName[tensor.name] = tensor
      let name = tensor.name.dropFirst(wrapper.count)
      guard let point = name.lastIndex(of: "."),
        let blob = ["weight": 0, "bias": 1][name[name.index(after: point)...]]
      else {
        others.append(tensor.name)
        continue
      }
      tensors.append(
        SourceTensor(layer: String(name[..<point]), blob: blob, shape: tensor.shape, name: tensor.name))
    }
    self.tensors = tensors
    try Self.checkNormalization(tensors, path, others: others)
    let texts = ExportMetadata(file.metadata)
    guard texts != nil || !ExportMetadata.isMeant(by: file.metadata) else {
      throw Refusal(
        .badData,
        "\(path): expected the scale, the classes and the architecture that this program writes into a file's texts, "
          + "found some that cannot be read: write the texts of the export again")
    }
    network = texts.flatMap {
      try? JSONDecoder().decode(Architecture.self, from: Data($0.architecture.utf8)).resolved()
    }
    saysUnknownLayers = texts != nil && network == nil
    let inputs = try Self.inputs(of: file)
    (mean, scale, classNames) = (inputs?.mean, texts?.scale ?? inputs?.scale, texts?.classNames)
    self.others = others.filter { inputs == nil || !["mean", "scale"].contains($0) }
    digest = try Self.digest(ofFile: path)
    content = .safetensors(file, byName)
  }

  /// Reads a tensor's values.
  public func read(_ tensor: SourceTensor, into values: UnsafeMutableBufferPointer<Float>) throws(FileError) {
    switch content {
    case .safetensors(let file, let byName):
      guard let found = byName[tensor.name] else { preconditionFailure("\(path) has no tensor \(tensor.name)") }
      return try file.read(found, into: values)
    case .checkpoint(let vector):
      let read = try CheckpointFile.readTensor(path, vector, layer: tensor.layer, blob: tensor.blob)
      try copy(read.shape, read.values, of: tensor, into: values)
    case .caffe:
      try HDF5Library.exclusively { () throws(FileError) in
        let file = try HDF5Reader.open(path, as: Self.caffeContent)
        let shape = try file.tensorShape("data", tensor.layer, String(tensor.blob))
        try copy(shape, try file.values("data", tensor.layer, String(tensor.blob)), of: tensor, into: values)
      }
    }
    if let place = values.firstIndex(where: { !$0.isFinite }) {
      throw FileError(
        .damaged, path: path,
        problem: "value \(place) of \(tensor.name.shown()) is \(values[place]), expected a finite number",
        advice: "Take weights of a network that has not diverged")
    }
  }

  private func copy(
    _ shape: [Int], _ read: [Float], of tensor: SourceTensor, into values: UnsafeMutableBufferPointer<Float>
  ) throws(FileError) {
    guard shape == tensor.shape, read.count == values.count else {
      throw FileError(.damaged, path: path, problem: "it was written to while it was read", advice: "Read it again")
    }
    _ = values.update(fromContentsOf: read)
  }

  // MARK: - Kinds of files

  /// Refuses a network whose layers are followed by normalization: its convolutions alone would be another function.
  ///
  /// A layer of this program, as of others, has biases of fewer extents than its weights, and PReLU has none. What has
  /// weights and biases of the same shape scales and shifts: batch, group, instance and layer normalization of PyTorch,
  /// and the layers `BatchNorm` and `Scale` of Caffe. Without biases its name tells it from PReLU.
  ///
  /// - Parameter others: the names of tensors that are neither weights nor biases, such as statistics.
  private static func checkNormalization(
    _ tensors: [SourceTensor], _ path: String, others: [String] = []
  ) throws(Refusal) {
    func refusal(_ kind: String, _ name: String, _ advice: String) -> Refusal {
      Refusal(
        .badData,
        "\(path): expected a network without \(kind) normalization, which this program does not have, found "
          + "\(name.quoted()): \(advice)")
    }
    if let name = others.first(where: { $0.hasSuffix("running_mean") || $0.hasSuffix("running_var") }) {
      throw refusal("batch", name, "fold it into the convolutions first")
    }
    let biases = Dictionary(tensors.filter { $0.blob == 1 }.map { ($0.layer, $0.shape) }) { first, _ in first }
    let found = tensors.first { tensor in
      guard tensor.blob == 0 else { return false }
      if let bias = biases[tensor.layer] { return bias == tensor.shape }
      return tensor.shape.count <= 1 && isNormalization(tensor.layer)
    }
    guard let found else { return }
    throw refusal(
      "layer, group or batch", found.name,
      "fold a batch normalization into the convolutions first; with any other take another network")
  }

  /// Whether a part of a layer's name is one that normalization is called by: `norm1`, `LayerNorm`, `bn2`, `ln`, `gn`.
  private static func isNormalization(_ layer: String) -> Bool {
    layer.lowercased().split { $0 == "." || $0 == "_" }.contains { part in
      part.contains("norm")
        || ["bn", "gn", "ln"].contains { part.hasPrefix($0) && part.dropFirst(2).allSatisfy(\.isNumber) }
    }
  }

  /// Returns the mean and the scale of a network's inputs that this program's files hold as tensors: `mean` of three
  /// extents, and `scale`, which is there where PyTorch has written the file. Nil for files of others.
  private static func inputs(of file: SafetensorsFile) throws(FileError) -> (mean: InputMean, scale: Double?)? {
    func values(_ name: String, _ extents: Int) throws(FileError) -> (shape: [Int], values: [Double])? {
      guard let tensor = file.tensors.first(where: { $0.name == name }), tensor.shape.count == extents,
        tensor.type.isRead, tensor.count > 0
      else { return nil }
      return (tensor.shape, try file.doubles(tensor))
    }
    guard let mean = try values("mean", 3) else { return nil }
    let scale = try values("scale", 0)?.values[0]
    guard ExportMetadata(file.metadata) != nil || scale.map(ExportMetadata.scales.contains) == true else { return nil }
    return (InputMean(shape: mean.shape, values: mean.values.map { Float($0) }), scale)
  }

  /// Any file of HDF5, before it is known what it holds.
  private static let anyContent = HDF5Content(
    noun: "file of weights", adviceOnDamage: "Copy or download it again, or take another one")
  private static let caffeContent = HDF5Content(noun: "Caffe model", adviceOnDamage: "Write it again, as float32")

  /// The tensors `/data/<layer>/<blob>` of float32, as Caffe's Net::ToHDF5 writes them.
  private static func caffeTensors(_ path: String) throws(FileError) -> [SourceTensor] {
    try HDF5Library.exclusively { () throws(FileError) in
      let file = try HDF5Reader.open(path, as: caffeContent)
      guard file.isGroup("data") else {
        throw FileError(
          .wrongKind, path: path,
          problem: "expected the weights of a network, found an HDF5 file without a group /data",
          advice: "Caffe writes /data/LAYER/0 and /data/LAYER/1")
      }
      var tensors: [SourceTensor] = []
      for layer in try file.names(in: "data") where file.isGroup("data", layer) {
        for blob in try file.names(in: "data", layer) {
          guard let number = Int(blob), String(number) == blob, (0...1).contains(number) else { continue }
          let shape = try file.tensorShape("data", layer, blob)
          tensors.append(SourceTensor(layer: layer, blob: number, shape: shape, name: "\(layer)/\(blob)"))
        }
      }
      return tensors
    }
  }

  /// Returns the name of an archive's first file: torch.save begins with `NAME/data.pkl`. Source: APPNOTE.TXT 4.3.7.
  private static func firstMember(ofZIP path: String) throws(FileError) -> String {
    let head = Array(try FileSystem.beginning(of: path, limit: 30 + 512))
    guard head.count > 30 else { return "" }
    return String(decoding: head.dropFirst(30).prefix(Int(head[26]) + 256 * Int(head[27])), as: UTF8.self)
  }

  private static func pickleRefusal(_ path: String) -> Refusal {
    let name = FileSystem.name(of: path)
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    return Refusal(
      .badData,
      "\(path): expected a safetensors file, found a Python pickle, as torch.save writes it: reading one can run any "
        + "program that is in it. Make a safetensors file of it in Python:\n"
        + "  import torch, safetensors.torch\n"
        + "  safetensors.torch.save_file(torch.load(\(pythonText(name)), weights_only=True), "
        + "\(pythonText(stem + ".safetensors")))")
  }

  /// Returns the digest of what is read of a checkpoint: a copy with another mean or scale is another source.
  private static func digest(of header: CheckpointHeader, layers: String, scale: Double?) -> String {
    let mean = (header.input?.mean ?? []).withUnsafeBytes { SHA256.digest(of: $0) }
    let texts =
      [header.digest, layers, scale.map { "\($0)" } ?? "", "\(header.input?.meanShape ?? [])", mean]
      + (header.input?.classNames ?? [])
    return SHA256.digest(of: texts.map { "\($0.utf8.count):\($0)" }.joined())
  }

  private static func digest(ofFile path: String) throws(FileError) -> String {
    let file: RegularFile
    do throws(RegularFileError) {
      file = try RegularFile(path)
    } catch {
      throw FileError(error, path: path, expected: "a file with weights")
    }
    var hash = SHA256()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    var start = 0
    do throws(Errno) {
      while start < file.size {
        let count = try file.read(into: piece, at: start)
        if count == 0 { break }
        hash.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        start += count
      }
    } catch {
      throw FileError(.cannotRead, path: path, what: "cannot be read", code: error)
    }
    return hash.finish()
  }
}

extension FileKind {
  /// Whether no weights can be in such a file, in whatever form.
  fileprivate var holdsNothing: Bool {
    switch self {
    case .empty, .zeros, .text, .markup, .gitLFSPointer, .pdf: true
    default: isPicture
    }
  }
}
