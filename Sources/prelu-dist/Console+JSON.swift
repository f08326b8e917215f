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

  /// Prints a value on one line, keys sorted.
  static func sayJSON(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("\(value) cannot be written as JSON") }
    say(String(decoding: data, as: UTF8.self))
  }
}
