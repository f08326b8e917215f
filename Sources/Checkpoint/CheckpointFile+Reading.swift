import Foundation
import HDF5
import Hashing
import System

extension CheckpointFile {
  /// Reads everything but the tensors' values, which is quick.
  ///
  /// - Throws: `.missing`, `.cannotRead`, `.wrongKind` or `.damaged`.
  public static func readHeader(_ path: String) throws(FileError) -> CheckpointHeader {
    try reading(path) { file throws(FileError) in try contents(file).header }
  }

  /// Reads parameters, and momentum and averages where `tensors` have memory for them, to where they lie.
  ///
  /// Names, order and shapes must agree exactly; that is checked before anything is altered. Each tensor's digest is
  /// compared when it has been read: after `.damaged` the memory holds a mixture, and must not be used.
  /// - Throws: as ``readHeader(_:)``, and `.mismatch`, which names the first tensor that differs.
  ///
  /// - Parameter vector: what becomes the values of `tensors`; the file must have it.
  public static func read(
    _ path: String, _ vector: CheckpointVector = .parameters, into tensors: [CheckpointTensor]
  ) throws(FileError) {
    try reading(path) { file throws(FileError) in
      let contents = try contents(file)
      try compare(path, contents.header, with: tensors)
      let values = try contents.digests(of: vector, file)
      for (index, tensor) in tensors.enumerated() {
        let (name, blob) = (tensor.description.name, String(tensor.blob))
        try file.take([vector.group, tensor.layer, blob], into: tensor.values, values[index], of: name)
        if let momentum = tensor.momentum, let digests = contents.digests.momentum {
          try file.take([CheckpointLayout.momentum, String(index)], into: momentum, digests[index], of: name)
        }
        if let average = tensor.average, let digests = contents.digests.average {
          try file.take([CheckpointLayout.average, tensor.layer, blob], into: average, digests[index], of: name)
        }
      }
    }
  }

  /// Reads the shape and the values of one parameter.
  ///
  /// - Parameter vector: what is read; the file must have it.
  public static func readTensor(
    _ path: String, _ vector: CheckpointVector = .parameters, layer: String, blob: Int
  ) throws(FileError) -> (shape: [Int], values: [Float]) {
    try reading(path) { file throws(FileError) in
      let contents = try contents(file)
      let tensors = contents.header.tensors
      guard let index = tensors.firstIndex(where: { $0.layer == layer && $0.blob == blob }) else {
        throw FileError(
          .mismatch, path: path,
          problem: "the checkpoint has no parameter \(layer)/\(blob); it has "
            + tensors.map(\.name).joined(separator: ", "))
      }
      let tensor = tensors[index]
      let digests = try contents.digests(of: vector, file)
      let values = try file.values(vector.group, layer, String(blob))
      try expect(
        digests[index], values.withUnsafeBufferPointer { TensorDigests.digest(of: $0) },
        of: tensor.name, file)
      return (tensor.shape, values)
    }
  }

  /// Returns ``digest(_:)`` of a file's tensors. Their values are read piece by piece: the whole file is verified.
  ///
  /// - Throws: as ``readHeader(_:)``.
  public static func digest(ofFile path: String) throws(FileError) -> String {
    try reading(path) { file throws(FileError) in
      let contents = try contents(file)
      for (index, tensor) in contents.header.tensors.enumerated() {
        try expect(
          contents.digests.values[index], file.digest(CheckpointLayout.data, tensor.layer, String(tensor.blob)),
          of: tensor.name, file)
        if let digests = contents.digests.momentum {
          try expect(digests[index], file.digest(CheckpointLayout.momentum, String(index)), of: tensor.name, file)
        }
        if let digests = contents.digests.average {
          try expect(
            digests[index], file.digest(CheckpointLayout.average, tensor.layer, String(tensor.blob)), of: tensor.name,
            file)
        }
      }
      return contents.header.digest
    }
  }

  /// Checks that a file is whole and holds what was to be written: `expected` is what ``write`` returned.
  public static func verify(_ path: String, digest expected: String) throws(FileError) {
    let found = try digest(ofFile: path)
    guard found == expected else {
      throw content.damaged(path, "the digest of its tensors is \(found), \(expected) was written")
    }
  }

