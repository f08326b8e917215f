import Archives
import Communication
import Images
import System

extension PackListing {
  /// The names and labels of many pictures. ImageNet has 1.3 million of them on every rank, so they are stored as bytes
  /// instead of individual strings.
  public struct Entries: Equatable, Sendable {
    /// The names in UTF-8, one after the other.
    private var names: [UInt8] = []
    /// The end of each entry's name in `names`.
    private var ends: [Int] = []
    public private(set) var labels: [Int32] = []
    /// The place of each entry in an archive; empty if they are files on the disk.
    private(set) var places: [MemberPlace] = []

    public init() {}

    mutating func append(name: some Sequence<UInt8>, label: Int32) {
      names.append(contentsOf: name)
      ends.append(names.count)
      labels.append(label)
    }

    mutating func append(_ entry: Entry) { append(name: entry.name.utf8, label: entry.label) }

    mutating func append(_ others: Entries) {
      for index in others.indices { append(name: others.names[others.range(index)], label: others.labels[index]) }
    }

    /// Returns the entries at `indices`, in that order.
    func selected(_ indices: [Int]) -> Entries {
      var selected = Entries()
      for index in indices { selected.append(name: names[range(index)], label: labels[index]) }
      if !places.isEmpty { selected.places = indices.map { places[$0] } }
      return selected
    }

    /// Notes where the entries lie in archives.
    mutating func place(_ places: [MemberPlace]) {
      precondition(places.count == count, "\(places.count) places of \(count) entries")
      self.places = places
    }

    /// Puts `table[label]` in place of each label.
    mutating func relabel(_ table: [Int32]) {
      for index in labels.indices { labels[index] = table[Int(labels[index])] }
    }

    private func range(_ index: Int) -> Range<Int> { (index > 0 ? ends[index - 1] : 0)..<ends[index] }

    /// Returns XXH64 of all entries.
    func digest(seed: UInt64) -> UInt64 {
      func hash<Value>(_ values: [Value], _ seed: UInt64) -> UInt64 {
        values.withUnsafeBytes { xxHash64($0, seed: seed) }
      }
      return hash(labels, hash(ends, hash(names, seed)))
    }

    // MARK: - To all ranks

    /// The room that a rank must make before it receives the entries.
    struct Extent: Codable {
      var count: Int
      var bytes: Int
      /// Whether the entries lie in archives.
      var isPlaced: Bool
    }

    var extent: Extent { Extent(count: count, bytes: names.count, isPlaced: !places.isEmpty) }

    /// Makes room for rank 0's entries.
    init(room: Extent) {
      names = [UInt8](repeating: 0, count: room.bytes)
      ends = [Int](repeating: 0, count: room.count)
      labels = [Int32](repeating: 0, count: room.count)
      places = [MemberPlace](
        repeating: MemberPlace(archive: 0, position: 0, size: 0), count: room.isPlaced ? room.count : 0)
    }

    /// Gives every rank the entries of rank 0; the others must have made room.
    mutating func broadcast(_ world: World) throws(MPIError) {
      func share<Value>(_ values: inout [Value]) throws(MPIError) {
        try values.withUnsafeMutableBufferPointer { (values) throws(MPIError) in
          try world.broadcast(UnsafeMutableRawBufferPointer(values), root: 0)
        }
      }
      try share(&names)
      try share(&ends)
      try share(&labels)
      try share(&places)
    }
  }
}

extension PackListing.Entries: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { labels.count }

  public subscript(index: Int) -> PackListing.Entry {
    PackListing.Entry(name: String(decoding: names[range(index)], as: UTF8.self), label: labels[index])
  }
}
