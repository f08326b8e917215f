import System
import TestSupport
import Testing

/// Control groups laid out as Linux shows them under /proc and where they are mounted.
@Suite struct ProcessorQuotaTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ text: String, _ path: String) throws {
    try folder.write(Array("\(text)\n".utf8), to: path)
  }

  private var cores: [Double] { ProcessorQuota.ofThisProcess(root: folder.path).map(\.cores) }

  private func layOut2(_ path: String, top: String = "/") throws {
    try write("0::\(path)", "proc/self/cgroup")
    try write(
      """
      22 1 0:20 / / rw - ext4 /dev/sda rw
      35 22 0:30 \(top) /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
      """, "proc/self/mountinfo")
  }

  private func layOut1(_ path: String, top: String = "/") throws {
    try write("9:name=systemd:/x\n4:memory:/y\n3:cpu,cpuacct:\(path)\n0::/", "proc/self/cgroup")
    try write(
      """
      31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
      32 31 0:29 \(top) /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
      """, "proc/self/mountinfo")
  }

  // MARK: - Version 2

  @Test func version2() throws {
    try layOut2("/job")
    try write("250000 100000", "sys/fs/cgroup/job/cpu.max")
    #expect(cores == [2.5])
  }

  @Test func version2WithoutLimit() throws {
    try layOut2("/job")
    try write("max 100000", "sys/fs/cgroup/job/cpu.max")
    #expect(cores.isEmpty)
  }

  @Test func limitsOfTheGroupsAboveCountToo() throws {
    try layOut2("/slice/job/step")
    try write("max 100000", "sys/fs/cgroup/slice/job/step/cpu.max")
    try write("400000 100000", "sys/fs/cgroup/slice/job/cpu.max")
    try write("300000 50000", "sys/fs/cgroup/slice/cpu.max")
    try write("800000 100000", "sys/fs/cgroup/cpu.max")
    #expect(cores == [4, 6, 8], "the innermost first")
    let quotas = ProcessorQuota.ofThisProcess(root: folder.path)
    #expect(Set(quotas.map(\.group)).count == 3, "each group has a name of its own")
    // Another process of the same slice knows it by the same name.
    try layOut2("/slice/other")
    try write("100000 100000", "sys/fs/cgroup/slice/other/cpu.max")
    let others = ProcessorQuota.ofThisProcess(root: folder.path)
    #expect(others.map(\.cores) == [1, 6, 8] && others[1...] == quotas[1...] && others[0].group != quotas[0].group)
  }

  /// A container sees its own group as the root of what is mounted.
  @Test func aContainer() throws {
    try layOut2("/")
    try write("150000 100000", "sys/fs/cgroup/cpu.max")
    #expect(cores == [1.5])
  }

  /// The mounted folder is a group further down.
  @Test func aMountedPartOfTheHierarchy() throws {
    try layOut2("/docker/abc/inner", top: "/docker/abc")
    try write("200000 100000", "sys/fs/cgroup/cpu.max")
    try write("100000 100000", "sys/fs/cgroup/inner/cpu.max")
    #expect(cores == [1, 2])
  }

  /// A group outside of the mounted folder is not looked for.
  @Test(arguments: ["/../../elsewhere", "/docker/xyz"]) func aGroupThatIsNotVisible(path: String) throws {
    try layOut2(path, top: "/docker/abc")
    try write("200000 100000", "sys/fs/cgroup/cpu.max")
    try write("100000 100000", "sys/fs/elsewhere/cpu.max")
    #expect(cores == [2])
  }

  @Test func foldersWithSpaces() throws {
    try write("0::/a job", "proc/self/cgroup")
    try write(#"35 22 0:30 / /sys/fs/c\040group rw - cgroup2 cgroup2 rw"#, "proc/self/mountinfo")
    try write("100000 100000", "sys/fs/c group/a job/cpu.max")
    #expect(cores == [1])
  }

  // MARK: - Version 1

  @Test func version1() throws {
    try layOut1("/job")
    try write("200000", "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us")
    try write("100000", "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us")
    try write("-1", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us")
    try write("100000", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us")
    #expect(cores == [2])
  }

  @Test func version1Nested() throws {
    try layOut1("/docker/abc/job", top: "/docker/abc")
    for (path, quota) in [("", 600_000), ("/job", 50_000)] {
      try write("\(quota)", "sys/fs/cgroup/cpu,cpuacct\(path)/cpu.cfs_quota_us")
      try write("100000", "sys/fs/cgroup/cpu,cpuacct\(path)/cpu.cfs_period_us")
    }
    #expect(cores == [0.5, 6])
  }

  /// Both versions at once: version 2 is mounted, and version 1 has the processors.
  @Test func bothVersions() throws {
    try layOut1("/job")
    try write(
      """
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
      """, "proc/self/mountinfo")
    try write("300000", "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us")
    try write("100000", "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us")
    #expect(cores == [3])
  }

  // MARK: - Nothing to read

  @Test func noFilesAtAll() { #expect(cores.isEmpty) }

  @Test(arguments: ["", "x", "100000", "0 100000", "100000 0", "-1 100000", "nan nan"])
  func senselessLimits(text: String) throws {
    try layOut2("/job")
    try write(text, "sys/fs/cgroup/job/cpu.max")
    #expect(cores.isEmpty)
  }

  @Test(arguments: ["", "0", "0::", "::", "a b c\n0:/", "0::/job/../.."]) func senselessGroups(text: String) throws {
    try layOut2("/job")
    try write(text, "proc/self/cgroup")
    #expect(cores.isEmpty)
    try write("- -\n - \n36 a - cgroup2", "proc/self/mountinfo")
    #expect(cores.isEmpty)
  }
}
