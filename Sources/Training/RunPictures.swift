import Images
import Packs
import Reports

/// Shows a report the pictures of IDX folders and packs, numbered as `evaluate` numbers them.
public struct RunPictures: PictureSource {
  public init() {}

  public func pictures(_ part: MeasuredPart, of data: PictureData) throws -> any TestImages {
    switch DataOpening.kind(of: data.path) {
    case .idx:
      return PlainTestImages(
        try measuredImages(part, ofFolder: data.path, held: data.held, classCount: data.classNames?.count))
    case .pack:
      let pack = try Pack(data.path)
      // What is called the test part of a pack without one are all pictures of a pack that was not trained on.
      let images = try measuredPictures(part, of: pack, held: data.held, isTrainedOn: false).images
      guard let classNames = data.classNames else { return PhotoTestImages(images) }
      let classes = try networkClasses(of: pack, among: classNames, network: "the run's network")
      return PhotoTestImages(images, classes: classes, of: classNames.count)
    }
  }
}
