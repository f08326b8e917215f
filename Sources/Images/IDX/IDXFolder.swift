import System

/// A data set as a folder of IDX files, named as MNIST's and Fashion-MNIST's are.
public enum IDXFolder {
  /// Loads the whole data set.
  ///
  /// The number of classes is that of the names in the folder's `class-names.txt`, otherwise `classCount`, otherwise
  /// one more than the training split's greatest label. Labels that begin at 1, as EMNIST's letters do, become those
  /// from 0. Throws `DataError` if a file is missing or wrong, or two of them disagree.
  /// - Parameter directory: The folder; or the folder and the beginning of the files' names in it, such as
  ///   `emnist/emnist-letters`.
  public static func load(
    directory: String, classCount: Int? = nil
  ) throws(DataError) -> (training: LabeledImages, test: LabeledImages, classNames: [String]) {
    let files = try IDXFiles(directory)
    let listed = try listedNames(files, classCount: classCount)
    let firstLabel = try firstLabel(files, classCount: listed?.count ?? classCount)
    let training = try loadSplit(
      .training, files, firstLabel: firstLabel, classCount: listed?.count ?? classCount)
    let test = try loadSplit(.test, files, firstLabel: firstLabel, classCount: training.classCount)
    guard test.extents == training.extents else {
      throw DataError(
        .invalid, path: directory, expected: "training and test images of one size",
        found: "\(training.extents) and \(test.extents)")
    }
    return (training, test, classNames(listed: listed, firstLabel: firstLabel, test: test))
  }

  /// Loads only the test split. Without `class-names.txt` and `classCount`, the test labels determine the number of
  /// classes.
  public static func loadTest(
    directory: String, classCount: Int? = nil
  ) throws(DataError) -> (test: LabeledImages, classNames: [String]) {
    let files = try IDXFiles(directory)
    let listed = try listedNames(files, classCount: classCount)
    let firstLabel = try firstLabel(files, classCount: listed?.count ?? classCount)
    let test = try loadSplit(.test, files, firstLabel: firstLabel, classCount: listed?.count ?? classCount)
    return (test, classNames(listed: listed, firstLabel: firstLabel, test: test))
  }

  /// Returns the number that stands for the first class in the labels' files: 1 where no label is 0 and none is beyond
  /// the number of classes, otherwise 0. The training labels decide it for both splits.
  private static func firstLabel(_ files: IDXFiles, classCount: Int?) throws(DataError) -> Int {
    var path = try files.path(.training, .labels)
    if path == nil { path = try files.path(.test, .labels) }
    guard let path else { return 0 }
    let labels = try IDXFile.readLabels(path: path)
    guard labels.min() == 1, let greatest = labels.max() else { return 0 }
    return classCount.map { Int(greatest) == $0 } ?? true ? 1 : 0
  }

  private static func loadSplit(
    _ split: IDXFiles.Split, _ files: IDXFiles, firstLabel: Int, classCount: Int?
  ) throws(DataError) -> LabeledImages {
    let imagesPath = try find(split, .images, files)
    let labelsPath = try find(split, .labels, files)
    let labels = try IDXFile.readLabels(path: labelsPath)
    let (count, extents, bytes) = try IDXFile.readImages(path: imagesPath)
    guard labels.count == count else {
      throw DataError(
        .invalid, path: labelsPath, expected: "\(count.counted("label")), one for each image in \(imagesPath)",
        found: "\(labels.count)", advice: "Both files have to come from the same data set.")
    }
    let classCount = classCount ?? Int(labels.max() ?? 0) + 1 - firstLabel
    if let position = labels.firstIndex(where: { !(firstLabel..<firstLabel + classCount).contains(Int($0)) }) {
      throw DataError(
        .invalid, path: labelsPath, expected: "labels from \(firstLabel) to \(firstLabel + classCount - 1)",
        found: "label \(labels[position]) at position \(position)",
        advice: "If there are more classes, list all their names in \(classNamesFile) beside it, one a line.")
    }
    return LabeledImages(
      pixels: bytes, extents: extents, labels: labels.map { Int32($0) - Int32(firstLabel) }, classCount: classCount)
  }

  private static func find(
    _ split: IDXFiles.Split, _ content: IDXFiles.Content, _ files: IDXFiles
  ) throws(DataError) -> String {
    if let path = try files.path(split, content) { return path }
    guard FileSystem.isFolder(files.directory) || !files.isEmpty else { throw absence(of: files.directory) }
    let kinds = content == .images ? "idx3|idx4" : "idx1"
    let names = split.words.map { "\($0)-\(content.rawValue)-\(kinds)-ubyte[.gz]" }
    throw DataError(
      .missing, path: files.directory,
      expected: "the \(split.rawValue) \(content.rawValue) in \(names.joined(separator: " or "))",
      found: "no such file in this folder", advice: advice(on: files.directory))
  }

  /// Returns the error for a path where nothing is, neither a folder nor files whose names begin so.
  private static func absence(of path: String) -> DataError {
    let near = ([".h5"] + archiveEndings).map { path + $0 }.first(where: FileSystem.isRegularFile)
    let advice =
      switch near {
      case let pack? where pack.hasSuffix(".h5"): "Did you mean \(pack)?"
      case let archive?: packing(archive)
      case nil where isFashionMNIST(path): howToGetFashionMNIST
      case nil: "A folder of pictures becomes a pack by `prelu-dist pack FOLDER -o photos.h5`."
      }
    return DataError(
      .missing, path: path, expected: "a pack, or a folder of IDX files", found: "no such folder or file",
      advice: advice)
  }

  /// Returns the advice on a folder without IDX files.
  private static func advice(on directory: String) -> String {
    if isFashionMNIST(directory) { return howToGetFashionMNIST }
    if holdsPictures(directory) { return packing(directory) }
    let names = (try? FileSystem.names(in: directory))?.sorted() ?? []
    if let archive = names.first(where: { name in archiveEndings.contains { name.lowercased().hasSuffix($0) } }) {
      return packing("\(directory)/\(archive)")
    }
    return "Other data are a pack: `prelu-dist pack FOLDER -o photos.h5` makes one of a folder of pictures."
  }

  private static func packing(_ source: String) -> String {
    "Pictures in class folders become a pack by `prelu-dist pack \(source) -o photos.h5`."
  }

  /// The endings of the archives that `pack` reads.
  private static let archiveEndings = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz"]

  private static func isFashionMNIST(_ path: String) -> Bool { path.lowercased().contains("fashion-mnist") }

  /// Returns whether a folder looks like class folders of photographs.
  private static func holdsPictures(_ directory: String) -> Bool {
    let names = (try? FileSystem.names(in: directory)) ?? []
    return names.contains { name in
      [".jpg", ".jpeg", ".png"].contains { name.lowercased().hasSuffix($0) }
        || FileSystem.isFolder("\(directory)/\(name)")
    }
  }

  private static func listedNames(_ files: IDXFiles, classCount: Int?) throws(DataError) -> [String]? {
    var names = try readClassNames(directory: files.folder)
    if names == nil { names = try files.mappedNames() }
    guard let names else { return nil }
    if let classCount, names.count != classCount {
      throw DataError(
        .invalid, path: "\(files.folder)/\(classNamesFile)", expected: classCount.counted("name"),
        found: "\(names.count)")
    }
    return names
  }

  private static let howToGetFashionMNIST = """
    Fashion-MNIST comes with Debian: apt-get install dataset-fashion-mnist \
    puts it into /usr/share/datasets/fashion-mnist.
    """
}
