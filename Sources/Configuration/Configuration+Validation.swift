import Network
import System

extension Configuration {
  /// Checks every range, and that the architecture can be built.
  public func validate() throws(ConfigurationError) {
    _ = try validated()
  }

  /// Checks every range, and returns the network with its shapes.
  public func validated() throws(ConfigurationError) -> ResolvedArchitecture {
    try check(training.batch, in: Training.batches, "training.batch")
    if let problem = Training.problem(ofLeaves: training.leaves, batch: training.batch) {
      throw invalid("training.leaves", problem)
    }
    try check(training.epochs, in: 1...1_000_000, "training.epochs")
    if let dropout = training.dropout { try checkShare(dropout, "training.dropout") }
    try checkPositive(solver.learningRate, "solver.learningRate")
    try checkShare(solver.momentum, "solver.momentum")
    try check(solver.weightDecay, in: 0...1, "solver.weightDecay")
    try check(solver.clipValue, in: 0...1e30, "solver.clipValue")
    try check(solver.clipNorm, in: 0...1e30, "solver.clipNorm")
    try checkSchedule()
    try checkRegularization()
    try checkData()
    try checkWeights()
    try check(checkpoint.everyIterations, in: 0...1_000_000_000, "checkpoint.everyIterations")
    try check(checkpoint.everyMinutes, in: 0...1_000_000, "checkpoint.everyMinutes")
    try check(checkpoint.keep, in: 1...1_000_000, "checkpoint.keep")
    return try checkModel()
  }

  private func checkSchedule() throws(ConfigurationError) {
    switch schedule {
    case .plateau(let plateau):
      try check(plateau.patience, in: 1...1_000_000, "schedule.patience")
      try checkShare(plateau.threshold, "schedule.threshold")
      try check(plateau.factor, in: 1...1_000_000, "schedule.factor")
      try check(plateau.drops, in: 0...1000, "schedule.drops")
      guard data.validation > 0 else {
        throw invalid(
          "data.validation",
          "a plateau is seen in validation images, found 0: put some aside, or use schedule.kind steps")
      }
    case .steps(let steps):
      for (epoch, next) in zip(steps.epochs, steps.epochs.dropFirst()) where epoch >= next {
        throw invalid("schedule.epochs", "expected ascending epochs, found \(epoch) before \(next)")
      }
      for epoch in steps.epochs { try check(epoch, in: 1...1_000_000, "schedule.epochs") }
      try check(steps.factor, in: 1...1_000_000, "schedule.factor")
    case .cosine(let cosine): try checkFall(over: cosine.epochs, to: cosine.end)
    case .polynomial(let polynomial):
      try checkFall(over: polynomial.epochs, to: polynomial.end)
      try check(polynomial.power, in: 0...100, "schedule.power")
    }
    try check(warmUp.epochs, in: 0...1_000_000, "schedule.warmUp")
    try check(warmUp.start, in: 0...1, "schedule.warmUpStart")
  }

  private func checkFall(over epochs: Int?, to end: Double) throws(ConfigurationError) {
    if let epochs { try check(epochs, in: 1...1_000_000, "schedule.epochs") }
    try check(end, in: 0...solver.learningRate, "schedule.end")
    let length = epochs ?? training.epochs
    guard warmUp.epochs < Double(length) else {
      throw invalid(
        "schedule.warmUp",
        "expected less than the \(length.counted("epoch")) in which the rate falls, found \(warmUp.epochs)")
    }
  }

  private func checkRegularization() throws(ConfigurationError) {
    try checkShare(regularization.labelSmoothing, "regularization.labelSmoothing")
    try checkShape(regularization.mixup, "regularization.mixup")
    try checkShape(regularization.cutMix, "regularization.cutMix")
    try check(regularization.mixProbability, in: 0...1, "regularization.mixProbability")
    try checkShare(regularization.averageDecay, "regularization.averageDecay")
  }

  /// Refuses a shape of a beta distribution that no Double would follow.
  private func checkShape(_ shape: Double, _ key: String) throws(ConfigurationError) {
    guard shape == 0 || (0.001...1000).contains(shape) else {
      throw invalid(key, "expected 0 for none, or 0.001 to 1000, found \(shape)")
    }
  }

  private func checkData() throws(ConfigurationError) {
    guard !data.directory.isEmpty, !data.directory.contains("\0") else {
      throw invalid("data.directory", "expected a directory's path, found \(data.directory.debugDescription)")
    }
    try check(data.validation, in: 0...1_000_000_000, "data.validation")
    try check(data.subset, in: 0...1_000_000_000, "data.subset")
    try check(data.scale, in: 1e-6...1e6, "data.scale")
    guard data.mean.isEmpty || data.mean.count == model.input.channels else {
      throw invalid(
        "data.mean",
        "expected a number for each of the input's \(model.input.channels) channels, or an empty list, "
          + "found \(data.mean.count)")
    }
    for value in data.mean { try check(value, in: 0...255, "data.mean") }
    try check(augmentation.padding, in: 0...1024, "augmentation.padding")
    try check(augmentation.color, in: 0...100, "augmentation.color")
    try check(augmentation.erasing, in: 0...1, "augmentation.erasing")
    switch data.kind {
    case .idx:
      guard augmentation.color == 0 else {
        throw invalid("augmentation.color", "expected 0, because this goes only with data.kind pack: leave it out")
      }
      try checkSides()
      for side in augmentation.shorterSide { try check(side, in: 1...1 << 14, "augmentation.shorterSide") }
      try checkSizes()
    case .pack: try checkPhotographs()
    }
  }

