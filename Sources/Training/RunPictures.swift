import Images
import Packs
import Reports

/// Shows a report the pictures of IDX folders and packs, numbered as `evaluate` numbers them.
public struct RunPictures: PictureSource {
  public init() {}

  public func pictures(_ part: PredictedPictures.Part, of data: PictureData) throws -> any TestImages {
    let part: MeasuredPart = part == .test ? .test : .validation
    switch DataOpening.kind(of: data.path) {
    case .idx:
      return PlainTestImages(
        try measuredImages(part, ofFolder: data.path, held: data.held, classCount: data.classCount))
    case .pack:
      // What is called the test part of a pack without one are all pictures of a pack that was not trained on.
      return PhotoTestImages(
        try measuredPictures(part, of: Pack(data.path), held: data.held, isTrainedOn: false).images)
    }
  }
}
