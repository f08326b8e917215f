import Kernels
import Network

/// The complete settings of a run: the same settings, data and program give the same weights.
///
/// They come from the defaults here, which are the paper's where it has one, then from a recipe or a file, then from
/// the command's flags, which set fields. `validate()` checks whether the result makes sense.
public struct Configuration: Equatable, Sendable {
  /// The built-in recipe that a file builds on.
  public var recipe = Recipes.defaultName
  public var model = Model()
  public var data = DataSet()
  public var augmentation = Augmentation()
  public var training = Training()
  public var solver = Solver()
  public var schedule = Schedule.plateau(.init())
  public var warmUp = WarmUp.none
  public var regularization = Regularization()
  public var checkpoint = Checkpoint()
  public var weights = Weights()

  /// The images.
  public struct DataSet: Equatable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
      /// The four IDX files of MNIST and its relatives, in a directory.
      case idx
      /// Photographs in a file that `prelu-dist pack` made.
      case pack
    }

    public var kind = Kind.idx
    /// The directory, or the pack's file.
    public var directory = ""
    /// The number of training images that are put aside to steer the schedule; a pack that has a validation split gives
    /// none.
    public var validation = 5000
    /// The number of validation images, drawn by the seed, that are measured after an epoch (paper: 3,000 for its
    /// curves); 0 for all. Test images are never drawn.
    public var subset = 0
    /// The pixels that the shorter side of a photograph is resized to for evaluation, before the middle is cropped.
    public var shorterSide = 256
    /// The factor of a pixel of 0 to 255, after the mean is subtracted.
    public var scale = 1.0
    /// The mean of each channel, red, green, blue, in pixels of 0 to 255, which is subtracted in place of the mean
    /// image of the training images; empty for that.
    public var mean: [Double] = []
  }

  /// The random changes of a training image each time it is seen.
  public struct Augmentation: Equatable, Sendable {
    /// The number of zeros around the image, from which a crop of the image's own extents is taken at random.
    public var padding = 0
    /// Whether every second image is mirrored.
    public var mirror = false
    /// The least and the greatest number of pixels that an image's shorter side is resized to, drawn uniformly, before
    /// a crop of the network's input is taken at random; empty for what evaluation sees.
    public var shorterSide: [Int] = []
    /// The standard deviation of the shift of a photograph's colors along their principal components; 0 for none.
    public var color = 0.0
    /// The probability that a rectangle of the network's input becomes the mean (random erasing); 0 for never.
    public var erasing = 0.0

    /// No augmentation: the images as they are.
    public static let none = Augmentation()
  }

  /// The steps.
  public struct Training: Equatable, Sendable {
    /// The number of images in one step, on all ranks together.
    public var batch = 128
    /// The number of leaves that a step is divided into, a power of two: 1, 2, 4 … as many ranks get the same bits.
    /// Another number gives other bits, because the leaves' gradients are added in another tree.
    public var leaves = defaultLeaves
    public var epochs = 80
    public var seed: UInt64 = 1
    /// The share of units dropped in every fully connected layer but the last; nil for the architecture's own.
    public var dropout: Double?
    /// The precision of the operands of convolutions and fully connected layers.
    public var precision = Precision.float32
    public var onDivergence = OnDivergence.stop
    public var sampling = Sampling.shuffled
    public var classWeights = ClassWeights.none
    /// The layers whose parameters stay as they are: names, or patterns such as `conv1*`.
    public var frozen: [String] = []
    /// The factors of the learning rate by the names of layers, or by patterns; 1 for all others.
    public var rates: [String: Double] = [:]

    public static let defaultLeaves = 8

    /// The sizes that a mini-batch can have.
    public static let batches = 1...65536

    /// The rule by which training images follow one another.
    public enum Sampling: String, CaseIterable, Sendable {
      /// Every image once an epoch.
      case shuffled
      /// Every class equally often; an epoch has as many images as before.
      case balanced
    }

    /// The weights of the classes in the mean loss of a mini-batch.
    public enum ClassWeights: Equatable, Sendable {
      /// All images count alike.
      case none
      /// A class counts by the reciprocal of the number of its training images: n / (classes · n of the class).
      case balanced
      /// The classes of these names have these weights, the others 1.
      case named([String: Double])
    }

    /// The reaction to a loss or a gradient that is NaN or infinite.
    public enum OnDivergence: String, CaseIterable, Sendable {
      /// The run ends; the last checkpoint is good.
      case stop
      /// The run goes back to the last checkpoint and divides the learning rate by 10, at most twice.
      case rollback
    }
  }

  /// Stochastic gradient descent: v := μv − ε(g + λw), w := w + v.
  public struct Solver: Equatable, Sendable {
    /// The rate ε from which the schedule starts, after its warm-up.
    public var learningRate = 0.01
    /// The factor μ.
    public var momentum = 0.9
    /// The factor λ of weights; biases and activation coefficients do not decay.
    public var weightDecay = 0.0005
    /// The largest magnitude of an element of the gradient g, before weight decay; larger ones become it. 0 for no
    /// limit.
    public var clipValue = 0.0
    /// The largest norm of the gradient of all parameters that are trained, after `clipValue` and before weight decay;
    /// a longer one is scaled to it. 0 for no limit.
    public var clipNorm = 0.0
  }

  /// The saving of the state.
  public struct Checkpoint: Equatable, Sendable {
    /// The number of iterations between two checkpoints; 0 for no such limit.
    public var everyIterations = 0
    /// The minutes between two checkpoints; 0 for no such limit.
    public var everyMinutes = 10.0
    /// The number of the newest files that stay, beside the best one.
    public var keep = 3
  }

  /// The defaults, to which a recipe adds what they lack.
  init() {}
}

