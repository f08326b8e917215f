import Foundation

/// The settings of a run, as a report shows them.
struct ReportedConfiguration {
  /// The text of `config.yaml`; nil where there is none.
  var text: String?
  /// The settings with their paths, such as "training.batch".
  var settings: [(key: String, value: String)] = []

  /// Returns the leaves of a JSON object with their paths, sorted; none where the text is not JSON.
  static func settings(of json: String) -> [(key: String, value: String)] {
    guard let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) else { return [] }
    return leaves(object, "")
  }

  private static func leaves(_ value: Any, _ path: String) -> [(key: String, value: String)] {
    if let group = value as? [String: Any] {
      return group.sorted { $0.key < $1.key }.flatMap { leaves($0.value, path.isEmpty ? $0.key : "\(path).\($0.key)") }
    }
    if let list = value as? [Any], list.contains(where: { $0 is [String: Any] }) {
      return list.enumerated().flatMap { leaves($1, "\(path).\($0 + 1)") }
    }
    guard
      let data = try? JSONSerialization.data(
        withJSONObject: value, options: [.fragmentsAllowed, .withoutEscapingSlashes])
    else { return [] }
    let text = String(decoding: data, as: UTF8.self)
    return [(path, text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text)]
  }
}
