import Checkpoint
import Communication
import Configuration
import Evaluation
import Images
import Network
import Reports

/// What the program ends with, as in sysexits.h.
public enum ExitCode {
  public static let done: Int32 = 0
  public static let usage: Int32 = 64
  public static let badData: Int32 = 65
  public static let missingInput: Int32 = 66
  /// The machine is not fit, as `doctor` finds.
  public static let unavailable: Int32 = 69
  public static let internalError: Int32 = 70
  public static let cannotCreate: Int32 = 73
  public static let inputOutput: Int32 = 74
  /// Stopped early with a checkpoint saved: run again to go on.
  public static let tryAgain: Int32 = 75

  /// The code for an error of any of the targets.
  public static func of(_ error: any Error) -> Int32 {
    switch error {
    case let error as RankFailure: error.exitCode
    case let error as DataError: error.exitCode
    case let error as CheckpointError: code(of: error)
    case let error as ConfigurationError: code(of: error)
    case let error as ReportError: code(of: error)
    case is ArchitectureError: badData
    case is EvaluationError: usage
    case let error as TrainingError: error.exitCode
    default: internalError
    }
  }

  private static func code(of error: CheckpointError) -> Int32 {
    switch error.kind {
    case .missing: missingInput
    case .wrongKind, .damaged, .mismatch: badData
    case .cannotCreate, .takenOver: cannotCreate
    case .cannotRead, .cannotWrite: inputOutput
    }
  }

  private static func code(of error: ReportError) -> Int32 {
    switch error.kind {
    case .missing: missingInput
    case .wrongContents: badData
    case .cannotCreate: cannotCreate
    case .inputOutput: inputOutput
    }
  }

  private static func code(of error: ConfigurationError) -> Int32 {
    switch error.kind {
    case .missing: missingInput
    case .unreadable: inputOutput
    case .malformed, .unknownKey, .wrongType, .invalidValue: badData
    }
  }
}

/// Why training cannot start or go on.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
  public let exitCode: Int32
  public let description: String

  public init(_ exitCode: Int32, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }
}
