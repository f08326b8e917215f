import Images

/// Finds the pictures that a run's predictions count: reports read no data sets themselves.
public protocol PictureSource {
  /// The pictures of a part of a data set, in the order that evaluations number them in.
  ///
  /// - Throws: where they cannot be read; the page says why.
  func pictures(_ part: MeasuredPart, of data: PictureData) throws -> any TestImages
}

/// A data set as a run's configuration describes it.
public struct PictureData: Sendable {
  /// A pack, or the folder of IDX files.
  public let path: String
  /// How many training pictures are put aside for validation, where the data have no part for that.
  public let held: Int
  /// Of the network, in the order of its scores; nil where the run does not say. Labels are places among them.
  public let classNames: [String]?
}
