import Foundation

/// The words with which this process was started.
public enum ProcessArguments {
  /// The program's name, then its arguments; bytes that are not UTF-8 are replaced.
  ///
  /// They come from the system. Swift's own `CommandLine` finds them by walking back from the environment where its
  /// library is linked statically, and finds none when a preloaded library has called `setenv`, as tools that watch
  /// jobs do.
  public static let all: [String] = ofSystem("/proc/self/cmdline") ?? CommandLine.arguments

  /// Returns the words that a file of the system holds, each ended by a zero byte; nil if there are none, or if it
  /// cannot be read.
  package static func ofSystem(_ path: String) -> [String]? {
    guard let bytes = FileManager.default.contents(atPath: path), !bytes.isEmpty else { return nil }
    var words = bytes.split(separator: 0, omittingEmptySubsequences: false)
    if bytes.last == 0 { words.removeLast() }
    return words.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The words as they would be typed, for a record.
  public static var line: String { all.joined(separator: " ") }
}
