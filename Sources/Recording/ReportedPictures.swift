import Configuration
import Datasets
import Images
import Packs
import Reports

/// Shows a report the pictures of IDX folders and packs, numbered as `evaluate` numbers them.
public struct ReportedPictures: PictureSource {
  public init() {}

  public func pictures(_ split: MeasuredSplit, of data: PictureData) throws -> any TestImages {
    switch Configuration.DataSet.Kind(of: data.path) {
    case .idx:
      return PlainTestImages(
        try measuredImages(
          split, ofFolder: data.path, heldOutCount: data.heldOutCount, classCount: data.classNames?.count))
    case .pack:
      let pack = try Pack(data.path)
      // The test split of a pack that has none, and was not trained on, is all of its pictures.
      let images = try measuredPictures(split, of: pack, heldOutCount: data.heldOutCount, isTrainedOn: false).images
      guard let classNames = data.classNames else { return PhotoTestImages(images) }
      let classes = try networkClasses(of: pack, among: classNames, network: "the run's network")
      return PhotoTestImages(images, classes: classes, of: classNames.count)
    }
  }
}
