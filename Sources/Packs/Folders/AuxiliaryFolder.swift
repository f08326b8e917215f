/// The folders that data sets have beside their pictures, by their usual names: they belong to the pictures, and are no
/// classes.
enum AuxiliaryFolder {
  private static let names: Set = [
    "annotation", "annotations", "label", "labels", "mask", "masks", "segmentation", "segmentations",
    "segmentationclass",
    "segmentationobject", "trimap", "trimaps", "groundtruth", "groundtruths", "gt", "depth", "edges", "heatmaps",
    "boxes",
    "landmarks", "metadata", "docs",
  ]
  private static let pictures: Set = [
    "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "jpegimages", "rgb", "frames",
  ]

  private static func letters(_ name: String) -> String { name.lowercased().filter(\.isLetter) }

  /// Whether a folder is called as those beside pictures are.
  static func isNamedSo(_ name: String) -> Bool { names.contains(letters(name)) }

  /// Whether a folder is called as one that holds all pictures.
  static func holdsPictures(_ name: String) -> Bool { pictures.contains(letters(name)) }
}
