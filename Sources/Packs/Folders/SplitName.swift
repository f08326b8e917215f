/// The names that people give the folders of a data set's parts, in any case: `train`, `Training`, `valid`,
/// `test_set`, `val2017`, `ILSVRC2012_img_train`.
package enum SplitName {
  /// Returns the part that a folder's name stands for, or nil if it is none of these names.
  package static func part(_ name: String) -> PackPart? {
    var found: PackPart?
    for word in name.lowercased().split(whereSeparator: { !$0.isLetter }) {
      if let part = parts[String(word)] {
        guard found == nil else { return nil }
        found = part
      } else if !fillers.contains(String(word)) {
        return nil
      }
    }
    return found
  }

  private static let parts: [String: PackPart] = [
    "train": .training, "training": .training, "trainset": .training, "trn": .training,
    "val": .validation, "vali": .validation, "valid": .validation, "validate": .validation, "validation": .validation,
    "validating": .validation, "valset": .validation, "dev": .validation, "devel": .validation, "devset": .validation,
    "test": .test, "testing": .test, "testset": .test, "tst": .test,
  ]

  /// The words that may stand beside a part's name.
  private static let fillers: Set<String> = [
    "set", "sets", "data", "dataset", "image", "images", "img", "imgs", "picture", "pictures", "pics", "photo",
    "photos",
    "split", "folder", "dir", "seg", "ilsvrc", "imagenet", "jpg", "jpeg", "png", "raw",
  ]
}
