extension Configuration {
  /// The rule by which the learning rate changes.
  public enum Schedule: Equatable, Sendable {
    case plateau(Plateau)
    case steps(Steps)
    case cosine(Cosine)
    case polynomial(Polynomial)

    /// The rate drops when the best validation error has stopped improving.
    public struct Plateau: Equatable, Sendable {
      /// The number of evaluations without improvement that make a plateau.
      public var patience: Int
      /// The least relative improvement that counts.
      public var threshold: Double
      /// The number that the rate is divided by.
      public var factor: Double
      /// The number of drops. Training ends at the plateau after the last one.
      public var drops: Int

      public init(patience: Int = 3, threshold: Double = 0.001, factor: Double = 10, drops: Int = 2) {
        self.patience = patience
        self.threshold = threshold
        self.factor = factor
        self.drops = drops
      }
    }

    /// The rate drops at fixed epochs.
    public struct Steps: Equatable, Sendable {
      /// The numbers of epochs from the start after which the rate drops, ascending.
      public var epochs: [Int]
      /// The number that the rate is divided by.
      public var factor: Double

      public init(epochs: [Int] = [], factor: Double = 10) {
        self.epochs = epochs
        self.factor = factor
      }
    }

    /// The rate falls along half a cosine (Loshchilov and Hutter 2017, "SGDR", Eqn 5, without restarts).
    public struct Cosine: Equatable, Sendable {
      /// The number of epochs after which the rate is at its end, where it stays; nil for those of the run.
      public var epochs: Int?
      /// The rate at the end.
      public var end: Double

      public init(epochs: Int? = nil, end: Double = 0) {
        self.epochs = epochs
        self.end = end
      }
    }

    /// The rate falls as a power of the part of the training that is left; the power 1 makes it a line.
    public struct Polynomial: Equatable, Sendable {
      /// The number of epochs after which the rate is at its end, where it stays; nil for those of the run.
      public var epochs: Int?
      /// The rate at the end.
      public var end: Double
      public var power: Double

      public init(epochs: Int? = nil, end: Double = 0, power: Double = 1) {
        self.epochs = epochs
        self.end = end
        self.power = power
      }
    }

    /// Whether the course of the rate depends on the number of epochs of the run.
    var followsTheRun: Bool {
      switch self {
      case .plateau, .steps: false
      case .cosine(let cosine): cosine.epochs == nil
      case .polynomial(let polynomial): polynomial.epochs == nil
      }
    }
  }

  /// The rise of the learning rate at the beginning, along a line (Goyal et al. 2017, "Accurate, Large Minibatch SGD",
  /// Section 2.2). Falls along a curve begin after it.
  public struct WarmUp: Equatable, Sendable {
    /// The number of epochs, which need not be whole; 0 for no warm-up.
    public var epochs = 0.0
    /// The share of the rate that the first step has.
    public var start = 0.01

    public init(epochs: Double = 0, start: Double = 0.01) {
      self.epochs = epochs
      self.start = start
    }

    /// The rate as it is from the first step on.
    public static let none = WarmUp()
  }
}

// MARK: - The keys

/// The section of the keys of a schedule and its warm-up.
struct ScheduleSection: SettingSection {
  var schedule: Configuration.Schedule
  var warmUp: Configuration.WarmUp

  mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    try schedule.visit(&visitor)
    try visitor.setting("warmUp", &warmUp.epochs)
    try visitor.setting("warmUpStart", &warmUp.start)
  }
}

extension Configuration.Schedule {
  private enum Kind: String, CaseIterable, ChoiceSetting {
    case plateau, steps, cosine, polynomial

    /// A schedule of this kind with its defaults.
    var schedule: Configuration.Schedule {
      switch self {
      case .plateau: .plateau(.init())
      case .steps: .steps(.init())
      case .cosine: .cosine(.init())
      case .polynomial: .polynomial(.init())
      }
    }
  }

  private var kind: Kind {
    switch self {
    case .plateau: .plateau
    case .steps: .steps
    case .cosine: .cosine
    case .polynomial: .polynomial
    }
  }

  fileprivate mutating func visit(_ visitor: inout some SettingVisitor) throws(ConfigurationError) {
    var kind = kind
    try visitor.setting("kind", &kind)
    // Another kind starts from its own defaults; the same kind keeps its values.
    if kind != self.kind { self = kind.schedule }
    switch self {
    case .plateau(var plateau):
      try visitor.setting("patience", &plateau.patience)
      try visitor.setting("threshold", &plateau.threshold)
      try visitor.setting("factor", &plateau.factor)
      try visitor.setting("drops", &plateau.drops)
      self = .plateau(plateau)
    case .steps(var steps):
      try visitor.setting("epochs", &steps.epochs)
      try visitor.setting("factor", &steps.factor)
      self = .steps(steps)
    case .cosine(var cosine):
      try visitor.setting("epochs", &cosine.epochs)
      try visitor.setting("end", &cosine.end)
      self = .cosine(cosine)
    case .polynomial(var polynomial):
      try visitor.setting("epochs", &polynomial.epochs)
      try visitor.setting("end", &polynomial.end)
      try visitor.setting("power", &polynomial.power)
      self = .polynomial(polynomial)
    }
  }
}
