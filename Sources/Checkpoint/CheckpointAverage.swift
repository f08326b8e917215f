import System

/// The mean of the parameters of several checkpoints of one training. Where the learning rate is still high, the mean
/// lies nearer to the middle of a minimum than any of them (Izmailov et al. 2018, "Averaging Weights Leads to Wider
/// Optima and Better Generalization"; before that Polyak and Juditsky 1992). Networks here have no batch normalization,
/// whose statistics would have to be taken anew.
public enum CheckpointAverage {
  /// The number of times that checkpoints are listed at most.
  private static let listings = 8

  /// Returns the output of an average at a path that a person gave. An average has no momentum, which tells it from a
  /// run's checkpoints; one that somebody changed and sealed is as precious as any other file.
  public static func output(_ path: String) -> OutputFile {
    OutputFile(path, kind: "an averaged checkpoint") { path in
      guard let header = try? CheckpointFile.readHeader(path), !header.hasMomentum else { return false }
      return !header.provenance.commandLine.contains(" seal ")
    }
  }

  /// Writes the mean of checkpoints of a run that may be going on, and so may remove some of them at any moment.
  ///
  /// - Parameter list: returns the paths of the checkpoints; it is called again where one of them is gone.
  /// - Returns: the number of checkpoints, and the iteration of the newest one.
  /// - Throws: what `list` throws, else as for a fixed list.
  public static func write(
    to output: String, provenance: Provenance, list: () throws -> [String]
  ) throws -> (count: Int, iteration: Int) {
    var paths = try list()
    for _ in 1..<listings {
      do throws(FileError) {
        return (paths.count, try write(of: paths, to: output, provenance: provenance))
      } catch {
        guard error.kind == .missing else { throw error }
        let now = try list()
        // What is named once more is missed for good.
        if now.contains(error.path) { throw error }
        paths = now
      }
    }
    return (paths.count, try write(of: paths, to: output, provenance: provenance))
  }

  /// Writes the mean, without momentum: it is to be tested, not trained. The sums have double precision and are taken
  /// in the order of `paths`; memory holds one checkpoint and the sums.
  ///
  /// - Parameters:
  ///   - paths: checkpoints of the same network, classes and mean image; at least one.
  ///   - output: the new file, which takes the place of an earlier one only when it is whole.
  /// - Returns: the iteration of the newest one, which becomes the mean's.
  /// - Throws: `.mismatch` where one differs from the first, else as reading and writing do.
  @discardableResult
  public static func write(
    of paths: [String], to output: String, provenance: Provenance
  ) throws(FileError) -> Int {
    precondition(!paths.isEmpty, "a mean of no checkpoint")
    var headers: [CheckpointHeader] = []
    for path in paths { headers.append(try CheckpointFile.readHeader(path)) }
    for (path, header) in zip(paths, headers) { try check(header, path, against: headers[0], paths[0]) }
    let count = headers[0].tensors.reduce(0) { $0 + $1.count }
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { values.deallocate() }
    values.initialize(repeating: 0)
    var start = 0
    let tensors = headers[0].tensors.map { tensor in
      defer { start += tensor.count }
      return CheckpointTensor(
        layer: tensor.layer, blob: tensor.blob, shape: tensor.shape,
        values: UnsafeMutableBufferPointer(rebasing: values[start..<start + tensor.count]))
    }
    var sums = [Double](repeating: 0, count: count)
    for path in paths {
      try CheckpointFile.read(path, into: tensors)
      for index in sums.indices { sums[index] += Double(values[index]) }
    }
    for index in sums.indices { values[index] = Float(sums[index] / Double(paths.count)) }

    let newest = headers.max { $0.state.iteration < $1.state.iteration }!
    var state = newest.state
    // Nobody has measured the mean.
    state.best = nil
    try CheckpointFile.writeWhole(to: output, as: "average") { temporary throws(FileError) in
      try CheckpointFile.write(
        to: temporary, tensors: tensors, state: state, configuration: newest.configuration,
        dataFingerprint: newest.dataFingerprint, input: newest.input, provenance: provenance)
    }
    return state.iteration
  }

  private static func check(
    _ header: CheckpointHeader, _ path: String, against first: CheckpointHeader, _ firstPath: String
  ) throws(FileError) {
    func mismatch(_ problem: String) -> FileError {
      FileError(
        .mismatch, path: path, problem: problem, advice: "Average checkpoints of one training only")
    }
    for (own, other) in zip(header.tensors, first.tensors) where own != other {
      throw mismatch("expected \(other) as in \(firstPath), found \(own)")
    }
    guard header.tensors.count == first.tensors.count else {
      throw mismatch(
        "expected \(first.tensors.count.counted("parameter")) as in \(firstPath), found \(header.tensors.count)")
    }
    guard header.input == first.input else {
      throw mismatch("expected the classes and the mean image of \(firstPath), found others")
    }
  }
}
