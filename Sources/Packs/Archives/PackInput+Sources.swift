import Archives
import Images
import System

extension PackInput {
  /// Returns the input with each of several sources in its place: ImageNet's three archives are the training split, the
  /// validation split and the development kit.
  func sorted(_ files: SourceFiles) throws(DataError) -> PackInput {
    guard !others.isEmpty else { return self }
    var sorted = self
    sorted.others = []
    var named: [PackPart: String] = [:]
    for path in [source] + others {
      if DevelopmentKit.isKit(path, in: files) {
        guard sorted.developmentKit == nil else { throw twice("the development kit", sorted.developmentKit!, path) }
        sorted.developmentKit = path
        continue
      }
      guard let part = Self.part(path) else {
        throw DataError(
          .invalid, path: path, expected: "a source whose name tells what it is, beside others",
          found: "a name without train, val or test, and no development kit",
          advice: "Give the source to train on alone, and name the others with --validation, --test and --devkit.")
      }
      if let other = named.updateValue(path, forKey: part) { throw twice("the \(part.rawValue) split", other, path) }
    }
    guard let training = named[.training] else {
      throw DataError(
        .invalid, path: source, expected: "a source to train on", found: "only others",
        advice: "Give it first, and name the others with --validation and --test.")
    }
    for (part, option) in [(PackPart.validation, validation), (.test, test)] {
      if let option, let name = named[part] { throw twice("the \(part.rawValue) split", option, name) }
    }
    sorted.source = training
    sorted.validation = named[.validation] ?? validation
    sorted.test = named[.test] ?? test
    sorted.hasUnsureTest = named[.test] != nil
    return sorted
  }

  /// Returns the part that the name of a folder or an archive stands for, with any number of a shard at its end.
  static func part(_ path: String) -> PackPart? {
    let name = FileSystem.name(of: path)
    return SplitName.part(ArchiveKind.stem(name) ?? name)
  }

  private func twice(_ what: String, _ one: String, _ other: String) -> DataError {
    DataError(
      .invalid, path: other, expected: "one source for \(what)", found: "\(one) as well",
      advice: "Give one of them, or put their pictures into one folder.")
  }
}
