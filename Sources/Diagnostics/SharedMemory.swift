import System

/// The memory that the ranks of a host pass messages through: files in a file system of its own.
enum SharedMemory {
  static let folder = "/dev/shm"
  /// The bytes that a rank takes there: Open MPI's `btl_vader_segment_size`; MPICH was found to take about as many.
  static let bytesOfRank = 4 << 20

  /// The bytes that are free there; nil where there is no such folder.
  static var free: Int? { FileSystem.freeBytes(folder) }
}

/// Returns a warning for each host whose ranks have less room for messages than they may fill: they then end with a bus
/// error or send messages in other ways, slowly.
func sharedMemoryFindings(_ ranks: [RankIdentity]) -> [Finding] {
  var told: Set<String> = []
  return ranks.compactMap { rank in
    let count = ranks.count { $0.host == rank.host }
    let needed = count * SharedMemory.bytesOfRank
    guard count > 1, let free = rank.sharedMemory, free < needed, told.insert(rank.host).inserted else { return nil }
    return Finding(
      .warning,
      "host \(rank.host): expected \(byteText(needed)) free in \(SharedMemory.folder) for the messages of "
        + "\(count.counted("rank")), found \(byteText(free))",
      advice: "Remove what others have left there, make it larger (docker run --shm-size=1g; mount -o "
        + "remount,size=1g /dev/shm), or start fewer ranks with more threads")
  }
}
