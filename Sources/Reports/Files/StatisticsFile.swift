import Network
import System
import SystemPackage

/// What one step did to one layer, with the step: a line of `statistics.csv`.
public struct StatisticsRow: Equatable, Sendable {
  /// The steps done with this one.
  public var iteration: Int
  public var layer: LayerStatistics

  public init(iteration: Int, layer: LayerStatistics) {
    self.iteration = iteration
    self.layer = layer
  }
}

/// The table of what steps did to layers, `statistics.csv`: one line for each noted step and layer, with a header.
///
/// For a person and for plots; nothing goes on from it. The lines of a step are added by one call, at the end of the file.
public struct StatisticsFile: Sendable {
  /// The file in a run folder.
  public static let name = "statistics.csv"
  public static let header = "iteration,layer,response_std,gradient_std,update_weight_ratio,decay_share"
  /// The largest file that is read, in bytes.
  private static let sizeLimit = 1 << 30

  public let path: String

  /// The file need not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// Adds the lines of a step, and the header before the first one.
  public func append(_ rows: [StatisticsRow]) throws(FileError) {
    let lines = rows.map { row in
      let layer = row.layer
      return "\(row.iteration),\(layer.layer),\(layer.responseDeviation),\(layer.gradientDeviation),"
        + "\(layer.updateRatio),\(layer.decayShare)"
    }
    try TextFile.append(lines.joined(separator: "\n"), header: Self.header, to: path)
  }

  /// Returns the lines in order of iteration; none where there is no file. What a resumed run wrote again counts once.
  public func rows() throws(FileError) -> [StatisticsRow] {
    guard let table = try CSVTable.read(path) else { return [] }
    try table.expect(header: Self.header, of: "layers' statistics")
    var places: [String: Int] = [:]
    var result: [StatisticsRow] = []
    for row in table.rows {
      let values = try table.numbers(row, from: 2)
      let entry = StatisticsRow(
        iteration: try table.integer(row.line, "iteration", row.fields[0]),
        layer: LayerStatistics(
          layer: row.fields[1], responseDeviation: values[0], gradientDeviation: values[1], updateRatio: values[2],
          decayShare: values[3]))
      let key = "\(entry.iteration)/\(entry.layer.layer)"
      if let place = places[key] {
        result[place] = entry
      } else {
        places[key] = result.count
        result.append(entry)
      }
    }
    // Rows of one iteration keep the network's order.
    return result.enumerated().sorted { ($0.element.iteration, $0.offset) < ($1.element.iteration, $1.offset) }
      .map(\.element)
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
