import Images

/// Finds the pictures that a run's predictions count: reports read no data sets themselves.
public protocol PictureSource {
  /// Returns the pictures of a split of a data set, in the order in which evaluations number them.
  ///
  /// - Throws: an error where they cannot be read; the page shows its description.
  func pictures(_ split: MeasuredSplit, of data: PictureData) throws -> any TestImages
}

/// A data set as a run's configuration describes it.
public struct PictureData: Sendable {
  /// A pack, or the folder of IDX files.
  public let path: String
  /// The number of training pictures that are put aside for validation, where the data have no split for that.
  public let heldOutCount: Int
  /// The network's classes in the order of its scores, which labels are indices of; nil where the run does not name
  /// them.
  public let classNames: [String]?
}
