import System

/// A failure on one rank that all ranks know of. It is thrown on every rank, so that all end together and one of them
/// speaks.
public struct RankFailure: ExitStatusError, CustomStringConvertible, Sendable {
  /// The first rank that failed, and its host.
  public let rank: Int
  public let host: String
  public let message: String
  public let exitStatus: ExitStatus
  /// The number of ranks that failed.
  public let failedRanks: Int
  public let ranks: Int

  /// A failure that all ranks share; the message itself names hosts where it must.
  public init(allRanks ranks: Int, _ message: String, exitStatus: ExitStatus) {
    self.init(rank: 0, host: "", message: message, exitStatus: exitStatus, failedRanks: ranks, ranks: ranks)
  }

  public init(rank: Int, host: String, message: String, exitStatus: ExitStatus, failedRanks: Int, ranks: Int) {
    self.rank = rank
    self.host = host
    self.message = message
    self.exitStatus = exitStatus
    self.failedRanks = failedRanks
    self.ranks = ranks
  }

  public var description: String {
    guard ranks > 1 else { return message }
    // A failure that all ranks share is no single rank's fault: a file that is missing is missing for all.
    guard failedRanks < ranks else { return message }
    let others = failedRanks > 1 ? " (and on \((failedRanks - 1).counted("other rank")))" : ""
    return "on rank \(rank), host \(host)\(others): \(message)"
  }
}

extension World {
  /// Runs `body` on every rank and waits for all. Returns its result if it succeeded everywhere, and throws the same
  /// `RankFailure` on all ranks if it failed on any; thus the ranks agree on whether to go on.
  public func agree<Result>(_ body: () throws -> Result) throws -> Result {
    var result: Result?
    var message = ""
    var status = ExitStatus.done
    do {
      result = try body()
    } catch {
      message = "\(error)"
      status = ExitStatus(of: error)
    }
    // The statuses travel as numbers, because a rank may run another program with other cases, as `doctor` finds.
    let codes = try allgather(status.rawValue)
    if let result, codes.allSatisfy({ $0 == 0 }) { return result }
    let messages = try allgather(message)
    let first = codes.firstIndex { $0 != 0 } ?? rank
    throw RankFailure(
      rank: first, host: hostNames[first], message: messages[first],
      exitStatus: ExitStatus(rawValue: codes[first]) ?? .internalError, failedRanks: codes.count { $0 != 0 },
      ranks: size)
  }
}
