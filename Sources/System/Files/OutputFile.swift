import SystemPackage

/// A path that a person gave for a result, and what may be replaced there.
///
/// A result takes the place of an earlier one of its own kind, and of an empty file. Anything else that bears the name
/// is somebody's work: it is replaced only on demand. Devices, pipes, folders and the command's own inputs never are,
/// and neither are the names that a run has for its own files in its folder.
public struct OutputFile {
  /// The path.
  public let path: String
  /// The kind of the result, with its article, such as "a report".
  private let kind: String
  /// The file of a run that results of this kind are in its folder; nil for none.
  private let runFile: RunFile?
  /// Tells whether the file at a path is an earlier result of this kind; nil where results are never replaced unasked.
  private let isEarlierResult: ((_ path: String) -> Bool)?

  /// - Parameters:
  ///   - kind: a noun with its article, such as "a report".
  ///   - runFile: the file of a run that results of this kind are in its folder; nil for none.
  ///   - isEarlierResult: tells whether the regular file at a path is an earlier result of this kind; nil where a
  ///     result is as precious as any other file.
  public init(
    _ path: String, kind: String, runFile: RunFile? = nil, isEarlierResult: ((_ path: String) -> Bool)?
  ) {
    self.path = path
    self.kind = kind
    self.runFile = runFile
    self.isEarlierResult = isEarlierResult
  }

  /// - Parameter beginnings: what results of this kind begin with: one of these texts.
  public init(_ path: String, kind: String, runFile: RunFile? = nil, beginnings: [String]) {
    self.init(path, kind: kind, runFile: runFile) { path in
      let limit = beginnings.map(\.utf8.count).max() ?? 0
      guard let found = try? FileSystem.beginning(of: path, limit: limit) else { return false }
      return beginnings.contains { found.starts(with: $0.utf8) }
    }
  }

  /// Refuses a path where the result cannot be written, or where it would replace what is not its own. Nothing is
  /// changed there.
  ///
  /// - Parameters:
  ///   - inputs: the files and folders that the command reads.
  ///   - overwrites: whether the person said that a file of another kind may be replaced.
  /// - Throws: `.cannotCreate`, with the reason.
  public func check(inputs: [String], overwrites: Bool) throws(FileError) {
    guard !path.isEmpty else {
      throw FileError(.cannotCreate, path: "\"\"", problem: "expected the name of \(kind), found an empty one")
    }
    try RunFile.check(path, kind: kind, own: runFile)
    guard let status = try FileSystem.status(path) else { return try checkNewName() }
    guard status.type == .regular || status.type == .directory else {
      throw FileError(
        .cannotCreate, path: path,
        problem: "expected the name of a file for \(kind), found a device, pipe or socket, which a file would replace",
        advice: "Give another name")
    }
    try FileSystem.checkWritable(path)
    for input in inputs {
      guard let other = try? FileSystem.status(input) else { continue }
      guard (other.deviceID, other.inode) != (status.deviceID, status.inode) else {
        throw FileError(
          .cannotCreate, path: path, problem: "expected a name of its own for \(kind), found an input of this command",
          advice: "Give another name")
      }
    }
    guard !overwrites, status.size > 0, isEarlierResult?(path) != true else { return }
    let beginning = (try? FileSystem.beginning(of: path, limit: 64)) ?? []
    let expected =
      isEarlierResult == nil
      ? "a new name for \(kind)" : "a new name, or an earlier \(kind.drop { $0 != " " }.dropFirst())"
    throw FileError(
      .cannotCreate, path: path,
      problem: "expected \(expected), found \(FileKind(beginning).name) that would be lost",
      advice: "Give another name, or --overwrite to replace it")
  }

  /// Refuses a symbolic link that leads nowhere: the result would take the link's place, not be where it points.
  private func checkNewName() throws(FileError) {
    if (try? Stat(path, followTargetSymlink: false)) != nil {
      throw FileError(
        .cannotCreate, path: path, problem: "expected a new name, found a symbolic link that leads to nothing",
        advice: "Give another name, or remove the link")
    }
    try FileSystem.checkWritable(path)
  }
}
