import Foundation
import Randomness
import System

/// The process that reads: it may take a limited amount of memory and time, and may die.
struct Child {
  private let format: Format
  private let folder: String
  private let seed: UInt64
  private let limitsMemory: Bool
  private let corpus: [[UInt8]]

  /// Bytes that reading may take beyond twice the file: libraries' tables, decoded pixels, HDF5's caches.
  static let allowance = 160 << 20
  /// Seconds of processor time after which reading counts as endless.
  static let patience = 10
  /// Seconds after which reading counts as hanging, on a machine that may be busy with other things.
  static let longPatience: UInt32 = 120

  init(_ format: Format, folder: String, seed: UInt64, limitsMemory: Bool) throws {
    self.format = format
    self.folder = folder
    self.seed = seed
    self.limitsMemory = limitsMemory
    corpus = try format.corpus(folder)
  }

  /// Reads the inputs of these numbers, and writes to the file `report`, at once, which one it is at and the sums so
  /// far.
  ///
  /// - Parameter numbers: those of this process, up to the end of all.
  func run(_ numbers: Range<Int>) throws {
    let total = numbers.upperBound
    // Once all is loaded and warm.
    try Data(corpus[0]).write(to: URL(filePath: "\(folder)/input"))
    try format.read("\(folder)/input")
    if limitsMemory { try limitMemory() }
    let report = open("\(folder)/report", O_WRONLY | O_CREAT, 0o666)
    guard report >= 0 else { throw CocoaError(.fileWriteUnknown) }
    var (read, refused, slowest, slowestNumber) = (0, 0, 0.0, 0)
    for number in numbers {
      try Data(input(number, of: total)).write(to: URL(filePath: "\(folder)/input"))
      let line = "\(number) \(read) \(refused) \(slowest) \(slowestNumber)\n"
      let text = line + String(repeating: " ", count: max(0, 120 - line.utf8.count))
      pwrite(report, text, text.utf8.count, 0)
      let start = processorSeconds()
      limitTime(Self.patience)
      do {
        try format.read("\(folder)/input")
        read += 1
        if format.flipsBytes {
          try noteAccepted(format.alteration(number, of: total, bytes: corpus[0].count, seed: seed).place)
        }
      } catch {
        guard Format.isRefusal(error, path: "\(folder)/input") else {
          say("input \(number): not a reader's own message: \(error)")
          abort()
        }
        refused += 1
      }
      limitTime(0)
      let seconds = processorSeconds() - start
      if seconds > slowest { (slowest, slowestNumber) = (seconds, number) }
    }
    let text = "\(numbers.upperBound) \(read) \(refused) \(slowest) \(slowestNumber)\n"
    pwrite(report, text, text.utf8.count, 0)
  }

  /// The input of a number.
  private func input(_ number: Int, of total: Int) -> [UInt8] {
    guard format.flipsBytes else {
      var random = SplitMix64(seed: seed &* 0x1_0000_0001 &+ UInt64(number))
      return mutated(corpus, &random)
    }
    var bytes = corpus[0]
    let (place, mask) = format.alteration(number, of: total, bytes: bytes.count, seed: seed)
    bytes[place] ^= mask
    return bytes
  }

  /// Adds the place of a byte that can be altered without effect to the file `accepted`.
  private func noteAccepted(_ place: Int) throws {
    let file = open("\(folder)/accepted", O_WRONLY | O_CREAT | O_APPEND, 0o666)
    guard file >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(file) }
    let line = Array("\(place)\n".utf8)
    guard write(file, line, line.count) == line.count else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Lets the system end the process after so much processor time, or if it waits for long.
  ///
  /// - Parameter seconds: those of processor time; 0 for no limit.
  private func limitTime(_ seconds: Int) {
    alarm(seconds == 0 ? 0 : Self.longPatience)
    var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(Int32(ITIMER_PROF.rawValue), &timer, nil)
  }

  /// The memory in use now, and the allowance: the system refuses more, which ends the process.
  private func limitMemory() throws {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ").first
    let used = (pages.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    let largest = (corpus.map(\.count).max() ?? 0) * 2
    let bytes = rlim_t(used + 2 * largest + Self.allowance)
    var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
    guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { throw CocoaError(.featureUnsupported) }
  }
}
