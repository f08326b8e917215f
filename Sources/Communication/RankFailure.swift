/// A failure on one rank that all ranks know of: thrown on every rank, so that all end together and one of them speaks.
public struct RankFailure: Error, CustomStringConvertible, Sendable {
  /// The first rank that failed, and its host.
  public let rank: Int
  public let host: String
  public let message: String
  /// As in sysexits.h.
  public let exitCode: Int32
  /// How many ranks failed.
  public let failedRanks: Int
  public let ranks: Int

  /// What all ranks find wrong together; the message names hosts itself where it must.
  public init(allRanks ranks: Int, _ message: String, exitCode: Int32) {
    self.init(rank: 0, host: "", message: message, exitCode: exitCode, failedRanks: ranks, ranks: ranks)
  }

  public init(rank: Int, host: String, message: String, exitCode: Int32, failedRanks: Int, ranks: Int) {
    self.rank = rank
    self.host = host
    self.message = message
    self.exitCode = exitCode
    self.failedRanks = failedRanks
    self.ranks = ranks
  }

  public var description: String {
    guard ranks > 1 else { return message }
    // What all ranks find wrong is no rank's fault: a file that is missing is missing for all.
    guard failedRanks < ranks else { return message }
    let others = failedRanks > 1 ? " (and on \(failedRanks - 1) other rank\(failedRanks > 2 ? "s" : ""))" : ""
    return "on rank \(rank), host \(host)\(others): \(message)"
  }
}

extension World {
  /// Runs `body` on every rank and waits for all: returns its result where it succeeded everywhere, and throws the same
  /// `RankFailure` on all ranks where it failed on any.
  ///
  /// - Parameter exitCode: what the program ends with for an error of `body`.
  public func together<Result>(exitCode: (any Error) -> Int32, _ body: () throws -> Result) throws -> Result {
    var result: Result?
    var message = ""
    var code: Int32 = 0
    do {
      result = try body()
    } catch {
      message = "\(error)"
      code = exitCode(error)
    }
    let codes = try allgather(code)
    if let result, codes.allSatisfy({ $0 == 0 }) { return result }
    let messages = try allgather(message)
    let hosts = try allgather(hostName)
    let first = codes.firstIndex { $0 != 0 } ?? rank
    throw RankFailure(
      rank: first, host: hosts[first], message: messages[first], exitCode: codes[first],
      failedRanks: codes.count { $0 != 0 }, ranks: size)
  }

  /// Runs `body` on rank 0 alone and gives its text to all; throws on all where it failed.
  public func fromRoot(exitCode: (any Error) -> Int32, _ body: () throws -> String) throws -> String {
    let text = try together(exitCode: exitCode) { rank == 0 ? try body() : "" }
    return try broadcast(text, root: 0)
  }
}
