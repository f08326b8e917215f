import System

/// The header of a safetensors file: one JSON object with the tensors by their names and a group of texts.
///
/// {"__metadata__": {"format": "pt"}, "conv1.weight": {"dtype": "F32", "shape": [8, 1, 3, 3], "data_offsets": [0,
/// 288]}}
///
/// It is read by its own grammar and nothing else: no value is nested deeper than that, and a name that stands twice is
/// refused, which a general reader of JSON would not notice.
struct SafetensorsHeader {
  struct Entry {
    var name: String
    var type: String
    var shape: [Int]
    var start: Int
    var end: Int
  }

  var entries: [Entry] = []
  var metadata: [String: String] = [:]

  /// The reason why a header cannot be read, as a clause.
  struct Malformed: Error {
    let problem: String
  }

  init(_ bytes: [UInt8]) throws(Malformed) {
    var reader = JSONScanner(bytes)
    var names: Set<String> = []
    try reader.object { name, reader throws(Malformed) in
      guard names.insert(name).inserted else {
        throw Malformed(problem: "the name \(name.quoted()) stands twice in the header")
      }
      if name == "__metadata__" {
        metadata = try Self.texts(&reader)
      } else {
        entries.append(try Self.entry(name, &reader))
      }
    }
    try reader.end()
  }

  private static func texts(_ reader: inout JSONScanner) throws(Malformed) -> [String: String] {
    var texts: [String: String] = [:]
    try reader.object { name, reader throws(Malformed) in
      guard texts.updateValue(try reader.text(), forKey: name) == nil else {
        throw Malformed(problem: "the name \(name.quoted()) stands twice in __metadata__")
      }
    }
    return texts
  }

  private static func entry(_ name: String, _ reader: inout JSONScanner) throws(Malformed) -> Entry {
    var (type, shape, offsets): (String?, [Int]?, [Int]?) = (nil, nil, nil)
    try reader.object { key, reader throws(Malformed) in
      switch key {
      case "dtype" where type == nil: type = try reader.text()
      case "shape" where shape == nil: shape = try reader.numbers(limit: 32)
      case "data_offsets" where offsets == nil: offsets = try reader.numbers(limit: 2)
      default:
        throw Malformed(problem: "\(name.quoted()) has the key \(key.quoted()), which is unknown or stands twice")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw Malformed(problem: "\(name.quoted()) does not have a dtype, a shape and two data_offsets")
    }
    return Entry(name: name, type: type, shape: shape, start: offsets[0], end: offsets[1])
  }
}
