/// The number that the program ends with, as in sysexits.h.
public enum ExitStatus: Int32, Codable, Sendable {
  case done = 0
  /// A command, an option or the value of an option is wrong, or does not go with the others.
  case usage = 64
  /// A file is not what it should be: data, a checkpoint, a recipe. Training that diverges ends with it, too.
  case badData = 65
  case missingInput = 66
  /// The machine is not fit for the work, as `doctor` finds.
  case unavailable = 69
  case internalError = 70
  case cannotCreate = 73
  case inputOutput = 74
  /// The work stopped early with a checkpoint saved: the same command goes on.
  case tryAgain = 75
}

/// An error that knows what the program ends with because of it.
public protocol ExitStatusError: Error {
  /// The status that the program ends with because of the error.
  var exitStatus: ExitStatus { get }
}

extension ExitStatus {
  /// The status for an error of any target; `internalError` for one that does not know its own.
  public init(of error: any Error) {
    self = (error as? any ExitStatusError)?.exitStatus ?? .internalError
  }
}
