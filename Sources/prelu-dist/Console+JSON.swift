import Foundation

extension Console {
  /// Prints one object on one line, keys sorted.
  static func sayJSON(_ object: [String: Any]) {
    guard
      let data = try? JSONSerialization.data(
        withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    else { preconditionFailure("\(object.keys.sorted()) cannot be written as JSON") }
    say(String(decoding: data, as: UTF8.self))
  }
}
