import System

/// Returns words for an error message on what a file is, by its first bytes.
package func describeContent(_ head: [UInt8]) -> String {
  let kind = FileKind(head.prefix(64))
  switch kind {
  case .idx: return IDXMagic(head).map { "\($0)" } ?? kind.name
  case .text, .markup:
    let line = head.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(40)
    guard let quoted = String(validating: line, as: UTF8.self) else { return kind.name }
    return "\(kind == .text ? "text" : kind.name) that begins with \"\(quoted)\""
  case .zeros, .unknown:
    let bytes = head.prefix(4).map { hexadecimal([$0]) }
    return "data of an unknown kind that begins with the bytes \(bytes.joined(separator: " "))"
  default: return kind.name
  }
}
