import Glibc
import SwiftProtobuf
import System

/// An event file for TensorBoard: scalars and histograms of a run, one record after another.
///
/// A record is its length (8 bytes), a check of the length, the event, a check of the event; numbers are little-endian,
/// checks are masked CRC-32C. Each process of a run writes a file of its own; its first events say which of the earlier
/// ones no longer count.
public final class EventFile {
  public let path: String

  /// Makes a new file in `folder`, named so that TensorBoard finds it.
  ///
  /// - Parameters:
  ///   - startIteration: the iteration at which training begins or goes on: earlier files' events after it are void.
  ///   - time: seconds since 1970.
  ///   - host: the name of the host, for the file's name.
  public init(inFolder folder: String, startIteration: Int, time: Double, host: String) throws(FileError) {
    let base = "\(folder)/\(RunFile.eventsPrefix)\(Int(time)).\(host).\(getpid())"
    var name = base
    var number = 0
    while FileSystem.exists(name) {
      number += 1
      name = "\(base).\(number)"
    }
    path = name
    var version = PreluDist_Tensorboard_Event()
    version.wallTime = time
    version.fileVersion = "brain.Event:2"
    try append(version)
    if startIteration > 0 { try goBack(to: startIteration, time: time) }
  }

  /// Makes all events after an iteration void: the run comes to it again.
  public func goBack(to iteration: Int, time: Double) throws(FileError) {
    var start = PreluDist_Tensorboard_Event()
    start.wallTime = time
    // The events of the iteration itself were written before its checkpoint.
    start.step = Int64(iteration) + 1
    start.sessionLog.status = .start
    try append(start)
  }

  /// Adds scalars and histograms of one step as one record.
  public func append(
    step: Int, time: Double, scalars: [(tag: String, value: Double)], histograms: [(tag: String, values: [Float])] = []
  ) throws(FileError) {
    var event = PreluDist_Tensorboard_Event()
    event.wallTime = time
    event.step = Int64(step)
    event.summary.value =
      scalars.map { scalar in
        var value = PreluDist_Tensorboard_Summary.Value()
        value.tag = scalar.tag
        value.simpleValue = Float(scalar.value)
        return value
      }
      + histograms.map { histogram in
        var value = PreluDist_Tensorboard_Summary.Value()
        value.tag = histogram.tag
        value.histo = Self.histogram(histogram.values)
        return value
      }
    try append(event)
  }

  private func append(_ event: PreluDist_Tensorboard_Event) throws(FileError) {
    let bytes: [UInt8]
    do {
      bytes = try event.serializedBytes()
    } catch {
      throw FileError(.cannotWrite, path: path, problem: "an event cannot be encoded: \(error)")
    }
    let length = Self.littleEndian(UInt64(bytes.count))
    let record =
      length + Self.littleEndian(CRC32C.masked(length)) + bytes + Self.littleEndian(CRC32C.masked(bytes))
    try FileSystem.append(to: path) { _ in record }
  }

  private static func littleEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// Returns the histogram of values in thirty buckets of equal width between the extremes; NaN and infinities are left
  /// out.
  package static func histogram(_ values: [Float]) -> PreluDist_Tensorboard_Histogram {
    var histogram = PreluDist_Tensorboard_Histogram()
    let numbers = values.map(Double.init).filter(\.isFinite)
    guard let low = numbers.min(), let high = numbers.max() else { return histogram }
    histogram.min = low
    histogram.max = high
    histogram.num = Double(numbers.count)
    histogram.sum = numbers.reduce(0, +)
    histogram.sumSquares = numbers.reduce(0) { $0 + $1 * $1 }
    let count = 30
    // Equal values get a bucket around them.
    let (start, width) = low < high ? (low, (high - low) / Double(count)) : (low - 0.5, 1 / Double(count))
    var buckets = [Double](repeating: 0, count: count)
    for number in numbers { buckets[min(count - 1, max(0, Int((number - start) / width)))] += 1 }
    histogram.bucketLimit = (1...count).map { start + Double($0) * width }
    histogram.bucket = buckets
    return histogram
  }
}
