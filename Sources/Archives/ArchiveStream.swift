import Images

/// The members of an archive that is read from its beginning on. One thread at a time may use it.
package final class ArchiveStream {
  private let file: ArchiveFile
  private let opensInner: Bool
  private var walk: ArchiveWalk?
  /// The number of the member that the walk is at.
  private var position = -1

  /// - Parameter opensInner: Whether archives inside are folders, as the archive's index found.
  package init(_ file: ArchiveFile, opensInner: Bool) {
    self.file = file
    self.opensInner = opensInner
  }

  /// Returns the bytes of the member with a number. It takes the least time to ask for members in their order.
  /// - Parameter name: The member's name for messages.
  /// - Throws: An error if the member is not whole. Other members may be.
  package func contents(number: Int, limit: Int, name: String) throws(DataError) -> [UInt8] {
    if number <= position { walk = nil }
    do throws(DataError) {
      if walk == nil { walk = try ArchiveWalk(file, opensInner: opensInner) }
      guard let walk else { preconditionFailure("no walk") }
      while let member = try walk.next() {
        position = member.ordinal
        if position == number { return try walk.contents(limit: limit, path: name) }
        guard position < number else { break }
      }
    } catch {
      // libarchive may refuse to go on behind an error.
      walk = nil
      throw error
    }
    throw DataError(damaged: file.path, "\(name) is no longer there")
  }
}
