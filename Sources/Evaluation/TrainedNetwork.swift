import Checkpoint
import Communication
import Configuration
import Foundation
import Images
import Kernels
import Network
import System

/// A network with the parameters of a checkpoint, and with the facts that its inputs are made from.
public struct TrainedNetwork {
  public let network: Network
  public let configuration: Configuration
  public let mean: MeanImage
  public let classNames: [String]
  public let path: String
  public let iteration: Int
  /// The vector of the checkpoint that the parameters are.
  public let vector: CheckpointVector
  /// Sentences on what is odd about a run's folder, such as a newer checkpoint that is damaged.
  public let notes: [String]
  /// The digest of the data that the network was trained on, as in `DataFingerprint`; nil if the checkpoint does not
  /// state it.
  let dataDigest: String?

  /// Reads a checkpoint: the file at a path, or the best checkpoint of a run folder, or its newest if none is the best
  /// yet.
  ///
  /// - Parameters:
  ///   - precision: The precision to multiply in; nil for the one that the network was trained in.
  ///   - vector: The vector to take; nil for the moving average of the parameters where the checkpoint has one.
  ///   - method: The method that computes every convolution; nil for the choice by shape.
  public init(
    _ path: String, precision: Precision? = nil, _ vector: CheckpointVector? = nil,
    convolution method: ConvolutionMethod? = nil
  ) throws {
    try self.init(TrainedNetworkDescription(path), precision, vector, method)
    try CheckpointFile.read(self.path, self.vector, into: tensors)
  }

  /// Reads a checkpoint on rank 0 and gives every rank the whole network.
  ///
  /// - Parameters:
  ///   - precision: The precision to multiply in; nil for the one that the network was trained in.
  ///   - vector: The vector to take; nil for the moving average of the parameters where the checkpoint has one.
  public init(
    _ path: String, precision: Precision? = nil, _ vector: CheckpointVector? = nil, world: World
  ) throws {
    let description = try world.fromRoot { try TrainedNetworkDescription(path) }
    self = try world.agree {
      let trained = try TrainedNetwork(description, precision, vector)
      if world.rank == 0 { try CheckpointFile.read(description.path, trained.vector, into: trained.tensors) }
      return trained
    }
    try world.broadcast(UnsafeMutableRawBufferPointer(network.parameters.values), root: 0)
  }

  private init(
    _ description: TrainedNetworkDescription, _ precision: Precision?, _ vector: CheckpointVector?,
    _ method: ConvolutionMethod? = nil
  ) throws {
    path = description.path
    self.vector = vector ?? (description.hasAverage ? .average : .parameters)
    iteration = description.iteration
    notes = description.notes
    dataDigest = description.dataDigest
    configuration = try Configuration(json: description.configuration, source: path)
    network = Network(
      try configuration.architecture().resolved(), convolution: method,
      precision: precision ?? configuration.training.precision)
    let input = network.architecture.input
    guard description.meanShape == [input.channels, input.height, input.width] else {
      throw Refusal(
        .badData,
        "\(path): its mean image has the shape \(description.meanShape), the network's input is \(input): "
          + "use a checkpoint that `prelu-dist train` wrote")
    }
    guard description.classNames.count == network.head.classes else {
      throw Refusal(
        .badData,
        "\(path): it names \(description.classNames.count.counted("class")), the network scores "
          + "\(network.head.classes): use a checkpoint that `prelu-dist train` wrote")
    }
    mean = MeanImage(values: description.mean, extents: input)
    classNames = description.classNames
  }

  /// Throws an error unless the classes are those of `first`: otherwise the average of the scores would mean nothing.
  public func checkClasses(_ first: TrainedNetwork) throws(Refusal) {
    guard classNames != first.classNames else { return }
    let place = zip(classNames, first.classNames).enumerated().first { $1.0 != $1.1 }
    let difference =
      place.map { "class \($0) is \($1.0.shown()), not \($1.1.shown())" }
      ?? "\(classNames.count.counted("class")), not \(first.classNames.count)"
    throw Refusal(
      .badData,
      "\(path): its classes are not those of \(first.path): \(difference): "
        + "average networks of the same classes only")
  }

  private var tensors: [CheckpointTensor] {
    network.architecture.parameters.map { parameter in
      CheckpointTensor(
        layer: parameter.layer, blob: parameter.blob, shape: parameter.shape,
        values: UnsafeMutableBufferPointer(rebasing: network.parameters.values[parameter.range]), momentum: nil)
    }
  }
}

/// The parts of a checkpoint's header that all ranks need.
private struct TrainedNetworkDescription: Codable {
  let path: String
  let iteration: Int
  let hasAverage: Bool
  let notes: [String]
  let configuration: String
  let meanShape: [Int]
  let mean: [Float]
  let classNames: [String]
  let dataDigest: String?

  /// - Parameter path: a checkpoint or a run folder.
  init(_ path: String) throws {
    guard FileSystem.isFolder(path) else {
      try self.init(path: path, CheckpointFile.readHeader(path), notes: [])
      return
    }
    let folder = try RunFolder.open(at: path)
    if let best = try folder.best() {
      try self.init(
        path: best.path, CheckpointFile.readHeader(best.path), notes: [best.note].compactMap(\.self))
    } else {
      let newest = try folder.newestWhole()
      try self.init(path: newest.path, newest.header, notes: newest.skipped.map { "passed over: \($0)" })
    }
  }

  private init(path: String, _ header: CheckpointHeader, notes: [String]) throws {
    guard let input = header.input else {
      throw Refusal(
        .badData,
        "\(path): expected a checkpoint with a mean image, which inputs need, found none in it: "
          + "use a checkpoint that `prelu-dist train` wrote")
    }
    self.path = path
    self.notes = notes
    iteration = header.state.iteration
    hasAverage = header.hasAverage
    configuration = header.configuration
    dataDigest = try? JSONDecoder().decode(DataFingerprint.self, from: Data(header.dataFingerprint.utf8)).digest
    (meanShape, mean, classNames) = (input.meanShape, input.mean, input.classNames)
  }
}