// MARK: - The keys

extension Configuration: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("recipe", &recipe)
    try visitor.setting("model", &model)
    try visitor.setting("data", &data)
    try visitor.setting("augmentation", &augmentation)
    try visitor.setting("training", &training)
    try visitor.setting("solver", &solver)
    var section = ScheduleSection(schedule: schedule, warmUp: warmUp)
    try visitor.setting("schedule", &section)
    (schedule, warmUp) = (section.schedule, section.warmUp)
    try visitor.setting("regularization", &regularization)
    try visitor.setting("checkpoint", &checkpoint)
    try visitor.setting("weights", &weights)
  }
}

extension Configuration.DataSet.Kind: ChoiceSetting {}
extension Configuration.Training.OnDivergence: ChoiceSetting {}
extension Configuration.Training.Sampling: ChoiceSetting {}
extension Precision: ChoiceSetting {}

extension Configuration.DataSet: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("kind", &kind)
    try visitor.setting("directory", &directory)
    try visitor.setting("validation", &validation)
    try visitor.setting("subset", &subset)
    try visitor.setting("shorterSide", &shorterSide)
    try visitor.setting("scale", &scale)
    try visitor.setting("mean", &mean)
  }
}

extension Configuration.Augmentation: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("padding", &padding)
    try visitor.setting("mirror", &mirror)
    try visitor.setting("shorterSide", &shorterSide)
    try visitor.setting("color", &color)
    try visitor.setting("erasing", &erasing)
  }
}

extension Configuration.Training: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("batch", &batch)
    try visitor.setting("leaves", &leaves)
    try visitor.setting("epochs", &epochs)
    try visitor.setting("seed", &seed)
    try visitor.setting("dropout", &dropout)
    try visitor.setting("precision", &precision)
    try visitor.setting("onDivergence", &onDivergence)
    try visitor.setting("sampling", &sampling)
    try visitor.setting("classWeights", &classWeights)
    try visitor.setting(texts: "frozen", &frozen)
    try visitor.setting(numbers: "rates", &rates)
  }
}

extension Configuration.Solver: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("learningRate", &learningRate)
    try visitor.setting("momentum", &momentum)
    try visitor.setting("weightDecay", &weightDecay)
    try visitor.setting("clipValue", &clipValue)
    try visitor.setting("clipNorm", &clipNorm)
  }
}

extension Configuration.Checkpoint: SettingSection {
  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try visitor.setting("everyIterations", &everyIterations)
    try visitor.setting("everyMinutes", &everyMinutes)
    try visitor.setting("keep", &keep)
  }
}
