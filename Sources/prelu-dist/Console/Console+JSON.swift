import Foundation

extension Console {
  /// Prints a value as JSON on one line, with sorted keys.
  static func sayJSON(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      say(String(decoding: try encoder.encode(value), as: UTF8.self))
    } catch {
      preconditionFailure("\(type(of: value)) cannot be written as JSON: \(error)")
    }
  }
}
