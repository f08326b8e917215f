import Foundation
import Synchronization

/// A folder that is filled once, for all tests that begin with its content. It is removed when the process ends.
public struct PreparedFolder: Sendable {
  private let made: Result<ScratchFolder, any Error>

  public init(_ fill: (ScratchFolder) throws -> Void) {
    made = Result {
      let folder = try ScratchFolder()
      _ = removeAtExit
      preparedPaths.withLock { $0.append(folder.path) }
      try fill(folder)
      return folder
    }
  }

  /// The folder itself, which no test may change. Throws what filling it threw.
  public var path: String { get throws { try made.get().path } }

  /// A folder of a test's own with the same content.
  public func copy() throws -> ScratchFolder {
    let (folder, original) = (try ScratchFolder(), try path)
    for name in try FileManager.default.contentsOfDirectory(atPath: original) {
      try FileManager.default.copyItem(atPath: "\(original)/\(name)", toPath: folder.file(name))
    }
    return folder
  }
}

private let preparedPaths = Mutex<[String]>([])

/// The folders are held by global constants, which are never destroyed.
private let removeAtExit = atexit {
  for path in preparedPaths.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
}
