import Glibc

/// The table of what steps did to layers, `statistics.csv`: one line for each noted step and layer, with a header.
///
/// For a person and for plots; nothing goes on from it. Lines are added by one call each, at the end of the file.
public struct LayerStatisticsFile: Sendable {
  public static let header = StatisticsFile.header
  public static let name = StatisticsFile.name

  /// The figures of one layer in one step.
  public struct Row: Equatable, Sendable {
    public var layer: String
    /// Standard deviations of the responses and of the gradients with respect to them.
    public var responseDeviation: Double
    public var gradientDeviation: Double
    /// The norm of the weights' update over that of the weights.
    public var updateRatio: Double
    /// The share of the step that weight decay alone makes.
    public var decayShare: Double

    public init(
      layer: String, responseDeviation: Double, gradientDeviation: Double, updateRatio: Double, decayShare: Double
    ) {
      self.layer = layer
      self.responseDeviation = responseDeviation
      self.gradientDeviation = gradientDeviation
      self.updateRatio = updateRatio
      self.decayShare = decayShare
    }
  }

  public let path: String
  /// The largest file that is read, in bytes.
  private static let sizeLimit = 1 << 30

  /// The file need not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// Adds the lines of one step, and the header before the first one.
  public func append(iteration: Int, _ rows: [Row]) throws(ReportError) {
    let lines = rows.map {
      "\(iteration),\($0.layer),\($0.responseDeviation),\($0.gradientDeviation),\($0.updateRatio),\($0.decayShare)"
    }
    try TextFile.append(lines.joined(separator: "\n"), header: Self.header, to: path)
  }

  /// Cuts off the lines past `iteration`, which a run that goes on from there will write again. Lines come in the order
  /// of iterations, so that the rest is a beginning of the file, and needs no copy.
  public func truncate(afterIteration iteration: Int) throws(ReportError) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 && errno == ENOENT { return }
    guard descriptor >= 0 else { throw failure("cannot be opened") }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw failure("cannot be examined") }
    let size = Int(information.st_size)
    if let problem = TextFile.problem(information, limit: Self.sizeLimit) {
      throw ReportError(.wrongContents, path: path, problem: problem, advice: "Move it away")
    }
    guard size > 0 else { return }
    guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
      throw failure("cannot be read")
    }
    let kept = Self.length(
      of: UnsafeRawBufferPointer(start: memory, count: size), upTo: iteration)
    munmap(memory, size)
    guard kept < size else { return }
    guard ftruncate(descriptor, off_t(kept)) == 0 else { throw failure("cannot be shortened") }
  }

  /// The bytes of the header and the whole lines up to an iteration.
  private static func length(of text: UnsafeRawBufferPointer, upTo iteration: Int) -> Int {
    var start = 0
    while let end = text[start...].firstIndex(of: 0x0a) {
      let number = String(decoding: text[start..<end].prefix { $0 != 0x2c }.prefix(20), as: UTF8.self)
      if let found = Int(number), found > iteration { return start }
      start = end + 1
    }
    return start
  }

  private func failure(_ what: String) -> ReportError { TextFile.failure(path, what) }
}
