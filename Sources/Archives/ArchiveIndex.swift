import Images
import System

/// The members of an archive as files in folders.
///
/// An archive inside, of which ImageNet's training set has one for each class, is a folder; but where pictures also lie
/// outside of such archives, those are files like any other, such as somebody's backup.
package struct ArchiveIndex {
  package let file: ArchiveFile
  /// Whether members can only be read from the beginning of the archive on, because it is compressed. The positions of
  /// places are then numbers of members, and not offsets.
  package private(set) var isStream = false
  /// Whether archives inside are folders.
  package let opensInner: Bool
  /// The number of members that a later one of the same name replaces, as it does where an archive is unpacked.
  package private(set) var replaced = 0

  private var tree = MemberTree()
  /// The members that the tree's nodes stand for, in the order of the nodes; a folder has one that says nothing.
  private var members = [Member()]
  private var linkTargets: [Int: String] = [:]
  private var notUTF8: Set<Int> = []
  /// The contents of the texts of a compressed archive, to which nobody can go back.
  private var texts: [Int: [UInt8]] = [:]

  private struct Member {
    /// The offset of the bytes in the file; nil if they do not lie there as they are.
    var start: Int?
    var ordinal = 0
    /// The number of bytes; nil if it is not known.
    var size: Int?
  }

  /// A member in a folder.
  package struct Entry {
    package let name: String
    package let isFolder: Bool
    package let isUTF8: Bool
    /// The kind of a member that is neither a file nor a folder, in words.
    package let other: String?
  }

  /// Reads all headers of an archive; if it is compressed, all of it.
  /// - Parameter isPicture: A closure that tells a picture by its name.
  package init(_ file: ArchiveFile, isPicture: (String) -> Bool) throws(DataError) {
    if let index = try ArchiveIndex(file, opensInner: true, isPicture: isPicture) {
      self = index
    } else {
      self = try ArchiveIndex(file, opensInner: false, isPicture: isPicture)!
    }
  }

  /// - Returns: Nil if archives inside were to be folders, and pictures lie beside them.
  private init?(_ file: ArchiveFile, opensInner: Bool, isPicture: (String) -> Bool) throws(DataError) {
    self.file = file
    self.opensInner = opensInner
    var (hasArchives, hasOuterPictures, textBytes) = (false, false, 0)
    let walk = try ArchiveWalk(file, opensInner: opensInner)
    while let member = try walk.next() {
      if member.isArchive {
        hasArchives = true
        try add(folder: ArchiveKind.stem(member.path) ?? member.path)
        continue
      }
      let isPicture = isPicture(member.path)
      hasOuterPictures = hasOuterPictures || isPicture && !member.isInner
      if hasArchives && hasOuterPictures { return nil }
      guard let node = try add(member), member.start == nil else { continue }
      isStream = isStream || isPicture
      guard Self.isText(member.path) else { continue }
      let text = try walk.contents(limit: Self.largestText, path: member.path)
      textBytes += text.count
      guard textBytes <= Self.largestTexts else {
        throw DataError(
          .invalid, path: file.path, expected: "at most 1 GiB of texts beside the pictures", found: "more")
      }
      texts[node] = text
    }
  }

  /// The endings of files that may say what is on pictures.
  private static let textEndings: Set<String> = ["cls", "json", "txt", "csv", "tsv", "mat"]
  private static let largestText = 1 << 25
  private static let largestTexts = 1 << 30

  private static func isText(_ path: String) -> Bool {
    path.lastIndex(of: ".").map { textEndings.contains(path[path.index(after: $0)...].lowercased()) } ?? false
  }

  private mutating func add(folder path: String) throws(DataError) {
    guard !path.isEmpty else { return }
    _ = try tree.add(path, .folder, archive: file.path)
    fill()
  }

  /// Adds a member. Returns the node of a file.
  private mutating func add(_ member: ArchiveWalk.Member) throws(DataError) -> Int? {
    let kind: MemberTree.Kind
    var target: String?
    switch member.header.kind {
    case .folder:
      try add(folder: member.path)
      return nil
    case .file: kind = .file
    case .link(let name): (kind, target) = (.link, name)
    case .special: kind = .special
    }
    guard !member.path.isEmpty else { return nil }
    let (node, isNew) = try tree.add(member.path, kind, archive: file.path)
    fill()
    replaced += isNew ? 0 : 1
    members[node] = Member(start: member.start, ordinal: member.ordinal, size: member.header.size)
    linkTargets[node] = target
    if !member.header.isUTF8 { notUTF8.insert(node) }
    return kind == .file ? node : nil
  }

  /// Gives each new node a member.
  private mutating func fill() {
    while members.count < tree.count { members.append(Member()) }
  }

  // MARK: - Looking

  package func isFolder(_ path: String) -> Bool { tree.node(path).map { tree.kinds[$0] == .folder } ?? false }

  package func isFile(_ path: String) -> Bool { tree.node(path).map { tree.kinds[$0] == .file } ?? false }

  /// Returns what is in a folder, in no particular order, or nil if there is no such folder.
  package func entries(of folder: String) -> [Entry]? {
    guard let node = tree.node(folder), tree.kinds[node] == .folder else { return nil }
    return tree.children(node).map { child in
      let path = tree.path(child)
      var other: String?
      if tree.kinds[child] == .link { other = "a link to \((linkTargets[child] ?? "").debugDescription)" }
      if tree.kinds[child] == .special { other = "a device or a pipe" }
      return Entry(
        name: String(
          path[
            (path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) }
              ?? path.startIndex)...]),
        isFolder: tree.kinds[child] == .folder, isUTF8: !notUTF8.contains(child), other: other)
    }
  }

  /// The paths of all files, in the order of the archive.
  package var files: [String] {
    (0..<tree.count).filter { tree.kinds[$0] == .file }.sorted { members[$0].ordinal < members[$1].ordinal }
      .map(tree.path)
  }

  /// Returns the place of a file.
  /// - Parameter archive: The archive's number in places.
  package func place(_ path: String, archive: Int) -> MemberPlace? {
    guard let node = tree.node(path), tree.kinds[node] == .file else { return nil }
    let member = members[node]
    return MemberPlace(
      archive: archive, position: isStream ? member.ordinal : member.start ?? 0, size: member.size ?? -1)
  }

  /// Returns the bytes of a file that is not a picture of a compressed archive, or nil if there is none of that path.
  package func contents(_ path: String, limit: Int) throws(DataError) -> [UInt8]? {
    guard let node = tree.node(path), tree.kinds[node] == .file else { return nil }
    if let text = texts[node] { return text }
    guard let start = members[node].start, let size = members[node].size, size <= limit else { return nil }
    return try file.contents(at: MemberPlace(archive: 0, position: start, size: size))
  }
}
