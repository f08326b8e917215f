import System

/// The names of Fashion-MNIST's ten classes (Xiao, Rasul, Vollgraf, 2017).
let fashionClassNames = [
  "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]

/// The digest of Fashion-MNIST's 10,000 test images, by which it is recognized under any folder's name.
private let fashionTestDigest: UInt64 = 0x85F1_1B38_68AA_0E5D

/// Returns the names of a data set's classes: `listed` if its folder has a list, Fashion-MNIST's if `test` is
/// Fashion-MNIST's, otherwise the numbers.
/// - Parameter firstLabel: The number in the labels' file that stands for the first class.
func classNames(listed: [String]?, firstLabel: Int, test: LabeledImages) -> [String] {
  if let listed { return listed }
  if test.count == 10_000, test.classCount == fashionClassNames.count, contentDigest(test) == fashionTestDigest {
    return fashionClassNames
  }
  return (firstLabel..<firstLabel + test.classCount).map(String.init)
}

/// The file in a data set's folder that names its classes.
let classNamesFile = "class-names.txt"

/// Returns the names in the order of the labels, one for each line, or nil if there is no such file.
func readClassNames(directory: String) throws(DataError) -> [String]? {
  let path = "\(directory)/\(classNamesFile)"
  guard FileSystem.exists(path) else { return nil }
  let expected = "one class name a line in UTF-8"
  let bytes = try readWhole(path: path, limit: 1 << 22, expected: expected)
  guard let text = PlainText.string(bytes) else {
    throw DataError(.invalid, path: path, expected: expected, found: "bytes that are not UTF-8")
  }
  var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(\.trimmed)
  while lines.last == "" { lines.removeLast() }
  guard !lines.isEmpty else {
    throw DataError(.invalid, path: path, expected: expected, found: "no name")
  }
  if let empty = lines.firstIndex(of: "") {
    throw DataError(.invalid, path: path, expected: expected, found: "line \(empty + 1) empty")
  }
  return lines
}
