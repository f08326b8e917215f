import Foundation

/// The process that starts those that read, and counts what became of them.
struct Parent {
  private let format: Format
  private let count: Int
  private let seed: UInt64
  private let limitsMemory: Bool

  /// Seconds of processor time: more for one input is a fault.
  private static let slow = 1.0

  init(_ format: Format, count: Int, seed: UInt64, limitsMemory: Bool) {
    self.format = format
    self.count = count
    self.seed = seed
    self.limitsMemory = limitsMemory
  }

  /// Returns whether all inputs were read or refused as they should be.
  func run() throws -> Bool {
    let memory = "/dev/shm"
    let base = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
    let folder = "\(base)/prelu-fuzz-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Every bit once, and none twice.
    let count = format.flipsBytes ? min(self.count, 8 * (try format.corpus(folder)[0].count)) : self.count
    var (first, read, refused, faults) = (0, 0, 0, 0)
    var (slowest, slowestNumber) = (0.0, 0)
    while first < count {
      try? FileManager.default.removeItem(atPath: "\(folder)/report")
      let process = Process()
      process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      process.arguments =
        [format.name, "\(count)", "\(seed)", "\(first)", folder] + (limitsMemory ? [] : ["unlimited"])
      process.standardInput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      let report = (try? String(contentsOfFile: "\(folder)/report", encoding: .utf8)) ?? ""
      let fields = report.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      guard fields.count >= 5 else {
        say("\(format.name): the reading process ends before its first input (status \(process.terminationStatus))")
        return false
      }
      read += Int(fields[1])
      refused += Int(fields[2])
      if fields[3] > slowest { (slowest, slowestNumber) = (fields[3], Int(fields[4])) }
      let number = Int(fields[0])
      if number < count {
        faults += 1
        let kept = "fuzz-\(format.name)-\(seed)-\(number).bin"
        try? FileManager.default.removeItem(atPath: kept)
        try? FileManager.default.copyItem(atPath: "\(folder)/input", toPath: kept)
        say(
          "\(format.name): input \(number) of seed \(seed) ends the process with \(name(of: process)); kept as \(kept)")
        guard faults < 20 else { break }
      }
      first = number + 1
    }
    if slowest > Self.slow { faults += 1 }
    say(
      "\(format.name): seed \(seed), \(read + refused) inputs: \(read) read, \(refused) refused, \(faults) faults; the "
        + String(format: "slowest took %.3f s (input %d)", slowest, slowestNumber))
    if format.flipsBytes { try tellAccepted(folder) }
    return faults == 0
  }

  /// Tells which bytes can be altered without effect: as ranges, and by the structures of HDF5 that they lie in.
  private func tellAccepted(_ folder: String) throws {
    let text = (try? String(contentsOfFile: "\(folder)/accepted", encoding: .utf8)) ?? ""
    let places = Set(text.split(separator: "\n").compactMap { Int($0) }).sorted()
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/unaltered")))
    say("\(format.name): without effect: \(HDF5Structures.ranges(places))")
    say(
      "\(format.name): these \(places.count) of \(bytes.count) bytes: "
        + HDF5Structures(bytes).explanation(of: places))
  }

  private func name(of process: Process) -> String {
    process.terminationReason == .uncaughtSignal
      ? "signal \(process.terminationStatus)" : "exit code \(process.terminationStatus)"
  }
}
