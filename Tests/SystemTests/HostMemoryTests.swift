import System
import TestSupport
import Testing

/// The memory that is left, from files laid out as Linux shows them.
@Suite struct HostMemoryTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try write("MemTotal: 16000 kB\nMemFree: 1000 kB\nMemAvailable: 9000 kB\nSwapFree: 500 kB", "proc/meminfo")
  }

  private func write(_ text: String, _ path: String) throws {
    try folder.write(Array("\(text)\n".utf8), to: path)
  }

  private var memory: HostMemory? { HostMemory.now(root: folder.path) }

  @Test func withoutGroups() {
    #expect(memory == HostMemory(available: 9500 << 10, total: 16000 << 10))
  }

  @Test func withoutFiles() throws {
    try write("MemTotal: 16000 kB", "proc/meminfo")
    #expect(memory == nil)
  }

  @Test func aGroupOfVersion2() throws {
    try write("0::/job/step", "proc/self/cgroup")
    try write("35 22 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "proc/self/mountinfo")
    try write("max", "sys/fs/cgroup/job/step/memory.max")
    try write("4000000", "sys/fs/cgroup/job/memory.max")
    try write("3000000", "sys/fs/cgroup/job/memory.current")
    #expect(memory == HostMemory(available: 1_000_000, total: 4_000_000, isLimitedByGroup: true))
    // Files that nobody has read lately give way.
    try write("anon 5\ninactive_file 500000\nactive_file 7", "sys/fs/cgroup/job/memory.stat")
    #expect(memory?.available == 1_500_000)
    // The group has room for more than the host has.
    try write("40000000000", "sys/fs/cgroup/job/memory.max")
    #expect(memory == HostMemory(available: 9500 << 10, total: 16000 << 10))
  }

  @Test func aGroupOfVersion1() throws {
    try write("4:memory:/job\n3:cpu,cpuacct:/other", "proc/self/cgroup")
    try write("33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory", "proc/self/mountinfo")
    try write("9223372036854771712", "sys/fs/cgroup/memory/memory.limit_in_bytes")
    try write("1", "sys/fs/cgroup/memory/memory.usage_in_bytes")
    try write("2000000", "sys/fs/cgroup/memory/job/memory.limit_in_bytes")
    try write("2500000", "sys/fs/cgroup/memory/job/memory.usage_in_bytes")
    #expect(memory == HostMemory(available: 0, total: 2_000_000, isLimitedByGroup: true))
  }
}
