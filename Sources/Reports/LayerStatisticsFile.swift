import System
import SystemPackage

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
  public func append(iteration: Int, _ rows: [Row]) throws(FileError) {
    let lines = rows.map {
      "\(iteration),\($0.layer),\($0.responseDeviation),\($0.gradientDeviation),\($0.updateRatio),\($0.decayShare)"
    }
    try TextFile.append(lines.joined(separator: "\n"), header: Self.header, to: path)
  }

  /// Cuts off the lines past `iteration`, which a run that goes on from there will write again. Lines come in the order
  /// of iterations, so that the rest is a beginning of the file, and needs no copy.
  public func truncate(afterIteration iteration: Int) throws(FileError) {
    let file: RegularFile
    do throws(RegularFileError) {
      file = try RegularFile(path, .readWrite, limit: Self.sizeLimit)
    } catch {
      if error.isAbsence { return }
      let error = FileError(error, path: path, expected: "a text of at most \(Self.sizeLimit) bytes")
      throw error.kind == .wrongKind ? error.advising("Move it away") : error
    }
    let kept: Int
    do throws(Errno) {
      kept = try file.withMapped { Self.length(of: $0, upTo: iteration) }
    } catch {
      throw FileError(.cannotRead, path: path, what: "cannot be read", code: error)
    }
    guard kept < file.size else { return }
    do throws(Errno) {
      try file.resize(to: kept)
    } catch {
      throw FileError(.cannotWrite, path: path, what: "cannot be shortened", code: error)
    }
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
}