  // MARK: - Parts

  static let content = HDF5Content(
    noun: "checkpoint", adviceOnDamage: "Use another one",
    absence: "expected a checkpoint or a run folder, found nothing of this name")

  static func reading<Result>(
    _ path: String, as content: HDF5Content = content, _ body: (borrowing HDF5Reader) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    try HDF5Library.exclusively { () throws(FileError) in
      let file = try HDF5Reader.open(path, as: content)
      return try body(file)
    }
  }

  /// A part of the header that has one digest.
  enum Change: CaseIterable, Sendable { case mean, texts, shapes }

  /// The header, and the digests that the tensors must have.
  struct Contents {
    let header: CheckpointHeader
    let digests: TensorDigests
    /// The parts that have not the digest that was written; none, unless changes are accepted.
    let changes: Set<Change>

    /// Returns the digests of the tensors' parameters or averages, which the file must have.
    func digests(of vector: CheckpointVector, _ file: borrowing HDF5Reader) throws(FileError) -> [String] {
      switch vector {
      case .parameters: return digests.values
      case .average:
        if let average = digests.average { return average }
        throw FileError(
          .mismatch, path: file.path, problem: "expected a moving average of the parameters, found none in it",
          advice: "Take the parameters themselves")
      }
    }
  }

  /// The advice about a checkpoint whose digests do not go with what it holds.
  private static let adviceOnChange = "A deliberate change is sealed by `prelu-dist seal FILE -o NEW.h5`"

