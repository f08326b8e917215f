/// The structures of an HDF5 file, by which bytes that can be altered without effect are explained.
struct HDF5Structures {
  private let starts: [(place: Int, signature: String)]
  private let bytes: [UInt8]

  /// Signatures of the structures that hold more than pictures and values do: the file itself, objects and their
  /// continuations, both kinds of B-trees, heaps, and tables of free space.
  private static let signatures = [
    "\u{89}HDF", "OHDR", "OCHK", "TREE", "SNOD", "BTHD", "BTIN", "BTLF", "HEAP", "FRHP", "FHDB", "FHIB", "GCOL", "FSHD",
    "FSSE",
  ].map { Array($0.unicodeScalars.map { UInt8($0.value) }) }

  init(_ bytes: [UInt8]) {
    var starts: [(place: Int, signature: String)] = []
    for place in bytes.indices.dropLast(3) {
      let here = bytes[place..<place + 4]
      guard Self.signatures.contains(where: { here.elementsEqual($0) }) else { continue }
      let signature = here.map { $0 < 0x80 ? $0 : UInt8(ascii: ".") }
      starts.append((place, String(decoding: signature, as: UTF8.self)))
    }
    self.starts = starts
    self.bytes = bytes
  }

  /// Returns in words how many of the places hold nothing but zeros up to the next structure, and how many others
  /// lie in structures of each kind, and how far from its start.
  func explanation(of places: [Int]) -> String {
    var offsets: [String: (count: Int, distances: Set<Int>)] = [:]
    var zeros = 0
    for place in places {
      let next = starts.first { $0.place > place }?.place ?? bytes.count
      if bytes[place..<next].allSatisfy({ $0 == 0 }) {
        zeros += 1
        continue
      }
      guard let start = starts.last(where: { $0.place <= place }) else { continue }
      offsets[start.signature, default: (0, [])].count += 1
      offsets[start.signature, default: (0, [])].distances.insert(place - start.place)
    }
    let parts = offsets.sorted { $0.key < $1.key }.map { signature, found in
      "\(found.count) from \(signature) on, at \(Self.ranges(found.distances.sorted()))"
    }
    return (["\(zeros) are zeros up to the next structure"] + parts).joined(separator: "; ")
  }

  /// Returns ascending numbers as ranges.
  static func ranges(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, number <= last.upperBound + 1 {
        ranges[ranges.count - 1] = last.lowerBound...max(number, last.upperBound)
      } else {
        ranges.append(number...number)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: " ")
  }
}
