import Images

/// How a pack is made.
public struct PackSettings: Sendable {
  /// What happens where a file is not the whole picture that it should be.
  public enum OnError: String, CaseIterable, Sendable {
    /// The packing ends with the file's error.
    case stop
    /// The file is left out, counted and named.
    case skip
  }

  public var input: PackInput
  /// The pack's path; of several shards the name without their numbers.
  public var output: String
  public var shards: Int
  public var onError: OnError
  /// Pictures of the training part that become the validation part.
  public var holdOut: Int
  /// Pictures whose shorter side has more pixels are stored with that many; nil stores every file as it is.
  public var shorterSide: Int?
  /// Of what is encoded anew, 1 ... 100.
  public var quality: Int
  /// Turns pictures as the camera notes that it was held.
  public var appliesOrientation: Bool
  /// Mean and colours are taken of the picture at this shorter side, of a square of `meanCrop` in its middle.
  public var meanSide: Int
  public var meanCrop: Int
  /// Of each rank.
  public var threads: Int

  public init(
    input: PackInput, output: String, shards: Int = 1, onError: OnError = .stop, holdOut: Int = 0,
    shorterSide: Int? = 512, quality: Int = 90, appliesOrientation: Bool = false, meanSide: Int = 256,
    meanCrop: Int = 224, threads: Int = 1
  ) {
    self.input = input
    self.output = output
    self.shards = shards
    self.onError = onError
    self.holdOut = holdOut
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

  /// Where finished blocks wait for the others.
  public var workFolder: String { "\(output).work" }
}
