import CMPI
import Glibc

/// The number of cores this process may run on: its affinity mask, which `mpirun --bind-to`, Slurm, `taskset` and
/// container runtimes set, not the number of cores of the machine.
public func availableCores() -> Int {
  let count = affinityMask().reduce(0) { $0 + $1.nonzeroBitCount }
  // The mask cannot be read where a sandbox forbids the system call.
  return count > 0 ? count : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
}

/// Has the system hand this thread its core soon after it wakes, although another thread computes there.
///
/// Since Linux 6.6 a thread that wakes may have to wait for the end of another's turn, 3 ms or so, although it has slept
/// and wants the core for a moment only. Since 6.12 that can be changed; elsewhere this does nothing.
public func takeShortTurns() {
  _ = linux_set_turn(shortestTurn)
}

/// In nanoseconds, the least that Linux takes.
private let shortestTurn: UInt = 100_000

/// One bit for each processor that this process may run on, `affinityMaskLength` bytes; all zero if unknown.
func affinityMask() -> [UInt8] {
  var mask = [UInt8](repeating: 0, count: affinityMaskLength)
  // On failure nothing is written.
  _ = linux_affinity_mask(&mask, UInt(mask.count))
  return mask
}

/// Room for 8192 processors, the most that Linux is built for on x86-64.
let affinityMaskLength = 1024