  private func checkPhotographs() throws(ConfigurationError) {
    let crop = max(model.input.height, model.input.width)
    guard model.input.channels == 3 else {
      throw invalid("model.input", "photographs have 3 channels, found \(model.input.channels)")
    }
    guard augmentation.padding == 0 else {
      throw invalid("augmentation.padding", "photographs are cropped, not padded: expected 0")
    }
    try checkSides()
    let sides = augmentation.shorterSide
    for (side, key) in sides.map({ ($0, "augmentation.shorterSide") }) + [(data.shorterSide, "data.shorterSide")] {
      guard side <= 1 << 14, side >= crop else {
        throw invalid(key, "expected \(crop), the network's input, to \(1 << 14), found \(side)")
      }
    }
  }

  private func checkWeights() throws(ConfigurationError) {
    for (pattern, rate) in training.rates.sorted(by: { $0.key < $1.key }) {
      try check(rate, in: 0...1000, "training.rates.\(pattern)")
    }
    guard !weights.source.contains("\0") else {
      throw invalid("weights.source", "expected a file's path, found \(weights.source.debugDescription)")
    }
    if let layer = weights.map.filter({ $0.value.isEmpty }).keys.min() {
      throw invalid(
        "weights.map",
        "expected the name that \(layer.shown()) has in the source, found an empty one: leave it out where the source "
          + "has the same name")
    }
    let digits = weights.digest.utf8
    guard digits.isEmpty || digits.count == 64 && weights.digest.allSatisfy(\.isHexDigit) else {
      throw invalid("weights.digest", "expected 64 hexadecimal digits, found \(weights.digest.debugDescription)")
    }
    try check(weights.slopes, in: -100...100, "weights.slopes")
    guard [0, 1, 3].contains(weights.deviation.count) else {
      throw invalid(
        "weights.deviation",
        "expected one number, or one for red, green and blue each, or an empty list, found \(weights.deviation.count)")
    }
    for value in weights.deviation { try check(value, in: 1e-6...1e6, "weights.deviation") }
  }

  private func checkSides() throws(ConfigurationError) {
    let sides = augmentation.shorterSide
    guard sides.isEmpty || sides.count == 2 && sides[0] <= sides[1] else {
      throw invalid("augmentation.shorterSide", "expected the least and the greatest, or an empty list, found \(sides)")
    }
  }

  /// Refuses a range of sides whose filters would take a hundred megabytes or more: each size has filters of its own.
  private func checkSizes() throws(ConfigurationError) {
    guard let least = augmentation.shorterSide.first, let greatest = augmentation.shorterSide.last else { return }
    let (short, long) = (min(model.input.height, model.input.width), max(model.input.height, model.input.width))
    // A wrong input is told of with the model.
    guard short >= 1 else { return }
    let sides = Double((least + greatest) * (greatest - least + 1) / 2)
    let all = sides * (1 + Double(long) / Double(short))
    guard all <= Double(Self.mostLines) else {
      throw invalid(
        "augmentation.shorterSide",
        "expected sizes that have at most \(Self.mostLines) rows and columns in all, found \(Int(min(all, 1e18))) of "
          + "the sides from \(least) to \(greatest): choose a narrower range or smaller sides")
    }
  }

  /// The largest number of rows and columns of the sizes to which images are resized.
  private static let mostLines = 1 << 22

  private func checkModel() throws(ConfigurationError) -> ResolvedArchitecture {
    try check(model.classes, in: 1...1_000_000, model.settingOfClasses)
    try check(model.initialSlope, in: -100...100, "model.initialSlope")
    if case .fixed(let deviation) = model.initializer.rule {
      try checkPositive(deviation, "model.initializer")
    }
    if case .fixed(let hidden, let last) = model.initializer.fullyConnected {
      for deviation in [hidden, last] { try check(deviation, in: 0...1000, "model.fullyConnectedDeviation") }
    }
    do {
      return try architecture().resolved()
    } catch {
      // The layers of a built-in architecture have no keys.
      let setting = error.setting.flatMap { model.architecture != nil && $0.hasPrefix("layers.") ? nil : $0 }
      throw invalid(["model", setting].compactMap(\.self).joined(separator: "."), error.description)
    }
  }

  /// Refuses a value that is not in a range; NaN is in none.
  private func check<Value: Comparable>(
    _ value: Value, in range: ClosedRange<Value>, _ key: String
  ) throws(ConfigurationError) {
    guard range.contains(value) else {
      throw invalid(key, "expected \(range.lowerBound) to \(range.upperBound), found \(value)")
    }
  }

  private func checkPositive(_ value: Double, _ key: String) throws(ConfigurationError) {
    guard (.leastNormalMagnitude...1000).contains(value) else {
      throw invalid(key, "expected more than 0 and at most 1000, found \(value)")
    }
  }

  private func checkShare(_ value: Double, _ key: String) throws(ConfigurationError) {
    guard (0..<1).contains(value) else { throw invalid(key, "expected 0 or more and below 1, found \(value)") }
  }

  private func invalid(_ key: String, _ problem: String) -> ConfigurationError {
    ConfigurationError(.invalidValue, key: key, problem: problem)
  }
}

extension Configuration.Training {
  /// Returns the reason why a mini-batch cannot be divided into a number of leaves; nil where it can.
  ///
  /// A leaf has an image or more, so there are at most as many as images. The default number goes with any mini-batch:
  /// the leaves that a smaller one cannot fill are absent from the tree and change nothing.
  public static func problem(ofLeaves leaves: Int, batch: Int) -> String? {
    let most = max(batch, defaultLeaves)
    guard leaves < 1 || leaves > most || leaves & (leaves - 1) != 0 else { return nil }
    let nearest = 1 << (Int.bitWidth - 1 - min(max(leaves, 1), most).leadingZeroBitCount)
    return "expected a power of two from 1 to \(most)\(batch == most ? ", the mini-batch" : ""), found \(leaves): "
      + "take \(nearest)"
  }
}
