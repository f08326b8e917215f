import Foundation
import HDF5
import System
import SystemPackage

extension CheckpointFile {
  /// Writes a new file, and waits until it is on the device. Its name should be a temporary one: only the run folder's
  /// `save` makes it take the place of another.
  ///
  /// A name such as `checkpoint-20.h5.tmp.<run>.<process>` counts as `checkpoint-20.h5` in `/learned_net`.
  /// - Returns: ``digest(_:)`` of the tensors.
  /// - Throws: `.cannotCreate` where the file exists or cannot be created, `.cannotWrite` where writing fails, with the
  ///   bytes needed and free; nothing is left behind then.
  @discardableResult
  public static func write(
    to path: String, tensors: [CheckpointTensor], state: TrainingState, configuration: String,
    dataFingerprint: String, input: InputDescription? = nil, provenance: Provenance
  ) throws(FileError) -> String {
    let texts = [configuration, dataFingerprint, provenance.commandLine, provenance.program]
    precondition(!texts.contains { $0.utf8.contains(0) }, "a text of a checkpoint contains a zero byte")
    precondition(
      Set(tensors.map(\.description.name)).count == tensors.count, "two tensors of a checkpoint have the same name")
    let needed = sizeBound(tensors, textBytes: texts.reduce(0) { $0 + $1.utf8.count })
    if let free = FileSystem.freeBytes(FileSystem.folder(of: path)), free < needed {
      throw cannotWrite(
        FileError(.cannotWrite, path: path, what: "cannot be written", code: .noSpace), needed: needed)
    }
    let stateText = text(of: state)
    do throws(FileError) {
      return try HDF5File.create(at: path) { file throws(HDF5Error) in
        try writeContents(
          file, name: TemporaryName.final(of: FileSystem.name(of: path)), tensors, state: state, stateText: stateText,
          configuration: configuration, dataFingerprint: dataFingerprint, input: input, provenance: provenance)
      }
    } catch {
      guard error.kind == .cannotWrite else { throw error }
      throw cannotWrite(error, needed: needed)
    }
  }

  private static func cannotWrite(_ error: FileError, needed: Int) -> FileError {
    let free = FileSystem.freeBytes(FileSystem.folder(of: error.path)).map { ", \(byteText($0)) are free" } ?? ""
    return FileError(
      .cannotWrite, path: error.path,
      problem: "the checkpoint \(error.problem); it needs \(byteText(needed))\(free)", advice: error.advice)
  }

  private static func text(of state: TrainingState) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // A diverged loss must not keep the rest from being saved.
    encoder.nonConformingFloatEncodingStrategy = TrainingStateCoding.encodingStrategy
    guard let bytes = try? encoder.encode(state) else { preconditionFailure("texts and numbers are always JSON") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func writeContents(
    _ file: borrowing HDF5Writer, name: String, _ tensors: [CheckpointTensor], state: TrainingState, stateText: String,
    configuration: String, dataFingerprint: String, input: InputDescription?, provenance: Provenance
  ) throws(HDF5Error) -> String {
    let created = Date().formatted(.iso8601)
    let history = String(decoding: "\(created) \(provenance.commandLine)".utf8.prefix(4096), as: UTF8.self)
    let digests = TensorDigests(tensors)
    let version = CheckpointLayout.version(hasAverage: digests.average != nil)
    try file.writeAttribute(CheckpointLayout.conventionsName, CheckpointLayout.conventions(version: version))
    try file.writeAttribute(CheckpointLayout.title, "Convolutional network and the state of its training")
    try file.writeAttribute(CheckpointLayout.source, provenance.program)
    try file.writeAttribute(CheckpointLayout.history, history)
    try file.writeAttribute(CheckpointLayout.references, "arXiv:1502.01852")
    try file.writeAttribute(CheckpointLayout.version, Int32(version))
    try file.writeAttribute(CheckpointLayout.created, created)
    try file.write(Int32(clamping: state.iteration), CheckpointLayout.iteration)
    try file.write(Int32(clamping: state.schedule.learningRateDrops), CheckpointLayout.step)
    try file.write(name, CheckpointLayout.learnedNet)

    let digest = digests.overall(tensors.map(\.description))
    try file.inGroup(CheckpointLayout.own) { group throws(HDF5Error) in
      try group.write(configuration, CheckpointLayout.configuration)
      try group.write(dataFingerprint, CheckpointLayout.dataFingerprint)
      try group.write(stateText, CheckpointLayout.trainingState)
      try group.write(tensors.map(\.description.name), CheckpointLayout.parameterNames)
      try group.write(digest, CheckpointLayout.digest)
      if let input {
        try group.write(input.classNames, CheckpointLayout.classNames)
        try group.write(input.mean, shape: input.meanShape, CheckpointLayout.mean)
        try group.writeAttribute(CheckpointLayout.sha256, of: CheckpointLayout.mean, input.meanDigest)
      }
      try group.write(
        CheckpointLayout.headerDigest(
          version: version, source: provenance.program, history: history, created: created,
          configuration: configuration,
          dataFingerprint: dataFingerprint, state: stateText, digest: digest, input: input),
        CheckpointLayout.headerDigest)
    }

    try write(tensors, digests.values, to: CheckpointLayout.data, in: file) { $0.values }
    if let momentumDigests = digests.momentum {
      try file.inGroup(CheckpointLayout.momentum) { group throws(HDF5Error) in
        for (index, tensor) in tensors.enumerated() where !group.hasFailed {
          guard let momentum = tensor.momentum else { continue }
          try group.write(UnsafeBufferPointer(momentum), shape: tensor.shape, String(index))
          try group.writeAttribute(CheckpointLayout.sha256, of: String(index), momentumDigests[index])
        }
      }
    }
    if let averageDigests = digests.average {
      try write(tensors, averageDigests, to: CheckpointLayout.average, in: file) { $0.average }
    }
    return digest
  }

  /// Writes a vector of each tensor with its digest to a group that has a group for each layer.
  private static func write(
    _ tensors: [CheckpointTensor], _ digests: [String], to name: String, in file: borrowing HDF5Writer,
    _ vector: (CheckpointTensor) -> UnsafeMutableBufferPointer<Float>?
  ) throws(HDF5Error) {
    try file.inGroup(name) { data throws(HDF5Error) in
      var index = 0
      while index < tensors.count {
        let layer = tensors[index].layer
        // A layer's tensors follow one another in every network; if they did not, the group would be opened again.
        try data.inGroup(layer) { group throws(HDF5Error) in
          while index < tensors.count, tensors[index].layer == layer, !group.hasFailed {
            let tensor = tensors[index]
            let name = String(tensor.blob)
            if let values = vector(tensor) {
              try group.write(UnsafeBufferPointer(values), shape: tensor.shape, name)
              try group.writeAttribute(CheckpointLayout.sha256, of: name, digests[index])
            }
            index += 1
          }
        }
        if data.hasFailed { return }
      }
    }
  }
}
