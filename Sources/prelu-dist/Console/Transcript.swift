import Foundation
import Synchronization
import System
import Training

/// The lines that a training run says, kept in its folder: each start adds to those of earlier ones.
///
/// Lines that are said before the folder is known are kept until then. What cannot be written is said once.
final class Transcript: Sendable {
  /// The name of the file in a run folder.
  static let fileName = RunFile.log.rawValue

  private struct State {
    var isKept = false
    var folder: OwnFolder?
    var waiting: [String] = []
  }

  private let state = Mutex(State())

  /// Keeps the lines from now on.
  func begin() { state.withLock { $0.isKept = true } }

  /// Writes the lines so far, and all that follow, into a run's folder.
  ///
  /// - Returns: the reason where they cannot be written, and no longer are kept.
  func open(in folder: OwnFolder, commandLine: String) -> FileError? {
    state.withLock { state in
      guard state.isKept else { return nil }
      state.folder = folder
      let lines = ["\(Date().formatted(.iso8601)) \(commandLine)"] + state.waiting
      state.waiting = []
      return append(lines.joined(separator: "\n"), &state)
    }
  }

  /// Adds a line.
  ///
  /// - Returns: the reason where it cannot be written, once.
  func add(_ line: String) -> FileError? {
    state.withLock { state in
      guard state.isKept else { return nil }
      guard state.folder != nil else {
        state.waiting.append(line)
        return nil
      }
      return append(line, &state)
    }
  }

  private func append(_ text: String, _ state: inout State) -> FileError? {
    guard let folder = state.folder, folder.mayBeWritten else { return nil }
    let path = FileSystem.path(Self.fileName, in: folder.path)
    do throws(FileError) {
      try FileSystem.append(to: path) { end in
        let before = if case .insideLine = end { "\n" } else { "" }
        return Array("\(before)\(text)\n".utf8)
      }
      return nil
    } catch {
      state = State()
      return error
    }
  }
}
