import Images
import System

/// The paths of an archive's members as a tree of folders. ImageNet has 1.3 million of them, so they are stored as
/// bytes instead of individual strings.
struct MemberTree {
  enum Kind {
    case folder
    case file
    case link
    case special
  }

  /// The paths in UTF-8, one after the other. Node 0 is the archive's own folder, whose path is empty.
  private var paths: [UInt8] = []
  /// The end of each node's path in `paths`.
  private var ends: [Int] = [0]
  private(set) var kinds: [Kind] = [.folder]
  private var children: [[Int32]] = [[]]
  private var nodes: [UInt64: Int32] = [xxHash64([]): 0]

  var count: Int { kinds.count }

  func path(_ node: Int) -> String { String(decoding: bytes(node), as: UTF8.self) }

  private func bytes(_ node: Int) -> ArraySlice<UInt8> { paths[(node > 0 ? ends[node - 1] : 0)..<ends[node]] }

  /// Returns the node of a path.
  func node(_ path: String) -> Int? {
    let bytes = Array(path.utf8)
    guard let node = nodes[xxHash64(bytes)].map({ Int($0) }), self.bytes(node).elementsEqual(bytes) else { return nil }
    return node
  }

  /// Returns the nodes in a folder.
  func children(_ node: Int) -> [Int] { children[node].map { Int($0) } }

  /// Adds a path, and the folders on the way to it. A path that is there already keeps its node.
  mutating func add(_ path: String, _ kind: Kind, archive: String) throws(DataError) -> (node: Int, isNew: Bool) {
    if let node = node(path) {
      guard (kinds[node] == .folder) == (kind == .folder) else {
        throw DataError(
          .invalid, path: archive, expected: "members of different names",
          found: "\(path.debugDescription) as a file and as a folder")
      }
      kinds[node] = kind
      return (node, false)
    }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let parent = try slash.map { slash throws(DataError) in
      try add(String(path[..<slash]), .folder, archive: archive).node
    }
    let node = count
    let bytes = Array(path.utf8)
    guard node < Int(Int32.max), nodes.updateValue(Int32(node), forKey: xxHash64(bytes)) == nil else {
      throw DataError(
        .invalid, path: archive, expected: "members whose names can be told apart",
        found: "\(path.debugDescription), whose digest another one has")
    }
    paths += bytes
    ends.append(paths.count)
    kinds.append(kind)
    children.append([])
    children[parent ?? 0].append(Int32(node))
    return (node, true)
  }
}
