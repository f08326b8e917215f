import CHDF5
import System
import SystemPackage

/// A call of HDF5 that failed, in the library's own words.
public struct HDF5Error: ExitStatusError, CustomStringConvertible, Sendable {
  /// The function that was called.
  public let call: String
  /// The object that the function was called on: a file, or a file and an object in it.
  public let subject: String
  /// The messages of the library, from the cause to the call.
  public let words: [String]

  /// Takes the words from the library's error stack. The next call of HDF5 clears that, so this comes first.
  package init(call: String, subject: String) {
    self.call = call
    self.subject = subject
    var words: [String] = []
    withUnsafeMutablePointer(to: &words) { words in
      _ = H5Ewalk2(
        hid_t(H5E_DEFAULT), H5E_WALK_UPWARD,
        { _, entry, words in
          if let text = entry?.pointee.desc {
            words?.assumingMemoryBound(to: [String].self).pointee.append(HDF5Error.oneLine(String(cString: text)))
          }
          return 0
        }, words)
    }
    self.words = words
  }

  /// HDF5 puts the time, with a line break, into the middle of a message about the system.
  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// The system's error that the words name, such as EAGAIN behind a lock that another holds.
  package var systemError: Errno? {
    for word in words {
      let parts = word.split(separator: " ")
      for (index, part) in parts.enumerated() where part == "errno" && index + 2 < parts.count {
        return CInt(parts[index + 2].prefix { $0.isNumber }).map(Errno.init(rawValue:))
      }
    }
    return nil
  }

  /// Whether a lock on the file was refused.
  public var isLock: Bool {
    words.contains { $0.contains("unable to lock file") }
  }

  public var exitStatus: ExitStatus { .internalError }

  public var description: String {
    let cause = words.first ?? "no reason given"
    let end = words.count > 1 && words.last != cause ? " (\(words[words.count - 1]))" : ""
    return "\(call) on \(subject): \(cause)\(end)"
  }
}

/// `result` unless it is negative, which is how HDF5 says that a call failed.
package func checked<Result: SignedInteger>(_ result: Result, _ call: String, _ subject: String) throws(HDF5Error)
  -> Result
{
  guard result >= 0 else { throw HDF5Error(call: call, subject: subject) }
  return result
}
