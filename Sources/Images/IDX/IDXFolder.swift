import System

/// A data set as a folder of IDX files, named as MNIST's and Fashion-MNIST's are.
public enum IDXFolder {
  /// Loads the whole data set.
  ///
  /// The number of classes is that of the names in the folder's `class-names.txt`, otherwise `classCount`, otherwise
  /// one more than the training split's greatest label. Throws `DataError` if a file is missing or wrong, or two of
  /// them disagree.
  public static func load(
    directory: String, classCount: Int? = nil
  ) throws(DataError) -> (training: LabeledImages, test: LabeledImages, classNames: [String]) {
    let listed = try listedNames(directory: directory, classCount: classCount)
    let training = try loadSplit(.training, directory: directory, classCount: listed?.count ?? classCount)
    let test = try loadSplit(.test, directory: directory, classCount: training.classCount)
    guard test.extents == training.extents else {
      throw DataError(
        .invalid, path: directory, expected: "training and test images of one size",
        found: "\(training.extents) and \(test.extents)")
    }
    return (training, test, classNames(listed: listed, test: test))
  }

  /// Loads only the test split. Without `class-names.txt` and `classCount`, the test labels determine the number of
  /// classes.
  public static func loadTest(
    directory: String, classCount: Int? = nil
  ) throws(DataError) -> (test: LabeledImages, classNames: [String]) {
    let listed = try listedNames(directory: directory, classCount: classCount)
    let test = try loadSplit(.test, directory: directory, classCount: listed?.count ?? classCount)
    return (test, classNames(listed: listed, test: test))
  }

  private enum Split: String {
    case training
    case test

    /// The possible beginnings of the split's file names.
    var prefixes: [String] {
      switch self {
      case .training: ["train"]
      case .test: ["t10k", "test"]
      }
    }
  }

  private static func loadSplit(
    _ split: Split, directory: String, classCount: Int?
  ) throws(DataError) -> LabeledImages {
    let imagesPath = try find(split, "images", dimensionCounts: [3, 4], directory: directory)
    let labelsPath = try find(split, "labels", dimensionCounts: [1], directory: directory)
    let labels = try IDXFile.readLabels(path: labelsPath)
    let (count, extents, bytes) = try IDXFile.readImages(path: imagesPath)
    guard labels.count == count else {
      throw DataError(
        .invalid, path: labelsPath, expected: "\(count.counted("label")), one for each image in \(imagesPath)",
        found: "\(labels.count)", advice: "Both files have to come from the same data set.")
    }
    let classCount = classCount ?? Int(labels.max() ?? 0) + 1
    if let position = labels.firstIndex(where: { $0 >= classCount }) {
      throw DataError(
        .invalid, path: labelsPath, expected: "labels from 0 to \(classCount - 1)",
        found: "label \(labels[position]) at position \(position)",
        advice: "If there are more classes, list all their names in \(classNamesFile) beside it, one a line.")
    }
    return LabeledImages(pixels: bytes, extents: extents, labels: labels.map(Int32.init), classCount: classCount)
  }

  private static func find(
    _ split: Split, _ content: String, dimensionCounts: [Int], directory: String
  ) throws(DataError) -> String {
    for prefix in split.prefixes {
      for dimensions in dimensionCounts {
        for separator in ["-", "."] {
          for suffix in ["", ".gz"] {
            let path = "\(directory)/\(prefix)-\(content)\(separator)idx\(dimensions)-ubyte\(suffix)"
            if FileSystem.exists(path) { return path }
          }
        }
      }
    }
    let names = split.prefixes.map { prefix in
      let kinds = dimensionCounts.map { "idx\($0)" }.joined(separator: "|")
      return "\(prefix)-\(content)-\(kinds)-ubyte[.gz]"
    }
    throw DataError(
      .missing, path: directory, expected: "the \(split.rawValue) \(content) in \(names.joined(separator: " or "))",
      found: FileSystem.isFolder(directory) ? "no such file in this folder" : "no such folder",
      advice: holdsPictures(directory)
        ? "Photographs in class folders become data by `prelu-dist pack \(directory) -o photos.h5`." : howToGetData)
  }

  /// Returns whether a folder looks like class folders of photographs.
  private static func holdsPictures(_ directory: String) -> Bool {
    let names = (try? FileSystem.names(in: directory)) ?? []
    return names.contains { name in
      [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
        || FileSystem.isFolder("\(directory)/\(name)")
    }
  }

  private static func listedNames(directory: String, classCount: Int?) throws(DataError) -> [String]? {
    guard let names = try readClassNames(directory: directory) else { return nil }
    if let classCount, names.count != classCount {
      throw DataError(
        .invalid, path: "\(directory)/\(classNamesFile)", expected: classCount.counted("name"), found: "\(names.count)")
    }
    return names
  }

  private static let howToGetData = """
    Fashion-MNIST comes with Debian: apt-get install dataset-fashion-mnist \
    puts it into /usr/share/datasets/fashion-mnist.
    """
}