  /// - Parameter acceptsChanges: whether to read a checkpoint whose digests are missing or wrong.
  static func contents(_ file: borrowing HDF5Reader, acceptsChanges: Bool = false) throws(FileError) -> Contents {
    typealias Layout = CheckpointLayout
    guard try file.exists(Layout.own), let version = try file.numberAttribute(Layout.version).map({ Int($0) }) else {
      let conventions = (try? file.attribute(Layout.conventionsName)) ?? nil
      throw FileError(
        .wrongKind, path: file.path,
        problem: "this is an HDF5 file, but not a checkpoint of this program: it has no group /\(Layout.own)"
          + (conventions.map { " and says that it is \(String($0.prefix(60)).debugDescription)" } ?? ""),
        advice: "A checkpoint is made by `prelu-dist train`; a pack of pictures goes with --data")
    }
    guard Layout.versions.contains(version) else {
      let writer = try file.attribute(Layout.source)?.quoted() ?? "a program that it does not name"
      throw FileError(
        .wrongKind, path: file.path,
        problem: "expected a checkpoint of format version \(Layout.plainVersion) or \(Layout.averageVersion), found "
          + "version \(version), written by \(writer)",
        advice: version < Layout.plainVersion
          ? "Continue with the build that wrote it, or train again: there is no conversion"
          : "Use the program that wrote it, or a later one")
    }
    let source = try file.attribute(Layout.source) ?? ""
    let history = try file.attribute(Layout.history) ?? ""
    let created = try file.attribute(Layout.created) ?? ""
    let configuration = try file.text(Layout.own, Layout.configuration)
    let dataFingerprint = try file.text(Layout.own, Layout.dataFingerprint)
    let stateText = try file.text(Layout.own, Layout.trainingState)
    let digest = try file.text(Layout.own, Layout.digest)
    let input = try inputDescription(file)
    // A tensor that was made anew has no digest.
    func writtenDigest(_ names: [String]) throws(FileError) -> String {
      do throws(FileError) {
        return try file.writtenDigest(names)
      } catch {
        guard acceptsChanges else { throw error }
        return ""
      }
    }
    let meanDigest =
      input == nil ? nil : try writtenDigest([Layout.own, Layout.mean])
    if let input, let meanDigest, !acceptsChanges { try expect(meanDigest, input.meanDigest, of: "the mean", file) }
    var changes: Set<Change> = input?.meanDigest == meanDigest ? [] : [.mean]
    let headerDigest = Layout.headerDigest(
      version: version, source: source, history: history, created: created, configuration: configuration,
      dataFingerprint: dataFingerprint, state: stateText, digest: digest, input: input, meanDigest: meanDigest)
    if try file.text(Layout.own, Layout.headerDigest) != headerDigest { changes.insert(.texts) }
    guard changes.isEmpty || acceptsChanges else {
      throw file.damaged("its texts do not have the digest that was written").advising(adviceOnChange)
    }

    let names = try file.list(Layout.own, Layout.parameterNames)
    let hasMomentum = try file.exists(Layout.momentum)
    // The version says whether there is one: a group that somebody added would have no digest.
    let hasAverage = version == Layout.averageVersion
    var tensors: [TensorDescription] = []
    var values: [String] = []
    var momentum: [String] = []
    var average: [String] = []
    for (index, name) in names.enumerated() {
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].isWord, let blob = Int(parts[1]), blob >= 0, String(blob) == parts[1] else {
        throw file.damaged("\(name.quoted()) is not the name of a parameter")
      }
      let shape = try file.tensorShape(Layout.data, String(parts[0]), String(blob))
      values.append(try writtenDigest([Layout.data, String(parts[0]), String(blob)]))
      if hasMomentum {
        let momentumShape = try file.tensorShape(Layout.momentum, String(index))
        guard momentumShape == shape else {
          throw file.damaged("the momentum of \(name) has the shape \(momentumShape), the parameter \(shape)")
        }
        momentum.append(try writtenDigest([Layout.momentum, String(index)]))
      }
      if hasAverage {
        let averageShape = try file.tensorShape(Layout.average, String(parts[0]), String(blob))
        guard averageShape == shape else {
          throw file.damaged("the average of \(name) has the shape \(averageShape), the parameter \(shape)")
        }
        average.append(try writtenDigest([Layout.average, String(parts[0]), String(blob)]))
      }
      tensors.append(TensorDescription(layer: String(parts[0]), blob: blob, shape: shape))
    }
    let digests = TensorDigests(
      values: values, momentum: hasMomentum ? momentum : nil, average: hasAverage ? average : nil)
    guard digests.overall(tensors) == digest || acceptsChanges else {
      throw file.damaged("its tensors' names, shapes and digests do not have the digest that was written")
        .advising(adviceOnChange)
    }
    // A tensor without a digest of its own is known to be another.
    let areWritten = ![values, momentum, average].contains { $0.contains("") }
    if areWritten, digests.overall(tensors) != digest { changes.insert(.shapes) }

    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = TrainingStateCoding.decodingStrategy
    let state: TrainingState
    do {
      state = try decoder.decode(TrainingState.self, from: Data(stateText.utf8))
    } catch {
      throw file.damaged(
        "/\(Layout.own)/\(Layout.trainingState): expected the state of a training as JSON, found "
          + String(stateText.prefix(60)).debugDescription)
    }
    if let problem = state.impossibleNumber {
      throw file.damaged("/\(Layout.own)/\(Layout.trainingState): \(problem)")
    }
    if !acceptsChanges { try checkCaffesTexts(file, state) }
    let header = CheckpointHeader(
      state: state, configuration: configuration, dataFingerprint: dataFingerprint, input: input,
      provenance: Provenance(program: source, commandLine: String(history.dropFirst(created.count + 1))),
      created: created, tensors: tensors, hasMomentum: hasMomentum, hasAverage: hasAverage,
      digest: digest)
    return Contents(header: header, digests: digests, changes: changes)
  }

  /// Reads the mean and the classes' names. Returns nil where the writer gave none.
  private static func inputDescription(_ file: borrowing HDF5Reader) throws(FileError) -> InputDescription? {
    typealias Layout = CheckpointLayout
    guard try file.exists(Layout.own, Layout.mean), try file.exists(Layout.own, Layout.classNames) else { return nil }
    return InputDescription(
      meanShape: try file.tensorShape(Layout.own, Layout.mean), mean: try file.values(Layout.own, Layout.mean),
      classNames: try file.list(Layout.own, Layout.classNames))
  }

  /// Compares the numbers that are there for Caffe and nobody else with the state, and reads the text: they must be
  /// whole like the rest. HDF5's checksums alone do not say that: a reference to a piece that is altered may lead to
  /// zeros, whose checksum is zero.
  private static func checkCaffesTexts(_ file: borrowing HDF5Reader, _ state: TrainingState) throws(FileError) {
    typealias Layout = CheckpointLayout
    let numbers = [(Layout.iteration, state.iteration), (Layout.step, state.schedule.learningRateDrops)]
    for (name, number) in numbers where try file.exists(name) {
      let found = try file.readArray(name, as: Int32.self, shape: [1])
      guard found == [Int32(clamping: number)] else {
        throw file.damaged("/\(name): expected \(number), as the state of the training says, found \(found[0])")
      }
    }
    if try file.exists(Layout.learnedNet) { _ = try file.text(Layout.learnedNet) }
  }

  fileprivate static func expect(
    _ expected: String, _ found: String, of name: String, _ file: borrowing HDF5Reader
  ) throws(FileError) {
    guard found == expected else {
      throw file.damaged("the values of \(name) have the digest \(found), \(expected) was written")
        .advising(adviceOnChange)
    }
  }

  private static func compare(
    _ path: String, _ header: CheckpointHeader, with tensors: [CheckpointTensor]
  ) throws(FileError) {
    func mismatch(_ problem: String) -> FileError {
      FileError(
        .mismatch, path: path, problem: "the checkpoint is of another network: \(problem)",
        advice: "`prelu-dist inspect` shows what is in a checkpoint; model and activation must be the same")
    }
    for (index, pair) in zip(tensors, header.tensors).enumerated() where pair.0.description != pair.1 {
      throw mismatch("expected \(pair.0.description) as parameter \(index), found \(pair.1)")
    }
    guard tensors.count == header.tensors.count else {
      let extra =
        tensors.count > header.tensors.count
        ? "\(tensors[header.tensors.count].description) is missing"
        : "\(header.tensors[tensors.count]) is one too many"
      throw mismatch("expected \(tensors.count.counted("parameter")), found \(header.tensors.count): \(extra)")
    }
    guard header.hasMomentum || tensors.allSatisfy({ $0.momentum == nil }) else {
      throw FileError(
        .mismatch, path: path,
        problem: "the checkpoint holds no momentum (/history), so training cannot continue from it",
        advice: "Continue from a checkpoint that `prelu-dist train` wrote")
    }
    guard header.hasAverage || tensors.allSatisfy({ $0.average == nil }) else {
      throw FileError(
        .mismatch, path: path,
        problem: "the checkpoint holds no moving average of the parameters (/average), which the run keeps",
        advice: "Continue from a checkpoint that the run itself wrote")
    }
  }
}

extension HDF5Reader {
  /// Reads the values of a tensor, and checks their digest.
  ///
  /// - Parameter name: the parameter's name in messages.
  fileprivate func take(
    _ names: [String], into values: UnsafeMutableBufferPointer<Float>, _ digest: String, of name: String
  ) throws(FileError) {
    try read(into: values, names)
    try CheckpointFile.expect(digest, TensorDigests.digest(of: UnsafeBufferPointer(values)), of: name, self)
  }

  /// The digest of a tensor's values, which are read piece by piece.
  fileprivate func digest(_ names: String...) throws(FileError) -> String {
    var hash = SHA256()
    try readPieces(names) { hash.update(UnsafeRawBufferPointer($0)) }
    return hash.finish()
  }

  /// The digest of a tensor's values that was written with it.
  fileprivate func writtenDigest(_ names: [String]) throws(FileError) -> String {
    let digest = try attribute(CheckpointLayout.sha256, of: names)
    guard let digest, digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
      throw damaged(
        "/\(names.joined(separator: "/")): expected an attribute \(CheckpointLayout.sha256) of 64 hexadecimal digits, "
          + "found \(digest.map { String($0.prefix(60)).debugDescription } ?? "none")")
    }
    return digest
  }
}
