import CLinux
import Glibc
import Synchronization

/// The number of processors that this process may run on: those of its affinity mask, which `mpirun --bind-to`, Slurm,
/// `taskset` and container runtimes set, not those of the machine.
public func availableProcessors() -> Int {
  let count = processorCount(of: affinityMask())
  // The mask cannot be read where a sandbox forbids the system call.
  return count > 0 ? count : max(1, onlineProcessors())
}

/// The number of processors of the machine that are switched on. The hardware threads of one core count as several.
public func onlineProcessors() -> Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

/// The affinity mask of the calling thread, `affinityMaskLength` bytes: one bit for each processor that it may run on;
/// all of them are 0 where the system does not tell.
public func affinityMask() -> [UInt8] {
  var mask = [UInt8](repeating: 0, count: affinityMaskLength)
  // On failure nothing is written.
  _ = linux_affinity_mask(&mask, UInt(mask.count))
  return mask
}

/// Lets the calling thread run on the processors whose bits are set. Returns whether the system allows it.
public func setAffinity(_ mask: [UInt8]) -> Bool { linux_set_affinity(mask, UInt(mask.count)) == 0 }

/// Returns the processors that this process could run on if it gave up its affinity, which `mpirun --bind-to` and
/// `taskset` set: those that its control group allows. Returns nil where the system does not let it try.
public func reachableProcessors() -> Set<Int>? {
  // A thread of its own tries, whose affinity nobody else has.
  let found = Mutex<Set<Int>?>(nil)
  let everywhere = [UInt8](repeating: 0xff, count: affinityMaskLength)
  guard
    let thread = try? WorkerThread(
      name: "affinity",
      {
        guard setAffinity(everywhere) else { return }
        let reached = processors(ofMask: affinityMask())
        found.withLock { $0 = reached.isEmpty ? nil : reached }
      })
  else { return nil }
  thread.join()
  return found.withLock { $0 }
}

/// The number of processors in an affinity mask.
public func processorCount(of mask: [UInt8]) -> Int { mask.reduce(0) { $0 + $1.nonzeroBitCount } }

/// Returns the numbers of the processors in an affinity mask.
public func processors(ofMask mask: [UInt8]) -> Set<Int> {
  Set(
    mask.indices.flatMap { byte in
      (0..<8).filter { mask[byte] & 1 << UInt8($0) != 0 }.map { 8 * byte + $0 }
    })
}

/// Returns the processors of a list such as "0-3,8", as Linux writes them; nil for a text that is not such a list.
public func processors(ofList list: String) -> Set<Int>? {
  var numbers: Set<Int> = []
  for part in list.split(separator: ",", omittingEmptySubsequences: false) {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0, first <= last,
      last < 1 << 16
    else { return nil }
    numbers.formUnion(first...last)
  }
  return numbers
}

/// The bytes of a mask of 8192 processors, the most that Linux is built for on x86-64.
private let affinityMaskLength = 1024
