import Images

/// The settings of a packing.
public struct PackSettings: Sendable {
  /// The action for a file that is not a whole picture.
  public enum OnError: String, CaseIterable, Sendable {
    /// The packing ends with the file's error.
    case stop
    /// The file is left out, counted and named.
    case skip
  }

  /// The training pictures that become the validation split.
  public enum Aside: Equatable, Sendable {
    case none
    /// So many, of each class in proportion.
    case pictures(Int)
    /// Those of a fold, from 1, of several, which are disjoint.
    case fold(Int, of: Int)

    /// The option that asks for it.
    var option: String {
      if case .fold = self { return "--fold" }
      return "--hold-out"
    }
  }

  public var input: PackInput
  /// The pack's path; if there are several shards, their common name without numbers.
  public var output: String
  public var shards: Int
  public var onError: OnError
  public var aside: Aside
  /// The length in pixels to which a longer shorter side is reduced before a picture is stored; nil stores every file
  /// as it is.
  public var shorterSide: Int?
  /// The quality of JPEG files that are encoded anew, 1 ... 100.
  public var quality: Int
  /// Whether pictures are turned by the orientation that the camera recorded.
  public var appliesOrientation: Bool
  /// The shorter side of the picture from whose central square of side `meanCrop` the mean and the colors are computed.
  public var meanSide: Int
  public var meanCrop: Int
  /// The number of threads of each rank.
  public var threads: Int

  public init(
    input: PackInput, output: String, shards: Int = 1, onError: OnError = .stop, aside: Aside = .none,
    shorterSide: Int? = 512, quality: Int = 90, appliesOrientation: Bool = false, meanSide: Int = 256,
    meanCrop: Int = 224, threads: Int = 1
  ) {
    self.input = input
    self.output = output
    self.shards = shards
    self.onError = onError
    self.aside = aside
    self.shorterSide = shorterSide
    self.quality = quality
    self.appliesOrientation = appliesOrientation
    self.meanSide = meanSide
    self.meanCrop = meanCrop
    self.threads = threads
  }

  var intake: PictureIntake.Settings {
    PictureIntake.Settings(
      shorterSide: shorterSide, quality: quality, appliesOrientation: appliesOrientation, meanSide: meanSide,
      meanCrop: meanCrop)
  }

  /// The pack's files.
  var paths: [String] { (0..<shards).map { PackLayout.path(output, shard: $0, of: shards) } }

  /// The folder in which finished blocks wait for the others.
  public var workFolder: String { "\(output).work" }
}
