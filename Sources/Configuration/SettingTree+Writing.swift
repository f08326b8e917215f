/// The writer of settings as YAML.
///
/// Yams' emitter is not used, because it would leave an & or * in quoted texts as it is, which the reader refuses as a
/// reference, and because it writes `{a: 1}` and lists without indentation, which are harder to read.
extension SettingTree {
  /// The tree as YAML: sections and their keys have lines of their own, deeper values are on one line, and lists of
  /// groups have a line for each.
  var yaml: String {
    guard case .group(let sections) = content else { return flow + "\n" }
    var lines: [String] = []
    for section in sections {
      guard case .group(let entries) = section.value.content, !entries.isEmpty else {
        lines.append("\(section.key): \(section.value.flow)")
        continue
      }
      lines.append("\(section.key):")
      for entry in entries {
        if case .list(let values) = entry.value.content, values.contains(where: \.isGroup) {
          lines.append("  \(entry.key):")
          lines += values.map { "    - \($0.item)" }
        } else {
          lines.append("  \(entry.key): \(entry.value.flow)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The tree on one line.
  var flow: String { line(escaping: true) }

  /// The tree on one line for a person, with & and * as they are.
  var words: String { line(escaping: false) }

  /// - Parameter escapes: whether & and *, which the reader would take for references, are escaped.
  private func line(escaping escapes: Bool) -> String {
    switch content {
    case .null: return "null"
    case .plain(let word): return Self.number(word)
    case .text(let text): return Self.quoted(text, escaping: escapes)
    case .list(let values): return "[\(values.map { $0.line(escaping: escapes) }.joined(separator: ", "))]"
    case .group(let entries):
      let pairs = entries.map { "\(Self.quoted($0.key, escaping: escapes)): \($0.value.line(escaping: escapes))" }
      return pairs.isEmpty ? "{}" : "{ \(pairs.joined(separator: ", ")) }"
    }
  }

  /// The tree on one line after a dash, where a group of one needs no braces.
  private var item: String {
    guard case .group(let entries) = content, entries.count == 1 else { return flow }
    return "\(entries[0].key): \(entries[0].value.flow)"
  }

  private var isGroup: Bool {
    if case .group = content { true } else { false }
  }

  /// Returns a word with a point where it is a number with an exponent: YAML 1.1 takes `1e-05` for a text.
  private static func number(_ word: String) -> String {
    guard let exponent = word.firstIndex(of: "e"), !word.contains("."), Double(word) != nil else { return word }
    return "\(word[..<exponent]).0\(word[exponent...])"
  }

  /// Returns a text, in quotes where it could be taken for something else.
  private static func quoted(_ text: String, escaping escapes: Bool) -> String {
    let reserved = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
    let isPlain =
      text.unicodeScalars.allSatisfy { scalar in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "/": true
        default: false
        }
      } && text.unicodeScalars.first.map { $0 == "/" || $0 == "_" || $0.properties.isAlphabetic } == true
      && !reserved.contains(text.lowercased())
    if isPlain { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "&" where !escapes, "*" where !escapes: quoted.unicodeScalars.append(scalar)
      // The reader would take a plain & or * for a reference.
      case "&", "*", "\u{0}"..."\u{1F}", "\u{7F}"..."\u{A0}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}",
        "\u{FFFF}":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
