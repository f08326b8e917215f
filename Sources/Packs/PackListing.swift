import Images
import System

/// The pictures that a pack is made of, before any of them is opened: names, labels, classes.
public struct PackListing: Equatable, Sendable {
  /// One picture: its path below the part's folder, and its class.
  public struct Entry: Equatable, Sendable {
    public var name: String
    public var label: Int32

    public init(name: String, label: Int32) {
      self.name = name
      self.label = label
    }
  }

  /// The pictures of a part.
  public struct Part: Equatable, Sendable {
    /// The folder that the names are below.
    public var folder: String
    public var entries: Entries

    public init(folder: String, entries: Entries) {
      self.folder = folder
      self.entries = entries
    }

    /// Returns the path of the picture of that name.
    func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }
  }

  /// The names that people use for the classes, in the order of the labels.
  public var classNames: [String]
  /// The classes' folders or identifiers, in the order of the labels.
  public var classFolders: [String]
  public var parts: [PackPart: Part]
  /// The archives that pictures lie in, in the order of their numbers.
  var archives: [PackedArchive] = []
  /// An account of how the source was read; empty on all ranks but the first.
  public var account = PackAccount()

  public init(classNames: [String], classFolders: [String], parts: [PackPart: Part]) {
    self.classNames = classNames
    self.classFolders = classFolders
    self.parts = parts
  }

  public var count: Int { parts.values.reduce(0) { $0 + $1.entries.count } }

  /// The labels of the classes that have no training pictures.
  public var emptyClasses: [Int] {
    var isEmpty = [Bool](repeating: true, count: classNames.count)
    for label in parts[.training]?.entries.labels ?? [] { isEmpty[Int(label)] = false }
    return isEmpty.indices.filter { isEmpty[$0] }
  }

  /// Moves pictures of the training split to the validation split: of each class in proportion, and never its last one.
  /// The choice is always the same.
  public mutating func putAside(_ aside: PackSettings.Aside) throws(DataError) {
    guard let training = parts[.training] else { return }
    let labels = training.entries.labels
    if case .none = aside { return }
    guard parts[.validation] == nil else {
      throw DataError(
        .invalid, path: training.folder, expected: "no validation split, since pictures are to be put aside for one",
        found: "one with \((parts[.validation]?.entries.count ?? 0).counted("picture"))",
        advice: "Leave out \(aside.option).")
    }
    let split: StratifiedSplit
    switch aside {
    case .none: return
    case .pictures(let count):
      let limit = StratifiedSplit.limit(labels: labels)
      guard count <= limit else {
        let classes = labels.count - limit
        throw DataError(
          .invalid, path: training.folder,
          expected:
            "more than the \(count.counted("picture")) that \(count.verb("is", "are")) to be put aside, and one "
            + "more of each class to train on",
          found: "\(labels.count) of \(classes.counted("class"))",
          advice: "Put at most \(limit) aside.")
      }
      split = StratifiedSplit(labels: labels, count: count)
    case .fold(let fold, let folds):
      split = StratifiedSplit(labels: labels, fold: fold, of: folds)
      guard !split.held.isEmpty else {
        throw DataError(
          .invalid, path: training.folder, expected: "pictures for each of \(folds) folds",
          found: "\(labels.count.counted("picture")), of which fold \(fold) has none", advice: "Make fewer folds.")
      }
    }
    parts[.training]?.entries = training.entries.selected(split.kept)
    parts[.validation] = Part(folder: training.folder, entries: training.entries.selected(split.held))
  }
}
